import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kill, NodeProgram } from '../../test/support/node-program.ts';
import { acquire, acquireSharedWaiting, acquireWaiting, type Held, type Holder } from './exclusive.ts';

let directory: string;
let lockFile: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lockstep-test-'));
  lockFile = join(directory, 'tmp/repro.lock');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const about = { pid: 4711, command: 'repro train', startTime: 1_700_000_000_000 };
const holder: Holder = { pid: 4711, command: 'repro train', since: 1_700_000_000_000 };

async function take(): Promise<Held> {
  const answer = await acquire(lockFile, about);
  if (!('release' in answer)) throw new Error('the lock is taken');
  return answer;
}

describe('acquire', () => {
  it('excludes a second one in the same process, and says for whom', async () => {
    const held = await take();
    expect(await acquire(lockFile, { ...about, pid: 1 })).toEqual({ heldBy: holder });
    // A failed try gives nothing away.
    expect(await acquire(lockFile, { ...about, pid: 1 })).toEqual({ heldBy: holder });
    held.release();
    held.release();
    (await take()).release();
    expect(existsSync(`${lockFile}.json`)).toBe(false);
  });

  it('gives the lock of a killed process away at once', async () => {
    await using program = await NodeProgram.of(HOLD);
    const other = program.start(lockFile);
    if (other.stdout === null) throw new Error('the program has no output');
    await once(other.stdout, 'data');
    expect(await acquire(lockFile, about)).toEqual({ heldBy: { pid: other.pid, command: 'hold', since: 5 } });
    await kill(other);
    (await take()).release();
  });

  it('mends a lock file that somebody has written into, and still excludes', async () => {
    mkdirSync(join(directory, 'tmp'));
    writeFileSync(lockFile, 'not a database, and long enough to be looked at: '.repeat(100));
    const held = await take();
    expect(await acquire(lockFile, about)).toEqual({ heldBy: holder });
    held.release();
  });

  it('still excludes when somebody writes into the file while it is held', async () => {
    await using program = await NodeProgram.of(HOLD);
    const other = program.start(lockFile);
    if (other.stdout === null) throw new Error('the program has no output');
    await once(other.stdout, 'data');
    writeFileSync(lockFile, 'not a database '.repeat(100));
    expect(await acquire(lockFile, about)).toMatchObject({ heldBy: { pid: other.pid } });
  });

  it.each(['', 'nonsense', '{"pid": "x"}'])('does not name a holder that has not said who it is: %j', async (text) => {
    const held = await take();
    writeFileSync(`${lockFile}.json`, text);
    expect(await acquire(lockFile, about)).toEqual({ heldBy: undefined });
    rmSync(`${lockFile}.json`);
    expect(await acquire(lockFile, about)).toEqual({ heldBy: undefined });
    held.release();
  });

  it('says what is wrong with a lock file that cannot be one', async () => {
    mkdirSync(lockFile, { recursive: true });
    await expect(acquire(lockFile, about)).rejects.toMatchObject({
      code: 'unusable-file',
      message: expect.stringContaining(lockFile),
    });
  });
});

describe('acquireWaiting', () => {
  const { signal } = new AbortController();

  it('takes a free lock without waiting for anybody', async () => {
    const waited: Holder[] = [];
    const held = await acquireWaiting(lockFile, about, { signal, onWait: (one) => waited.push(one) });
    expect(waited).toEqual([]);
    held.release();
  });

  it('says once for whom it waits, and takes the lock when it is free', async () => {
    const first = await take();
    const waited: Holder[] = [];
    const held = await acquireWaiting(lockFile, about, {
      signal,
      onWait: (one) => {
        waited.push(one);
        first.release();
      },
    });
    expect(waited).toEqual([holder]);
    held.release();
  });

  it('ends when it is interrupted', async () => {
    const held = await take();
    const controller = new AbortController();
    const waiting = acquireWaiting(lockFile, about, { signal: controller.signal, onWait: () => controller.abort() });
    await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
    held.release();
    await expect(acquireWaiting(lockFile, about, { signal: controller.signal, onWait: () => {} })).rejects.toThrow();
    (await take()).release();
  });

  it('lets one process in at a time', async () => {
    await using program = await NodeProgram.of(COUNT);
    const counter = join(directory, 'counter');
    writeFileSync(counter, '0');
    const children = Array.from({ length: 3 }, () => program.start(lockFile, counter));
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0]);
    expect(readFileSync(counter, 'utf8')).toBe('60');
  });
});

const HOLD = `
  import { acquire } from './src/base/exclusive.ts';
  await acquire(process.argv[2], { pid: process.pid, command: 'hold', startTime: 5 });
  process.stdout.write('held');
  setInterval(() => {}, 1000);`;

const COUNT = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { acquire } from './src/base/exclusive.ts';
  const [lockFile, counter] = process.argv.slice(2);
  for (let n = 0; n < 20; ) {
    const held = await acquire(lockFile, { pid: process.pid, command: 'count', startTime: n });
    if (!('release' in held)) continue;
    writeFileSync(counter, String(Number(readFileSync(counter, 'utf8')) + 1));
    held.release();
    n++;
  }`;

describe('acquireSharedWaiting', () => {
  const patient = { signal: new AbortController().signal, onWait: () => {} };

  it('lets any number share the lock, while nobody has the whole of it', async () => {
    const [one, two] = [await acquireSharedWaiting(lockFile, patient), await acquireSharedWaiting(lockFile, patient)];
    expect(await acquire(lockFile, about)).toEqual({ heldBy: undefined });
    one.release();
    expect(await acquire(lockFile, about)).toEqual({ heldBy: undefined });
    two.release();
    const whole = await take();
    const told: Holder[] = [];
    const three = acquireSharedWaiting(lockFile, {
      ...patient,
      onWait: (who) => {
        told.push(who);
        whole.release();
      },
    });
    (await three).release();
    expect(told).toEqual([holder]);
  });

  it('is told to whoever waits for the whole by those who know', async () => {
    const shared = await acquireSharedWaiting(lockFile, patient);
    const other = { pid: 1, command: 'repro', since: 2 };
    const told: Holder[] = [];
    const waiting = acquireWaiting(lockFile, about, {
      ...patient,
      sharer: async () => other,
      onWait: (who) => {
        told.push(who);
        shared.release();
      },
    });
    (await waiting).release();
    expect(told).toEqual([other]);
  });
});
