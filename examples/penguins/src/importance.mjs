import { loadForest } from './forest.mjs';
import { readParams } from './params.mjs';
import { randomFrom, shuffled } from './random.mjs';
import { accuracyOf } from './scores.mjs';
import { readJson, readTable, round, writeTable } from './table.mjs';

const { forest, importance } = readParams();
const model = readJson('build/model.json');
const birds = readTable('build/test.csv');
const predict = loadForest(model);
const actual = birds.map((bird) => bird.species);
const full = accuracyOf(actual, predict(birds));
const random = randomFrom(forest.seed);

const losses = model.features.map((feature) => {
  let sum = 0;
  for (let repeat = 0; repeat < importance.repeats; repeat++) {
    const values = shuffled(
      birds.map((bird) => bird[feature]),
      random,
    );
    const mixed = birds.map((bird, index) => ({ ...bird, [feature]: values[index] }));
    sum += full - accuracyOf(actual, predict(mixed));
  }
  return { feature, loss: round(sum / importance.repeats) };
});

writeTable('build/importance.csv', ['feature', 'loss'], losses);
for (const { feature, loss } of losses) console.log(`without ${feature}: ${loss} less`);
