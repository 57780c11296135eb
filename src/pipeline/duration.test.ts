import { expect, test } from 'vitest';
import { parseDuration } from './duration.ts';
import { parseMemory } from './memory.ts';

test.each<[number | string, number | undefined]>([
  [30, 30_000],
  [0.5, 500],
  ['30', 30_000],
  ['250ms', 250],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['1h 30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  [0, undefined],
  [-1, undefined],
  ['0m', undefined],
  ['', undefined],
  ['m', undefined],
  ['10 minutes', undefined],
  ['10m!', undefined],
  ['1e3', undefined],
])('the time %j is %j ms', (written, milliseconds) => {
  expect(parseDuration(written)).toBe(milliseconds);
});

test.each<[number | string, number | undefined]>([
  [1024, 1024],
  ['100B', 100],
  ['8GB', 8_000_000_000],
  ['8 GB', 8_000_000_000],
  ['1.5kB', 1500],
  ['512MiB', 536_870_912],
  ['1TiB', 1_099_511_627_776],
  [0, undefined],
  ['0GB', undefined],
  ['8G', undefined],
  ['8Gi', undefined],
  ['1iB', undefined],
  ['lots', undefined],
])('the memory %j is %j bytes', (written, bytes) => {
  expect(parseMemory(written)).toBe(bytes);
});
