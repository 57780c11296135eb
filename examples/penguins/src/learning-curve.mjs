import { loadForest, trainForest } from './forest.mjs';
import { readParams } from './params.mjs';
import { randomFrom, shuffled } from './random.mjs';
import { accuracyOf, macroF1, scoresPerClass } from './scores.mjs';
import { readTable, round, writeTable } from './table.mjs';

const params = readParams();
const { sizes, repeats } = params.learning_curve;
const train = readTable('build/train.csv');
const test = readTable('build/test.csv');
const random = randomFrom(params.forest.seed);

const rows = sizes.map((size) => {
  if (size > train.length) throw new Error(`learning_curve.sizes: ${size}, but there are ${train.length} birds`);
  const draws = Array.from({ length: repeats }, () => scoreDraw(shuffled(train, random).slice(0, size)));
  return {
    step: size,
    train_accuracy: mean(draws.map((draw) => draw.train)),
    test_accuracy: mean(draws.map((draw) => draw.test)),
    test_macro_f1: mean(draws.map((draw) => draw.macro)),
  };
});

writeTable('build/learning_curve.csv', ['step', 'train_accuracy', 'test_accuracy', 'test_macro_f1'], rows);
for (const row of rows) console.log(`${row.step} birds: ${row.test_accuracy}`);

function scoreDraw(birds) {
  const predict = loadForest(trainForest(birds, params));
  const [own, unseen] = [birds, test].map((table) => [table.map((bird) => bird.species), predict(table)]);
  return { train: accuracyOf(...own), test: accuracyOf(...unseen), macro: macroF1(scoresPerClass(...unseen)) };
}

function mean(numbers) {
  return round(numbers.reduce((sum, number) => sum + number, 0) / numbers.length);
}
