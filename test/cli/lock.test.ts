import { expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const STAGES = (one: string, two: string) =>
  `stages:\n  one: {cmd: echo ${one} > one, outs: [one]}\n  two: {cmd: echo ${two} > two, outs: [two]}\n`;

async function locked(one: string, two: string): Promise<string> {
  await using p = await project({ 'pipeline.yaml': STAGES(one, two) });
  await p.lockstep(['repro']);
  return p.read('pipeline.lock');
}

async function mergeIn(p: ProjectRig, files: { base: string; ours: string; theirs: string }) {
  for (const [name, text] of Object.entries(files)) p.write(`.merge_file_${name}`, text);
  const merged = await p.lockstep(['lock', 'merge', '.merge_file_base', '.merge_file_ours', '.merge_file_theirs']);
  return { ...merged, text: p.read('.merge_file_ours') };
}

test('lock merge writes the merged file into ours', async () => {
  await using p = await project({});
  const [base, ours, theirs] = [await locked('a', 'a'), await locked('b', 'a'), await locked('a', 'b')];
  expect(await mergeIn(p, { base, ours, theirs })).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
    text: await locked('b', 'b'),
  });
});

test('lock merge exits with 1 and names what is left in conflict', async () => {
  await using p = await project({});
  const [base, ours, theirs] = [await locked('a', 'a'), await locked('b', 'a'), await locked('c', 'b')];
  const { code, stderr, text } = await mergeIn(p, { base, ours, theirs });
  expect(code).toBe(1);
  expect(stderr).toContain('conflict left in the lockfile: one\n');
  expect(text.match(/^(<<<<<<< ours|=======|>>>>>>> theirs)$/gm)).toEqual([
    '<<<<<<< ours',
    '=======',
    '>>>>>>> theirs',
  ]);
  expect(text).toContain('echo b > two');
});

test('lock merge of a file that is not there is exit 2', async () => {
  await using p = await project({});
  const { code, stderr } = await p.lockstep(['lock', 'merge', 'a', 'b', 'c']);
  expect(code).toBe(2);
  expect(stderr).toContain('error: a cannot be read: ENOENT');
});

test('lock prune drops what has no stage, says so, and leaves the rest byte for byte', async () => {
  await using p = await project({ 'sub/pipeline.yaml': STAGES('a', 'a') });
  await p.lockstep(['repro'], { cwd: 'sub' });
  const before = p.read('sub/pipeline.lock');
  p.write('sub/pipeline.yaml', 'stages:\n  two: {cmd: echo a > two, outs: [two]}\n');
  expect(await p.lockstep(['lock', 'prune'])).toEqual({
    code: 0,
    stdout: '',
    stderr: 'sub/pipeline.lock: dropped one\n',
  });
  expect(p.read('sub/pipeline.lock')).toBe(before.replace(/ {2}one:\n( {4}.*\n)*/, ''));
  expect((await p.lockstep(['status', '-P', '--exit-code'])).code).toBe(0);
  expect((await p.lockstep(['lock', 'prune'])).stderr).toBe('every lock entry has its stage; nothing dropped\n');
});

test('lock prune does not make an entry that was edited by hand look proven', async () => {
  await using p = await project({ 'pipeline.yaml': STAGES('a', 'a') });
  await p.lockstep(['repro']);
  p.write('pipeline.lock', p.read('pipeline.lock').replace('echo a > two', 'echo b > two'));
  p.write('pipeline.yaml', 'stages:\n  two: {cmd: echo b > two, outs: [two]}\n');
  await p.lockstep(['lock', 'prune']);
  const { stages } = JSON.parse((await p.lockstep(['status', '--json'])).stdout);
  expect(stages[0].reasons).toContainEqual({ reason: 'lock-edited' });
});
