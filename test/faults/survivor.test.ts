import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { cacheFaults, runsByStatus } from './proofs.ts';
import { type Running, until, type Workspace, workspace } from './support.ts';

/**
 * Each process of the stage is on file in `live/`; a stage that finds one of them alive writes it to `side-by-side`.
 * Without a file `go` it goes on for ever, and so does what it started.
 */
const FILES = {
  'pipeline.yaml': `stages:
  long:
    cmd: |
      for pid in $(ls live); do
        case "$(ps -o stat= -p $pid)" in ''|Z*) ;; *) echo $pid >> side-by-side ;; esac
      done
      echo so far
      cp in.txt long.txt
      test -e go && exit
      touch live/$$
      sh -c 'trap "" TERM; touch live/$$; while :; do echo mine >> long.txt; sleep 0.02; done' &
      until test "$(ls live | wc -l)" -eq 2; do sleep 0.01; done
      touch started
      until test -e leave; do sleep 0.02; done
    deps: [in.txt]
    outs: [long.txt]
`,
  'in.txt': 'hello\n',
  'live/.keep': '',
  '.lockstep/config.yaml': 'grace: 0.2\n',
};

async function startLong(w: Workspace): Promise<Running> {
  const running = w.start('repro');
  await until('the long stage to run', () => w.has('started'));
  return running;
}

async function completes(w: Workspace): Promise<void> {
  w.write('go', '');
  const { code, stderr } = await w.run('repro');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(/warning: long outlived an earlier lockstep that was killed \(process group \d+\); ending it/);
  expect(w.has('side-by-side')).toBe(false);
  expect(await w.stageProcesses()).toEqual([]);
  expect(w.read('long.txt')).toBe('hello\n');
  expect(cacheFaults(w)).toEqual([]);
  expectKilled(w, 1);
}

/** The stage's runs; of the `repro` around each the database may not have heard yet. */
function expectKilled(w: Workspace, count: number): void {
  const { FINISHED, KILLED, ...others } = runsByStatus(w);
  expect({ FINISHED, others }).toEqual({ FINISHED: 2, others: {} });
  expect(KILLED).toBeGreaterThanOrEqual(count);
  expect(KILLED).toBeLessThanOrEqual(2 * count);
}

test('a stage that outlived its lockstep is ended before it runs again', async () => {
  await using w = workspace(FILES);
  const running = await startLong(w);
  running.send('SIGKILL');
  await running.ended;
  expect(await w.stageProcesses()).not.toEqual([]);
  await completes(w);
  const { stdout } = await w.run('runs', 'list', '--json');
  const { runs } = JSON.parse(stdout) as { runs: { id: string; status: string }[] };
  const killed = runs.find(({ status }) => status === 'KILLED')?.id ?? '';
  expect(await w.run('runs', 'log', killed)).toMatchObject({ code: 0, stdout: 'so far\n' });
});

test('so is what is left of it when its first process is gone', async () => {
  await using w = workspace(FILES);
  const running = await startLong(w);
  running.send('SIGKILL');
  await running.ended;
  const all = (await w.stageProcesses()).length;
  w.write('leave', '');
  await until('the shell of the stage to leave', async () => (await w.stageProcesses()).length < all);
  expect(await w.stageProcesses()).not.toEqual([]);
  await completes(w);
});

test('killed over and over, it never runs twice beside itself', async () => {
  await using w = workspace(FILES);
  for (let times = 0; times < 4; times += 1) {
    const running = await startLong(w);
    running.send('SIGKILL');
    await running.ended;
    w.remove('started');
    w.remove('live');
    w.write('live/.keep', '');
  }
  w.write('go', '');
  await w.repro();
  expect(w.has('side-by-side')).toBe(false);
  expect(await w.stageProcesses()).toEqual([]);
  expectKilled(w, 4);
});

test('one that was killed after its last result has its end recorded by a repro with nothing to do', async () => {
  await using w = workspace({ ...FILES, go: '' });
  await w.repro();
  // As it would be found had the kill come just before the last write to the database.
  const database = new Sqlite(w.path('.lockstep/lockstep.db'));
  database.exec("update runs set status = 'RUNNING', end_time = null");
  database.close();
  w.write('.lockstep/tmp/repro.lock.json', '{"pid": 1, "command": "repro", "startTime": 0}');
  expect(await w.repro()).toEqual({ kept: ['long'] });
  expect(runsByStatus(w)).toEqual({ KILLED: 2 });
});
