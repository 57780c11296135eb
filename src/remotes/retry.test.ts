import { expect, test } from 'vitest';
import { RemoteError, type RemoteFault } from './remote.ts';
import { PATIENCE, retrying } from './retry.ts';

async function tried(faults: readonly RemoteFault[]) {
  const pauses: number[] = [];
  const left = [...faults];
  let calls = 0;
  const patience = {
    ...PATIENCE,
    random: () => 1,
    pause: async (milliseconds: number) => void pauses.push(milliseconds),
  };
  const outcome = await retrying(patience, new AbortController().signal, async () => {
    calls += 1;
    const fault = left.shift();
    if (fault !== undefined) throw new RemoteError(fault, fault);
    return 'done';
  }).catch((error: Error) => error.message);
  return { outcome, calls, pauses };
}

test('a transient error is tried again, after longer and longer times', async () => {
  expect(await tried(['transient', 'transient', 'transient'])).toEqual({
    outcome: 'done',
    calls: 4,
    pauses: [250, 500, 1000],
  });
});

test('the times are capped, and so is the number of tries', async () => {
  const { outcome, calls, pauses } = await tried(Array.from({ length: 20 }, () => 'transient' as const));
  expect({ outcome, calls }).toEqual({ outcome: 'transient', calls: PATIENCE.tries });
  expect(Math.max(...pauses)).toBeLessThanOrEqual(PATIENCE.longest);
});

test('what will not get better is not tried again', async () => {
  expect(await tried(['missing'])).toMatchObject({ outcome: 'missing', calls: 1 });
  expect(await tried(['transient', 'fatal', 'transient'])).toMatchObject({ outcome: 'fatal', calls: 2 });
});
