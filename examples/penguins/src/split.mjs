import { readParams } from './params.mjs';
import { randomFrom, shuffled } from './random.mjs';
import { readTable, writeTable } from './table.mjs';

const { split } = readParams();
const birds = readTable('build/penguins.csv');
const random = randomFrom(split.seed);

const chosen = new Set();
for (const species of [...new Set(birds.map((bird) => bird.species))].sort()) {
  const own = birds.filter((bird) => bird.species === species);
  const count = Math.round(own.length * split.test_fraction);
  for (const bird of shuffled(own, random).slice(0, count)) chosen.add(bird);
}

// In the order of the notes: a changed fraction then shows as rows that moved, and not as two new files.
const columns = Object.keys(birds[0]);
const train = birds.filter((bird) => !chosen.has(bird));
const test = birds.filter((bird) => chosen.has(bird));
writeTable('build/train.csv', columns, train);
writeTable('build/test.csv', columns, test);
console.log(`${train.length} birds to learn from, ${test.length} to be tested with`);
