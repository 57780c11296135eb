import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readAnswer } from './read-answer.ts';

function asking() {
  const [input, output, controller] = [new PassThrough(), new PassThrough(), new AbortController()];
  return { input, controller, answer: readAnswer('Go? ', { input, output, controller }) };
}

test('gives the line that was typed', async () => {
  const { input, answer } = asking();
  input.write('y\r');
  expect(await answer).toBe('y');
});

test('takes Ctrl-D as no answer', async () => {
  const { input, controller, answer } = asking();
  input.write('\u0004');
  expect(await answer).toBe('');
  expect(controller.signal.aborted).toBe(false);
});

test('takes Ctrl-C as an interrupt', async () => {
  const { input, controller, answer } = asking();
  input.write('\u0003');
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  expect(controller.signal.aborted).toBe(true);
});
