import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `
stages:
  one: {cmd: cp in one, deps: [in], outs: [one]}
  two: {cmd: "mkdir -p two; cp in two/a; echo same > two/b", deps: [in], outs: [two]}
`,
  in: 'first\n',
};

/** Runs that nobody keeps any more: what is then needed shows from lockfiles and models alone. */
function deleteRuns(p: ProjectRig): void {
  const database = new Sqlite(p.path('.lockstep/lockstep.db'));
  database.exec("update runs set lifecycle_stage = 'deleted'");
  database.close();
}

/** Texts of the objects that are there, listings left out. */
function textsIn(p: ProjectRig, cache = '.lockstep/cache'): readonly string[] {
  const all = readdirSync(p.path(`${cache}/sha256`), { recursive: true, withFileTypes: true });
  const files = all.filter((entry) => entry.isFile() && !entry.name.endsWith('.tree'));
  return files
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    .filter((text) => text.length < 20)
    .sort();
}

/** A time between those of the files written before and after. */
function clockMovedOn(p: ProjectRig): number {
  const look = () => {
    p.write('probe', '');
    return statSync(p.path('probe')).ctimeMs;
  };
  const began = look();
  let now = look();
  while (now < began + 30) now = look();
  return began + 15;
}

function records(p: ProjectRig): number {
  const all = readdirSync(p.path('.lockstep/cache/runs'), { recursive: true, withFileTypes: true });
  return all.filter((entry) => entry.isFile()).length;
}

async function reproduced(p: ProjectRig, text: string): Promise<void> {
  p.write('in', text);
  expect((await p.lockstep(['repro'])).code).toBe(0);
}

async function gc(p: ProjectRig, ...args: string[]) {
  const { code, stdout, stderr } = await p.lockstep(['gc', '--force', '--json', ...args]);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

describe('what is kept', () => {
  test('is what the workspace needs, and all else goes: objects, listings, earlier results', async () => {
    await using p = await project(FILES);
    await reproduced(p, 'first\n');
    await reproduced(p, 'second\n');
    deleteRuns(p);
    const dry = JSON.parse((await p.lockstep(['gc', '-w', '--dry', '--json'])).stdout);
    expect(dry).toMatchObject({ dry: true, kept: 3 });
    expect(textsIn(p)).toEqual(['first\n', 'same\n', 'second\n']);
    const done = await gc(p, '-w');
    expect(done).toEqual({ ...dry, dry: false });
    expect(done.removed).toMatchObject({ directories: { count: 1 }, records: { count: 2 } });
    expect(textsIn(p)).toEqual(['same\n', 'second\n']);
    expect(records(p)).toBe(2);
    for (const path of ['one', 'two']) rmSync(p.path(path), { recursive: true });
    expect((await p.lockstep(['checkout'])).code).toBe(0);
    expect([p.read('one'), p.read('two/b')]).toEqual(['second\n', 'same\n']);
    expect(await gc(p, '-w')).toMatchObject({ bytes: 0 });
    // What went is made again, not restored from a record that names nothing.
    await reproduced(p, 'first\n');
    expect(p.read('one')).toBe('first\n');
  });

  test('a run keeps its outs, logs and patches; with --keep-runs an old one only logs and patches', async () => {
    await using p = await project(FILES);
    p.commit();
    p.write('pipeline.yaml', FILES['pipeline.yaml'].replace('cp in one', 'echo said; cp in one'));
    await reproduced(p, 'first\n');
    await reproduced(p, 'second\n');
    expect(await gc(p, '-w')).toMatchObject({ bytes: 0 });
    const { runs } = JSON.parse((await p.lockstep(['runs', 'list', '--json'])).stdout);
    const later = { now: () => Date.now() + 40 * 86_400_000 };
    const old = await p.lockstep(['gc', '-w', '-f', '--json', '--keep-runs', '30d'], later);
    expect(JSON.parse(old.stdout).removed).toMatchObject({ files: { count: 1 }, directories: { count: 1 } });
    expect(textsIn(p)).toEqual(['said\n', 'same\n', 'second\n']);
    const oldest = runs.findLast(({ stage }: { stage: string }) => stage === 'one').id;
    expect((await p.lockstep(['runs', 'log', oldest])).stdout).toContain('said');
    expect(JSON.parse((await p.lockstep(['fsck', '--json'])).stdout)).toMatchObject({
      problems: [],
      lost: { objects: 2, runs: 2 },
    });
  });

  test('what named revisions need, also where the workspace has moved on', async () => {
    await using p = await project(FILES);
    p.commit('none');
    await reproduced(p, 'first\n');
    p.commit('one');
    p.git('tag', 'v1');
    await reproduced(p, 'second\n');
    p.commit('two');
    p.git('branch', 'other');
    await reproduced(p, 'third\n');
    p.commit('three');
    await reproduced(p, 'fourth\n');
    deleteRuns(p);
    await gc(p, '-A');
    expect(textsIn(p)).toEqual(['first\n', 'fourth\n', 'same\n', 'second\n', 'third\n']);
    await gc(p, '-a', '-T');
    expect(textsIn(p)).toEqual(['first\n', 'fourth\n', 'same\n', 'second\n', 'third\n']);
    await gc(p, '--rev', 'other');
    expect(textsIn(p)).toEqual(['fourth\n', 'same\n', 'second\n']);
    expect(await p.lockstep(['gc', '-f', '--rev', 'nowhere'])).toMatchObject({ code: 2 });
  });

  test('a registered model, though its run was deleted', async () => {
    await using p = await project(FILES);
    p.commit();
    await reproduced(p, 'first\n');
    expect(await p.lockstep(['models', 'register', 'latest:one', '--name', 'm'])).toMatchObject({ code: 0 });
    await reproduced(p, 'second\n');
    deleteRuns(p);
    await gc(p, '-w');
    expect(textsIn(p)).toEqual(['first\n', 'same\n', 'second\n']);
  });

  test('what is young, with --older-than, and the files of a young listing', async () => {
    await using p = await project(FILES);
    await reproduced(p, 'first\n');
    await reproduced(p, 'second\n');
    deleteRuns(p);
    expect(await gc(p, '-w', '--older-than', '1h')).toMatchObject({ bytes: 0 });
    const later = { now: () => Date.now() + 2 * 3_600_000 };
    expect((await p.lockstep(['gc', '-w', '-f', '--older-than', '1h'], later)).code).toBe(0);
    expect(textsIn(p)).toEqual(['same\n', 'second\n']);
  });

  test('the old files of a young listing', async () => {
    await using p = await project(FILES);
    await reproduced(p, 'first\n');
    const between = clockMovedOn(p);
    await reproduced(p, 'second\n');
    deleteRuns(p);
    p.write('pipeline.yaml', 'stages: {none: {cmd: "true"}}\n');
    rmSync(p.path('pipeline.lock'));
    const later = { now: () => between + 3_600_000 };
    expect((await p.lockstep(['gc', '-w', '-f', '--older-than', '1h'], later)).code).toBe(0);
    expect(textsIn(p)).toEqual(['same\n', 'second\n']);
  });

  test('what does not look like an object, and the trash unless it is asked for', async () => {
    await using p = await project(FILES);
    await reproduced(p, 'first\n');
    p.write('.lockstep/cache/sha256/notes.txt', 'mine');
    p.write('.lockstep/cache/sha256/ab/README', 'mine');
    p.write('.lockstep/cache/tmp/left-by-a-kill.tmp', 'half');
    p.write('.lockstep/trash/2026-01-01T00-00-00.000Z/x', 'old');
    expect((await gc(p, '-w')).removed).toMatchObject({ unfinished: { count: 1, bytes: 4 }, trash: { count: 0 } });
    expect([p.read('.lockstep/cache/sha256/notes.txt'), p.read('.lockstep/cache/sha256/ab/README')]).toEqual([
      'mine',
      'mine',
    ]);
    expect(p.read('.lockstep/trash/2026-01-01T00-00-00.000Z/x')).toBe('old');
    expect((await gc(p, '-w', '--trash')).removed.trash).toEqual({ count: 1, bytes: 3 });
    expect(readdirSync(p.path('.lockstep/trash'))).toEqual([]);
  });
});

describe('it refuses', () => {
  test('without a scope, and where nobody can be asked', async () => {
    await using p = await project(FILES);
    await reproduced(p, 'first\n');
    expect(await p.lockstep(['gc'])).toMatchObject({ code: 2, stderr: expect.stringContaining('what is to be kept') });
    expect(await p.lockstep(['gc', '-w'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--force') });
    await reproduced(p, 'second\n');
    deleteRuns(p);
    const no = await p.lockstep(['gc', '-w'], { ask: async () => '' });
    expect(no).toMatchObject({ code: 1, stderr: expect.stringContaining('would be removed') });
    expect(textsIn(p)).toContain('first\n');
    expect(await p.lockstep(['gc', '-w'], { ask: async () => 'y' })).toMatchObject({ code: 0 });
    expect(textsIn(p)).not.toContain('first\n');
  });

  test('where a lockfile, of the workspace or of a revision, cannot be read', async () => {
    await using p = await project(FILES);
    p.commit('none');
    await reproduced(p, 'first\n');
    const lock = p.read('pipeline.lock');
    p.write('pipeline.lock', lock.replace('stages:', '<<<<<<< ours\nstages:'));
    p.commit('broken');
    p.git('tag', 'broken');
    const here = await p.lockstep(['gc', '-w', '-f']);
    expect(here).toMatchObject({ code: 2, stderr: expect.stringContaining('pipeline.lock') });
    p.write('pipeline.lock', lock);
    p.commit('mended');
    await reproduced(p, 'second\n');
    deleteRuns(p);
    const there = await p.lockstep(['gc', '-T', '-f']);
    expect(there).toMatchObject({ code: 2, stderr: expect.stringContaining('what broken needs cannot be told') });
    expect(textsIn(p)).toEqual(['first\n', 'same\n', 'second\n']);
  });

  test('where a listing that is needed is not in the cache, unless it is told to go on', async () => {
    await using p = await project(FILES);
    await reproduced(p, 'first\n');
    await reproduced(p, 'second\n');
    deleteRuns(p);
    const [, hex = ''] = /sha256:([0-9a-f]{64}), size: \d+, files/.exec(p.read('pipeline.lock')) ?? [];
    rmSync(p.path(`.lockstep/cache/sha256/${hex.slice(0, 2)}/${hex.slice(2)}.tree`));
    const refused = await p.lockstep(['gc', '-w', '-f']);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('two (two)') });
    expect(textsIn(p)).toEqual(['first\n', 'same\n', 'second\n']);
    await gc(p, '-w', '--skip-missing');
    expect(textsIn(p)).toEqual(['second\n']);
  });
});

describe('other workspaces on the same cache', () => {
  async function sharing() {
    const p = await project({ ...FILES, '.lockstep/config.yaml': 'cache: {dir: shared}\n' });
    p.commit();
    const other = await project({ ...FILES, '.lockstep/config.yaml': `cache: {dir: ${p.path('shared')}}\n` });
    await reproduced(p, 'here\n');
    await reproduced(other, 'there\n');
    return { p, other };
  }

  test('keep what they need', async () => {
    const { p, other } = await sharing();
    await using _p = p;
    await using _other = other;
    await reproduced(other, 'once\n');
    await reproduced(other, 'there\n');
    for (const rig of [p, other]) deleteRuns(rig);
    expect(await gc(p, '-w')).toMatchObject({ workspaces: [other.root] });
    expect(textsIn(p, 'shared')).toEqual(['here\n', 'same\n', 'there\n']);
    // One that has another cache by now needs nothing of this one.
    other.write('.lockstep/config.yaml', '');
    expect(await gc(p, '-w')).toMatchObject({ workspaces: [] });
    expect(textsIn(p, 'shared')).toEqual(['here\n', 'same\n']);
  });

  test('that are unreadable or out of sight are no reason to remove what they need', async () => {
    const { p, other } = await sharing();
    await using _p = p;
    for (const rig of [p, other]) deleteRuns(rig);
    const lock = other.read('pipeline.lock');
    other.write('pipeline.lock', 'stages: [');
    const unreadable = await p.lockstep(['gc', '-w', '-f']);
    expect(unreadable).toMatchObject({ code: 2, stderr: expect.stringContaining(other.root) });
    other.write('pipeline.lock', lock);
    await other[Symbol.asyncDispose]();
    const absent = await p.lockstep(['gc', '-w', '-f']);
    expect(absent).toMatchObject({ code: 2, stderr: expect.stringContaining('--forget-absent') });
    expect(textsIn(p, 'shared')).toEqual(['here\n', 'same\n', 'there\n']);
    await gc(p, '-w', '--forget-absent');
    expect(textsIn(p, 'shared')).toEqual(['here\n', 'same\n']);
    expect((await p.lockstep(['gc', '-w', '-f'])).code).toBe(0);
  });

  test('a project that was moved with its cache is still the only one', async () => {
    await using p = await project({ 'deep/pipeline.yaml': FILES['pipeline.yaml'], 'deep/in': 'x\n' });
    mkdirSync(p.path('deep/.lockstep'));
    expect((await p.lockstep(['repro'], { cwd: 'deep' })).code).toBe(0);
    execFileSync('mv', [p.path('deep'), p.path('moved')]);
    expect((await p.lockstep(['gc', '-w', '-f'], { cwd: 'moved' })).code).toBe(0);
    expect(p.read('moved/one')).toBe('x\n');
  });
});

test('the results of a sweep are those of its runs, wherever they were made', async () => {
  await using p = await project({
    'pipeline.yaml': 'stages:\n  one: {cmd: "cut -c 4- params.yaml > one", outs: [one], params: [x]}\n',
    'params.yaml': 'x: 1\n',
  });
  p.commit();
  expect((await p.lockstep(['sweep', '-S', 'x=1,2,3'])).code).toBe(0);
  expect(await gc(p, '-w')).toMatchObject({ workspaces: [] });
  expect(textsIn(p)).toEqual(['1\n', '2\n', '3\n']);
  deleteRuns(p);
  await gc(p, '-w');
  expect(textsIn(p)).toEqual([]);
});

test('in a DVC project the data of DVC goes, and what lockstep keeps of runs, in its own cache', async () => {
  await using p = await project({
    'dvc.yaml': FILES['pipeline.yaml'].replace('cp in one', 'echo said; cp in one'),
    in: '',
  });
  mkdirSync(p.path('.dvc'));
  p.commit();
  await reproduced(p, 'first\n');
  await reproduced(p, 'second\n');
  expect(await gc(p, '-w')).toMatchObject({ bytes: 0 });
  expect(textsIn(p)).toContain('said\n');
  deleteRuns(p);
  const { removed } = await gc(p, '-w');
  // Of each of the two stages a record of DVC's and one of ours.
  expect(removed).toMatchObject({ records: { count: 4 }, directories: { count: 1 } });
  expect(textsIn(p)).toEqual([]);
  for (const path of ['one', 'two']) rmSync(p.path(path), { recursive: true });
  expect((await p.lockstep(['checkout'])).code).toBe(0);
  expect((await p.lockstep(['status', '--exit-code'])).code).toBe(0);
});

test('with --cloud the remote is cleaned, too: records, then listings, then files', async () => {
  await using p = await project(FILES);
  await p.lockstep(['remote', 'add', '-d', 'store', p.path('remote')]);
  await reproduced(p, 'first\n');
  await p.lockstep(['push']);
  await reproduced(p, 'second\n');
  await p.lockstep(['push']);
  deleteRuns(p);
  p.write('remote/notes', 'mine');
  const dry = JSON.parse((await p.lockstep(['gc', '-w', '-c', '--dry', '--json'])).stdout);
  expect(dry.remote).toMatchObject({ objects: 2, records: 2, kept: 3 });
  await gc(p, '-w', '--cloud');
  expect(textsIn(p, 'remote')).toEqual(['same\n', 'second\n']);
  expect(p.read('remote/notes')).toBe('mine');
  rmSync(p.path('.lockstep/cache'), { recursive: true });
  for (const path of ['one', 'two']) rmSync(p.path(path), { recursive: true });
  expect((await p.lockstep(['pull'])).code).toBe(0);
  expect((await p.lockstep(['status', '--exit-code'])).code).toBe(0);
});
