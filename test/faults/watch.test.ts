import { expect, test } from 'vitest';
import { type Running, until, type Workspace, workspace } from './support.ts';

/** The stage is held up while there is a file `hold`, and says in `begun` what it began with. */
const FILES = {
  'pipeline.yaml': `stages:
  copy:
    cmd: |
      cp in.txt out.txt
      cat in.txt >> begun
      while test -e hold; do sleep 0.02; done
    deps: [in.txt]
    outs: [out.txt]
`,
  'in.txt': 'one\n',
};

async function startWatching(w: Workspace): Promise<Running> {
  const running = w.start('repro', '--watch', '--json');
  await watches(running, 1);
  return running;
}

/** Waits until it has gone over to watching so many times. */
async function watches(running: Running, times: number): Promise<void> {
  await running.says(new RegExp(`(?:watching \\d+ path[^]*){${times}}`, 'i'));
}

const runs = (running: Running): number => running.events.filter(({ event }) => event === 'stage-started').length;

test('a change of a dep leads to one more run, Ctrl-C ends the waiting', async () => {
  await using w = workspace(FILES);
  const running = await startWatching(w);
  expect(w.read('out.txt')).toBe('one\n');
  w.write('in.txt', 'two\n');
  await watches(running, 2);
  expect(w.read('out.txt')).toBe('two\n');
  running.send('SIGINT');
  expect(await running.ended).toMatchObject({ code: 0, signal: null });
  expect(runs(running)).toBe(2);
});

test('changes during a run lead to exactly one more', async () => {
  await using w = workspace(FILES);
  const running = await startWatching(w);
  w.write('hold', '');
  w.write('in.txt', 'two\n');
  await until('the second run', () => w.has('begun') && w.read('begun') === 'one\ntwo\n');
  for (const text of ['three\n', 'four\n', 'five\n']) w.write('in.txt', text);
  w.remove('hold');
  await watches(running, 3);
  expect(w.read('out.txt')).toBe('five\n');
  // Had there been a fourth, it would stand before the one that this change leads to.
  w.write('in.txt', 'six\n');
  await watches(running, 4);
  expect(w.read('begun')).toBe('one\ntwo\nfive\nsix\n');
  expect(runs(running)).toBe(4);
});

test('a broken pipeline file is shown, and mended leads on', async () => {
  await using w = workspace(FILES);
  const running = await startWatching(w);
  const sound = w.read('pipeline.yaml');
  w.write('pipeline.yaml', sound.replace('deps:', 'dips:'));
  await running.says(/unknown key `dips`/);
  await watches(running, 2);
  w.write('pipeline.yaml', sound.replace('cp in.txt', 'cp  in.txt'));
  await watches(running, 3);
  w.write('in.txt', 'two\n');
  await watches(running, 4);
  expect(w.read('out.txt')).toBe('two\n');
  running.send('SIGTERM');
  expect((await running.ended).code).toBe(0);
});

test('a failing stage does not end the watching', async () => {
  await using w = workspace({ ...FILES, 'pipeline.yaml': 'stages: {a: {cmd: grep good in.txt, deps: [in.txt]}}\n' });
  const running = await startWatching(w);
  expect(running.events.at(-1)).toMatchObject({ event: 'summary', failed: ['a'] });
  w.write('in.txt', 'good\n');
  await watches(running, 2);
  expect(running.events.at(-1)).toMatchObject({ event: 'summary', ran: ['a'], failed: [] });
});

test('Ctrl-C during a run ends the stage and the watching', async () => {
  await using w = workspace({ ...FILES, hold: '', '.lockstep/config.yaml': 'grace: 0.3\n' });
  const running = w.start('repro', '--watch', '--json');
  await until('the stage to run', () => w.has('begun'));
  running.send('SIGINT');
  expect((await running.ended).code).toBe(130);
  expect(await w.stageProcesses()).toEqual([]);
});
