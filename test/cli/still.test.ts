import { mkdirSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Answer, answerAtOnce } from '../../src/cli/still.ts';
import { type ProjectRig, project } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `
stages:
  upper:
    cmd: tr a-z A-Z < in.txt > upper.txt
    deps: [in.txt]
    outs: [upper.txt]
  all:
    cmd: mkdir -p all && cp upper.txt all/ && cp -r data all/
    deps: [upper.txt, data]
    params: [times]
    outs: [all]
`,
  'params.yaml': 'times: 2\n',
  'in.txt': 'hello\n',
  'data/one.txt': 'one\n',
  'data/deep/two.txt': 'two\n',
};

/** Later than any change so far could hide from a look. */
const later = () => Date.now() + 1000;

/** A project in which both commands found everything up to date and remember it. */
async function settled(): Promise<ProjectRig> {
  const p = await project(FILES);
  p.commit();
  await p.lockstep(['repro', '-q']);
  p.git('add', '-A');
  for (const command of ['repro', 'status']) await p.lockstep([command], { now: later });
  return p;
}

function atOnce(p: ProjectRig, ...argv: string[]): Answer | undefined {
  return answerAtOnce(argv, { cwd: p.root, env: {}, stdoutIsTerminal: false });
}

describe('where nothing was touched', () => {
  test('both commands say at once what the program itself says', async () => {
    await using p = await settled();
    for (const argv of [
      ['repro'],
      ['status'],
      ['repro', '-j', '4'],
      ['status', '-q'],
      ['-q', 'repro'],
      ['-C', '.', 'status'],
    ]) {
      const { stdout, stderr } = await p.lockstep(argv);
      expect(atOnce(p, ...argv), argv.join(' ')).toEqual({ stdout, stderr });
    }
  });

  test('from another directory, and for other targets, is another question', async () => {
    await using p = await settled();
    expect(atOnce(p, '-C', 'data', 'status')).toBeUndefined();
    expect(atOnce(p, 'status', 'upper')).toBeUndefined();
    await p.lockstep(['status', 'upper'], { now: later });
    expect(atOnce(p, 'status', 'upper')?.stdout).toContain('1 stage up to date');
    expect(atOnce(p, 'status')).toBeUndefined();
  });

  test('status says the same with --exit-code, which is 0 then', async () => {
    await using p = await settled();
    expect(atOnce(p, 'status', '--exit-code')).toEqual(atOnce(p, 'status'));
    await p.lockstep(['status', 'upper', '--exit-code'], { now: later });
    expect(atOnce(p, 'status', 'upper')?.stdout).toContain('1 stage up to date');
  });

  test('options that ask for more are left to the program', async () => {
    await using p = await settled();
    for (const argv of [
      ['repro', '--force'],
      ['repro', '-j', '0'],
      ['status', '--json'],
      ['repro', '--exit-code'],
      ['status', '-j', '2'],
      ['-v', 'repro'],
      ['repro', '-C'],
      ['dag'],
      [],
    ]) {
      expect(atOnce(p, ...argv), argv.join(' ')).toBeUndefined();
    }
  });
});

const TOUCHES: Readonly<Record<string, (p: ProjectRig) => void>> = {
  'a dep that was edited': (p) => p.write('in.txt', 'hallo!\n'),
  'a dep edited to the same size with its old mtime': (p) => {
    const { atime, mtime } = statSync(p.path('in.txt'));
    p.write('in.txt', 'HELLO\n');
    utimesSync(p.path('in.txt'), atime, mtime);
  },
  'an out that was edited': (p) => p.write('upper.txt', 'mine\n'),
  'an out that is gone': (p) => rmSync(p.path('upper.txt')),
  'a file deep in a directory': (p) => p.write('data/deep/two.txt', 'zwei\n'),
  'a new file in a directory': (p) => p.write('data/deep/three.txt', ''),
  'a new empty directory in a directory': (p) => void mkdirSync(p.path('data/deep/empty')),
  'a file that went from an out': (p) => rmSync(p.path('all/upper.txt')),
  'a param': (p) => p.write('params.yaml', 'times: 3\n'),
  'the pipeline file': (p) => p.write('pipeline.yaml', FILES['pipeline.yaml'].replace('tr a-z', 'tr  a-z')),
  'the lockfile': (p) => p.write('pipeline.lock', p.read('pipeline.lock').replace('size: 6', 'size: 7')),
  'a lockfile that is gone': (p) => rmSync(p.path('pipeline.lock')),
  'a new pipeline file': (p) => p.write('sub/pipeline.yaml', 'stages: {}\n'),
  'a new pipeline file in an old directory': (p) => p.write('data/deep/pipeline.yaml', 'stages: {}\n'),
  'a config file that was not there': (p) => p.write('.lockstep/config.local.yaml', 'jobs: nonsense\n'),
  'an out that git now tracks': (p) => void p.git('add', '-f', 'upper.txt'),
  'a repro that is at work, or was killed': (p) => p.write('.lockstep/tmp/repro.lock.json', '{}'),
  'a witness that says nothing': (p) => p.write('.lockstep/tmp/index/status.witness', 'of nothing\n'),
  'a witness that was torn': (p) => truncateSync(p.path('.lockstep/tmp/index/status.witness'), 200),
};

describe('is not answered at once after a change of', () => {
  test.for(Object.entries(TOUCHES))('%s', async ([, touch]) => {
    await using p = await settled();
    expect(atOnce(p, 'status')).toBeDefined();
    touch(p);
    expect(atOnce(p, 'status')).toBeUndefined();
  });
});

describe('is not remembered', () => {
  test('while a change may still hide behind a stat', async () => {
    await using p = await settled();
    p.write('other.txt', 'touches the directory');
    await p.lockstep(['status'], { now: () => Date.now() - 1000 });
    expect(atOnce(p, 'status')).toBeUndefined();
    await p.lockstep(['status'], { now: later });
    expect(atOnce(p, 'status')).toBeDefined();
  });

  test('where a link leads to what is read', async () => {
    await using p = await settled();
    rmSync(p.path('in.txt'));
    p.write('elsewhere.txt', 'hello\n');
    symlinkSync('elsewhere.txt', p.path('in.txt'));
    await p.lockstep(['repro', '-q']);
    const { stdout } = await p.lockstep(['status'], { now: later });
    expect(stdout).toContain('2 stages up to date');
    expect(atOnce(p, 'status')).toBeUndefined();
  });

  test('when something is to be done', async () => {
    await using p = await settled();
    p.write('in.txt', 'hallo!\n');
    await p.lockstep(['status'], { now: later });
    expect(atOnce(p, 'status')).toBeUndefined();
  });
});
