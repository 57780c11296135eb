import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

const COMMANDS = ['repro', 'status', 'dag', 'diff', 'train'];

test.for([
  ['repor', 'repro'],
  ['trian', 'train'],
  ['dga', 'dag'],
  ['statu', 'status'],
  ['Status', 'status'],
  ['difff', 'diff'],
] as const)('%s means %s', ([word, meant]) => {
  expect(nearest(word, COMMANDS)).toBe(meant);
});

test.for(['frobnicate', 'x', 'gda'])('%s means none of them', (word) => {
  expect(nearest(word, COMMANDS)).toBeUndefined();
});
