import { describe, expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const PIPELINE = `# Our pipeline.
stages:
  prepare: # first
    cmd: cp raw.txt clean.txt
    deps: [raw.txt]
    outs: [clean.txt]
`;

describe('stage add', () => {
  test('writes a stage and leaves every other line as it was', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE });
    const args = ['-n', 'train', '-d', 'clean.txt', '-p', 'lr,net.depth', '-p', 'other.json:a', '-p', 'all.toml:'];
    const outs = [
      '-o',
      'model.bin',
      '-O',
      'log.txt',
      '--outs-persist',
      'state',
      '-M',
      'metrics.json',
      '--plots',
      'curve.csv',
    ];
    const added = await p.lockstep([
      'stage',
      'add',
      ...args,
      ...outs,
      '--desc',
      'Fits.',
      '--',
      'python',
      'train.py',
      '--name',
      "it's",
    ]);
    expect(added).toEqual({ code: 0, stdout: '', stderr: 'wrote stage train into pipeline.yaml\n' });
    expect(p.read('pipeline.yaml').startsWith(PIPELINE)).toBe(true);
    expect(p.read('pipeline.yaml').slice(PIPELINE.length)).toMatchInlineSnapshot(`
      "  train:
          desc: Fits.
          cmd: python train.py --name 'it'\\''s'
          deps:
            - clean.txt
          params:
            - lr
            - net.depth
            - other.json:
                - a
            - all.toml:
          outs:
            - model.bin
            - log.txt:
                cache: false
            - state:
                persist: true
          metrics:
            - metrics.json:
                cache: false
          plots:
            - curve.csv
      "
    `);
  });

  test('makes the file where there is none, and takes one word as a script', async () => {
    await using p = await project({});
    await p.lockstep(['stage', 'add', '-n', 'count', '-M', 'n.txt', 'seq 3 | wc -l > n.txt']);
    const { stdout } = await p.lockstep(['stage', 'list', '--json']);
    expect(JSON.parse(stdout).stages).toMatchObject([
      { name: 'count', cmd: 'seq 3 | wc -l > n.txt', metrics: ['n.txt'] },
    ]);
  });

  test('replaces a stage only with --force', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE });
    const refused = await p.lockstep(['stage', 'add', '-n', 'prepare', '-o', 'x', 'true']);
    expect(refused.code).toBe(2);
    expect(p.read('pipeline.yaml')).toBe(PIPELINE);
    expect((await p.lockstep(['stage', 'add', '-f', '-n', 'prepare', '-o', 'x', 'true'])).code).toBe(0);
    expect((await p.lockstep(['stage', 'list', '--names'])).stdout).toBe('prepare\n');
  });

  test('does not break a pipeline that was in order', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE });
    const clash = await p.lockstep(['stage', 'add', '-n', 'again', '-o', 'clean.txt', 'true']);
    expect(clash.code).toBe(2);
    expect(clash.stderr).toContain('clean.txt');
    expect(p.read('pipeline.yaml')).toBe(PIPELINE);
  });

  test('wants a name and a command', async () => {
    await using p = await project({});
    expect((await p.lockstep(['stage', 'add', 'true'])).stderr).toBe('error: a stage needs a name: -n NAME\n');
    expect((await p.lockstep(['stage', 'add', '-n', 'x'])).stderr).toContain('an argument is missing');
  });
});

describe('stage list', () => {
  const TWO = {
    'pipeline.yaml': PIPELINE,
    'sub/pipeline.yaml': 'stages:\n  show: {cmd: cat ../clean.txt, deps: [../clean.txt]}\n',
  };

  test('shows a table of all stages, or of one file', async () => {
    await using p = await project(TWO);
    expect(`\n${(await p.lockstep(['stage', 'list'])).stdout}`).toMatchInlineSnapshot(`
      "
      Stage    File               Writes     What it does
      prepare  pipeline.yaml      clean.txt  cp raw.txt clean.txt
      show     sub/pipeline.yaml             cat ../clean.txt
      "
    `);
    expect((await p.lockstep(['stage', 'list', '--names', 'sub/pipeline.yaml'])).stdout).toBe('show\n');
    for (const all of [['-P'], ['--all-pipelines', 'show']]) {
      expect((await p.lockstep(['stage', 'list', '--names', ...all])).stdout).toBe('prepare\nshow\n');
    }
  });

  test('has everything of a stage in JSON', async () => {
    await using p = await project(TWO);
    const { stdout } = await p.lockstep(['stage', 'list', '--json', 'show']);
    expect(JSON.parse(stdout)).toEqual({
      stages: [
        {
          name: 'show',
          file: 'sub/pipeline.yaml',
          wdir: 'sub',
          cmd: 'cat ../clean.txt',
          deps: ['clean.txt'],
          outs: [],
          params: [],
          metrics: [],
          plots: [],
          frozen: false,
        },
      ],
    });
  });
});

test('freeze and unfreeze write into the pipeline file and keep the rest of it', async () => {
  await using p = await project({ 'pipeline.yaml': PIPELINE });
  expect(await p.lockstep(['freeze', 'prepare'])).toEqual({ code: 0, stdout: '', stderr: 'froze prepare\n' });
  expect(p.read('pipeline.yaml')).toContain('frozen: true');
  expect((await p.lockstep(['stage', 'list'])).stdout).toContain('prepare (frozen)');
  expect(await p.lockstep(['freeze', 'prepare'])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect((await p.lockstep(['unfreeze', 'prepare'])).stderr).toBe('unfroze prepare\n');
  expect(p.read('pipeline.yaml')).toBe(PIPELINE);
  expect((await p.lockstep(['freeze', 'prepar'])).stderr).toContain("did you mean 'prepare'?");
});

test('root prints the directory of the project', async () => {
  await using p = await project({ 'sub/pipeline.yaml': 'stages: {}\n' });
  expect((await p.lockstep(['root'], { cwd: 'sub' })).stdout).toBe(`${p.root}\n`);
  expect((await p.lockstep(['-C', 'sub', 'root'])).stdout).toBe(`${p.root}\n`);
});
