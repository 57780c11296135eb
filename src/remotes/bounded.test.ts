import { expect, test } from 'vitest';
import { forEachBounded } from './bounded.ts';

test('never more at a time than allowed, and each item once', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachBounded(
    Array.from({ length: 20 }, (_, n) => n),
    { jobs: 3 },
    async (item) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      done.push(item);
    },
  );
  expect(most).toBe(3);
  expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

test('the first thing thrown stops the rest, and is thrown once all is at rest', async () => {
  const begun: number[] = [];
  let rested = false;
  const all = forEachBounded([1, 2, 3, 4, 5], { jobs: 2 }, async (item, signal) => {
    begun.push(item);
    if (item === 1) throw new Error('first');
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    rested = true;
    throw new Error('second');
  });
  await expect(all).rejects.toThrow('first');
  expect({ begun, rested }).toEqual({ begun: [1, 2], rested: true });
});

test('however many listen to the signal, nobody is warned', async () => {
  const warnings: Error[] = [];
  const heard = (warning: Error) => warnings.push(warning);
  process.on('warning', heard);
  await forEachBounded([1], { jobs: 1 }, async (_, signal) => {
    for (let n = 0; n < 20; n += 1) signal.addEventListener('abort', () => {});
    await new Promise((resolve) => setImmediate(resolve));
  });
  process.off('warning', heard);
  expect(warnings).toEqual([]);
});
