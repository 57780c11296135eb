import { trainForest } from './forest.mjs';
import { readParams } from './params.mjs';
import { readTable, writeJson } from './table.mjs';

const params = readParams();
const birds = readTable('build/train.csv');
writeJson('build/model.json', trainForest(birds, params));
console.log(`${params.forest.trees} trees learned from ${birds.length} birds`);
