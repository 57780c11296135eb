import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const PIPELINE = 'stages:\n  prepare: {cmd: "true", outs: [a]}\n  train: {cmd: "true", deps: [a], outs: [b]}\n';

async function complete(p: ProjectRig, ...words: string[]): Promise<string[]> {
  const { stdout, stderr } = await p.lockstep(['__complete', '--', ...words]);
  expect(stderr).toBe('');
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t')[0] ?? '');
}

describe('what may follow', () => {
  test.each([
    [['st'], ['status', 'stage']],
    [
      ['stage', ''],
      ['list', 'add'],
    ],
    [['--qu'], ['--quiet']],
    [['-C', 'somewhere', 'ver'], ['version']],
    [
      ['repro', '--force'],
      ['--force', '--force-downstream'],
    ],
    [
      ['dag', '--direction', ''],
      ['down', 'right'],
    ],
    [['dag', '--direction=r'], ['--direction=right']],
    [
      ['repro', ''],
      ['prepare', 'train'],
    ],
    [['repro', '-k', 'tr'], ['train']],
    [['repro', '-j', ''], []],
    [['stage', 'add', '-n', 'x', '--', 'pyth'], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nonsense', ''], []],
  ])('%j', async (words, expected) => {
    await using p = await project({ 'pipeline.yaml': PIPELINE });
    expect((await complete(p, ...words)).sort()).toEqual([...expected].sort());
  });

  test('groups and the stages in them, also in several files', async () => {
    const grid =
      'stages:\n  fit: {foreach: [a, b], do: {cmd: "true"}}\n  grid: {matrix: {x: [1], y: [2, 3]}, cmd: "true"}\n';
    await using p = await project({ 'pipeline.yaml': grid, 'sub/pipeline.yaml': grid.replace('grid', 'more') });
    expect(await complete(p, 'repro', 'gr')).toEqual(['grid', 'grid@1-2', 'grid@1-3']);
    expect(await complete(p, 'repro', 'sub/pipeline.yaml:f')).toEqual([
      'sub/pipeline.yaml:fit',
      'sub/pipeline.yaml:fit@a',
      'sub/pipeline.yaml:fit@b',
    ]);
    const { stdout } = await p.lockstep(['__complete', '--', 'dag', 'more']);
    expect(stdout).toMatch(/^more\t2 stages\n/);
  });

  test('branches for a command that takes revisions', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE });
    p.commit();
    expect(await complete(p, 'diff', '')).toEqual(['HEAD', 'main']);
  });

  test('is nothing, quietly, where the pipeline cannot be read', async () => {
    await using p = await project({ 'pipeline.yaml': 'stages: [' });
    expect(await complete(p, 'repro', '')).toEqual([]);
  });
});

describe('bash', () => {
  /** Loads the script into a real bash, in which `lockstep` prints these candidates, and completes a line. */
  async function bash(line: string, candidates: string, setting = "COMP_WORDBREAKS=' :=@'"): Promise<string[]> {
    await using p = await project({});
    const { stdout: script } = await p.lockstep(['completion', 'bash']);
    const program = `${script}
      lockstep() { printf '%s\\n' "$@" > asked; printf -- '${candidates}'; }
      ${setting}
      COMP_LINE=${JSON.stringify(line)} COMP_POINT=\${#COMP_LINE}
      _lockstep
      printf '%s\\n' "\${COMPREPLY[@]}"; cat asked`;
    return execFileSync('bash', ['--norc', '-c', program], { cwd: p.root, encoding: 'utf8' }).split('\n').slice(0, -1);
  }

  test('asks with the words so far and offers what fits', async () => {
    const said = await bash('lockstep repro --for', '--force\\tall\\n--force-downstream\\tmore\\n--dry\\n');
    expect(said).toEqual(['--force', '--force-downstream', '__complete', '--', 'repro', '--for']);
  });

  test('completes what follows a colon, as readline wants it', async () => {
    const said = await bash('lockstep repro a/pipeline.yaml:tr', 'a/pipeline.yaml:train\\n');
    expect(said[0]).toBe('train');
  });

  test('completes what follows the @ of a group, unless readline takes that for a letter', async () => {
    const candidates = 'fit@a\\nfit@b\\n';
    expect((await bash('lockstep repro fit@', candidates)).slice(0, 2)).toEqual(['a', 'b']);
    expect((await bash('lockstep repro fit@', candidates, "COMP_WORDBREAKS=' :'")).slice(0, 2)).toEqual([
      'fit@a',
      'fit@b',
    ]);
  });

  test('knows when a new word begins', async () => {
    expect(await bash('lockstep repro ', 'train\\n')).toEqual(['train', '__complete', '--', 'repro', '']);
  });
});

test('other shells', async () => {
  await using p = await project({});
  expect((await p.lockstep(['completion', 'zsh'])).stdout).toMatch(/^#compdef lockstep\n/);
  expect((await p.lockstep(['completion', 'fish'])).stdout).toMatch(/^complete -c lockstep /);
  expect(await p.lockstep(['completion', 'tcsh'])).toEqual({
    code: 2,
    stdout: '',
    stderr: "error: no completion for 'tcsh'\n\nhint: choose from: bash, zsh, fish\n",
  });
});
