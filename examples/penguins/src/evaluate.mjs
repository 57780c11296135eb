import { loadForest } from './forest.mjs';
import { accuracyOf, macroF1, scoresPerClass } from './scores.mjs';
import { readJson, readTable, round, writeJson, writeTable } from './table.mjs';

const model = readJson('build/model.json');
const birds = readTable('build/test.csv');
const actual = birds.map((bird) => bird.species);
const predicted = loadForest(model)(birds);
const scores = scoresPerClass(actual, predicted);

const accuracy = round(accuracyOf(actual, predicted));
const macro = round(macroF1(scores));
writeJson('metrics.json', {
  accuracy,
  macro_f1: macro,
  f1: Object.fromEntries(scores.map((score) => [score.species, round(score.f1)])),
  tested: birds.length,
});
writeTable(
  'build/per_class.csv',
  ['species', 'precision', 'recall', 'f1', 'support'],
  scores.map((score) => ({
    ...score,
    precision: round(score.precision),
    recall: round(score.recall),
    f1: round(score.f1),
  })),
);
writeTable(
  'build/confusion.csv',
  ['actual', 'predicted', 'count'],
  model.classes.flatMap((is) =>
    model.classes.map((named) => ({
      actual: is,
      predicted: named,
      count: actual.filter((species, index) => species === is && predicted[index] === named).length,
    })),
  ),
);
console.log(`accuracy ${accuracy}, macro F1 ${macro}, on ${birds.length} birds`);
