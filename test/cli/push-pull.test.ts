import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ProjectRig, project } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `
stages:
  one: {cmd: cp in one, deps: [in], outs: [one]}
  two:
    cmd: "mkdir -p two/sub; cp in two/a; (cat in; echo more) > two/sub/b; chmod +x two/a"
    deps: [in]
    outs: [two]
    metrics: [{m.json: {cache: false}}]
`.replace('cp in two/a;', `cp in two/a; echo '{}' > m.json;`),
  in: 'data\n',
};

/** A project with a remote beside it, and clones of it. */
async function pushed(files: Readonly<Record<string, string>> = FILES) {
  const p = await project({ ...files, 'remote/.keep': '' });
  rmSync(p.path('remote/.keep'));
  p.commit();
  await p.lockstep(['repro']);
  await p.lockstep(['remote', 'add', '-d', 'store', p.path('remote')]);
  p.write('.git/info/exclude', 'remote/\n');
  p.commit();
  return p;
}

function cloneOf(p: ProjectRig): ProjectRig {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-clone-')));
  execFileSync('git', ['clone', '-q', p.root, root]);
  return new ProjectRig(root);
}

function filesBelow(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The one object on the remote that has these bytes. */
function objectWith(p: ProjectRig, text: string): string {
  const found = filesBelow(p.path('remote/sha256')).find((file) => readFileSync(file, 'utf8') === text);
  if (found === undefined) throw new Error(`no object has the bytes ${text}`);
  return found;
}

function spoil(file: string, text: string): void {
  chmodSync(file, 0o644);
  writeFileSync(file, text);
}

test('push, clone, pull: status is clean, and what is there is not sent again', async () => {
  await using p = await pushed();
  const first = await p.lockstep(['push', '--json']);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(first.stdout)).toMatchObject({ sent: 4, there: 0, runs: 2, problems: [] });
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 0, there: 4, runs: 0 });
  expect(existsSync(p.path('remote/tmp'))).toBe(false);
  await using clone = cloneOf(p);
  const pulled = await clone.lockstep(['pull', '--json']);
  expect(JSON.parse(pulled.stdout)).toMatchObject({ fetched: 3, runs: 2, restored: ['one', 'two'], problems: [] });
  expect(pulled.code).toBe(0);
  expect(clone.read('two/sub/b')).toBe('data\nmore\n');
  expect((await clone.lockstep(['status', '--exit-code'])).code).toBe(0);
  expect(clone.git('status', '--porcelain')).toBe('');
  expect(JSON.parse((await clone.lockstep(['pull', '--json'])).stdout)).toMatchObject({ fetched: 0, here: 3 });
});

test('what the run cache knows is told by push and learnt by pull', async () => {
  await using p = await pushed();
  await p.lockstep(['push']);
  await using clone = cloneOf(p);
  await clone.lockstep(['pull']);
  rmSync(clone.path('pipeline.lock'));
  rmSync(clone.path('one'));
  const { code, stdout } = await clone.lockstep(['repro', '--json', 'one']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ restored: ['one'], ran: [] });
});

test('a result that is not locked goes with --run-cache, and without it the records alone come', async () => {
  await using p = await pushed();
  p.write('in', 'other\n');
  await p.lockstep(['repro', 'one']);
  p.git('checkout', '-q', '.');
  await p.lockstep(['checkout']);
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 4, runs: 2 });
  expect(JSON.parse((await p.lockstep(['push', '--json', '--run-cache'])).stdout)).toMatchObject({ sent: 1, runs: 1 });
  await using clone = cloneOf(p);
  await clone.lockstep(['fetch', '--no-run-cache']);
  expect(existsSync(clone.path('.lockstep/cache/runs'))).toBe(false);
  expect(JSON.parse((await clone.lockstep(['fetch', '--json'])).stdout)).toMatchObject({ fetched: 0, runs: 3 });
  expect(JSON.parse((await clone.lockstep(['fetch', '--json', '--run-cache'])).stdout)).toMatchObject({ fetched: 2 });
});

test('targets are stages, outs and files in them', async () => {
  await using p = await pushed();
  expect(JSON.parse((await p.lockstep(['push', '--json', 'one'])).stdout)).toMatchObject({ sent: 1 });
  await p.lockstep(['push']);
  await using clone = cloneOf(p);
  const part = await clone.lockstep(['pull', '--json', 'two/sub']);
  expect(JSON.parse(part.stdout)).toMatchObject({ fetched: 2, restored: ['two/sub/b'] });
  expect(existsSync(clone.path('two/a'))).toBe(false);
  expect(existsSync(clone.path('one'))).toBe(false);
  expect(JSON.parse((await clone.lockstep(['pull', '--json', 'one'])).stdout)).toMatchObject({ restored: ['one'] });
  expect((await clone.lockstep(['pull', 'nothing'])).code).toBe(2);
});

test('the data of other branches and tags comes along when it is asked for', async () => {
  await using p = await pushed();
  p.git('tag', 'v1');
  p.write('in', 'later\n');
  await p.lockstep(['repro']);
  p.commit('later');
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 4 });
  expect(JSON.parse((await p.lockstep(['push', '--json', '--all-tags'])).stdout)).toMatchObject({ sent: 3 });
  await using clone = cloneOf(p);
  await clone.lockstep(['pull', '-T']);
  clone.git('checkout', '-q', 'v1');
  expect((await clone.lockstep(['checkout'])).code).toBe(0);
  expect(clone.read('one')).toBe('data\n');
});

test('status --cloud tells new, deleted and missing', async () => {
  await using p = await pushed();
  const cloud = async (rig: ProjectRig) => JSON.parse((await rig.lockstep(['status', '-c', '--json'])).stdout);
  expect(await cloud(p)).toEqual({ one: 'new', two: 'new', 'two/a': 'new', 'two/sub/b': 'new' });
  await p.lockstep(['push']);
  expect(await cloud(p)).toEqual({});
  await using clone = cloneOf(p);
  expect(await cloud(clone)).toEqual({ one: 'deleted', two: 'deleted' });
  rmSync(objectWith(p, 'data\n'));
  expect(await cloud(clone)).toEqual({ one: 'missing', two: 'deleted' });
  expect((await clone.lockstep(['status', '-c'])).stdout).toContain('missing:  one\n');
  expect((await clone.lockstep(['status', '-c', '--exit-code'])).code).toBe(1);
});

test('what the remote lacks is named with its stages, the rest comes, and the exit code is 1', async () => {
  await using p = await pushed();
  await p.lockstep(['push']);
  rmSync(objectWith(p, 'data\nmore\n'));
  await using clone = cloneOf(p);
  const { code, stderr } = await clone.lockstep(['pull']);
  expect(code).toBe(1);
  expect(stderr).toContain(`two/sub/b (needed by two) is not on the remote ${p.path('remote')}\n`);
  expect(clone.read('one')).toBe('data\n');
  expect((await clone.lockstep(['pull', '--allow-missing'])).code).toBe(0);
  // The listing is there, its file is not: push looks at every file.
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 1 });
  expect((await clone.lockstep(['pull'])).code).toBe(0);
  expect((await clone.lockstep(['status', '--exit-code'])).code).toBe(0);
});

test('a truncated object is not kept, is said to be damaged, and the next push replaces it', async () => {
  await using p = await pushed();
  await p.lockstep(['push']);
  spoil(objectWith(p, 'data\n'), 'da');
  await using clone = cloneOf(p);
  const { code, stderr } = await clone.lockstep(['pull', 'one']);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /one \(needed by one\): sha256\/\w\w\/\w{62} on the remote is damaged: .*2 bytes instead of 5/,
  );
  expect(filesBelow(clone.path('.lockstep/cache/sha256'))).toEqual([]);
  expect(filesBelow(clone.path('.lockstep/cache/tmp'))).toEqual([]);
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 1 });
  expect((await clone.lockstep(['pull'])).code).toBe(0);
});

test('altered bytes of the same length are not kept, and push --force replaces them', async () => {
  await using p = await pushed();
  await p.lockstep(['push']);
  const object = objectWith(p, 'data\n');
  spoil(object, 'dbta\n');
  await using clone = cloneOf(p);
  const { code, stderr } = await clone.lockstep(['pull']);
  expect(code).toBe(1);
  expect(stderr).toContain('on the remote is damaged: its bytes are others than its name says');
  expect(stderr).toContain('push --force');
  expect(existsSync(clone.path('one'))).toBe(false);
  await p.lockstep(['push', '--force', 'one']);
  expect(readFileSync(object, 'utf8')).toBe('data\n');
  expect((await clone.lockstep(['pull'])).code).toBe(0);
});

test('among many files, too, those that are damaged or gone are named, nothing of them is kept, and the rest comes', async () => {
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`data/${n}`, `this is ${n}\n`]));
  await using p = await pushed({
    ...many,
    'pipeline.yaml': 'stages:\n  all: {cmd: cp -r data all, deps: [data], outs: [all]}\n',
  });
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 151 });
  expect(filesBelow(p.path('remote/tmp'))).toEqual([]);
  spoil(objectWith(p, 'this is 7\n'), 'that is 7\n');
  spoil(objectWith(p, 'this is 77\n'), 'this');
  rmSync(objectWith(p, 'this is 149\n'));
  await using clone = cloneOf(p);
  const { code, stderr } = await clone.lockstep(['fetch']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/all\/7 \(needed by all\): sha256\/\w\w\/\w{62} on the remote is damaged/);
  expect(stderr).toMatch(/all\/77 \(needed by all\): .*4 bytes instead of 11/);
  expect(stderr).toContain(`all/149 (needed by all) is not on the remote ${p.path('remote')}\n`);
  expect(stderr).toContain('148 objects');
  const kept = filesBelow(clone.path('.lockstep/cache/sha256')).map((file) => readFileSync(file, 'utf8'));
  expect(kept).toHaveLength(148);
  expect(kept).not.toContain('that is 7\n');
  expect(filesBelow(clone.path('.lockstep/cache/tmp'))).toEqual([]);
  await p.lockstep(['push', '--force']);
  expect((await clone.lockstep(['pull'])).code).toBe(0);
  expect(clone.read('all/7')).toBe('this is 7\n');
});

test('an altered listing is not kept either', async () => {
  await using p = await pushed();
  await p.lockstep(['push']);
  const [listing = ''] = filesBelow(p.path('remote/sha256')).filter((file) => file.endsWith('.tree'));
  spoil(listing, readFileSync(listing, 'utf8').replace('sub/b', 'sub/c'));
  await using clone = cloneOf(p);
  const { code, stderr } = await clone.lockstep(['pull']);
  expect(code).toBe(1);
  expect(stderr).toContain('two (needed by two): ');
  expect(existsSync(clone.path('two'))).toBe(false);
});

test('push names what the cache has lost, and sends no listing of a directory that is not whole', async () => {
  await using p = await pushed();
  const lost = filesBelow(p.path('.lockstep/cache/sha256')).find(
    (file) => readFileSync(file, 'utf8') === 'data\nmore\n',
  );
  rmSync(lost ?? '');
  const { code, stderr } = await p.lockstep(['push']);
  expect(code).toBe(1);
  expect(stderr).toContain(
    'two/sub/b (needed by two) is neither in the cache nor on the remote; lockstep repro makes it',
  );
  expect(filesBelow(p.path('remote/sha256')).some((file) => file.endsWith('.tree'))).toBe(false);
  expect(readFileSync(objectWith(p, 'data\n'), 'utf8')).toBe('data\n');
});

test('push refuses to send what the cache has corrupt', async () => {
  await using p = await pushed();
  const [file = ''] = filesBelow(p.path('.lockstep/cache/sha256')).filter(
    (one) => readFileSync(one, 'utf8') === 'data\n',
  );
  spoil(file, 'bad!\n');
  const { code, stderr } = await p.lockstep(['push']);
  expect(code).toBe(1);
  expect(stderr).toContain('one, two/a (needed by one, two) is neither in the cache nor on the remote');
  expect(filesBelow(p.path('remote/sha256')).map((one) => readFileSync(one, 'utf8'))).not.toContain('bad!\n');
});

test('two pushes at once leave every object whole', async () => {
  const many = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`data/${n}`, `${n} `.repeat(n * 50)]));
  await using p = await pushed({
    ...many,
    'pipeline.yaml': 'stages:\n  all: {cmd: cp -r data all, deps: [data], outs: [all]}\n',
  });
  await using clone = cloneOf(p);
  await clone.lockstep(['repro']);
  const results = await Promise.all([p.lockstep(['push']), clone.lockstep(['push']), p.lockstep(['push', '--force'])]);
  expect(results.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0]);
  await using third = cloneOf(p);
  expect((await third.lockstep(['pull'])).code).toBe(0);
  expect(third.read('all/89')).toBe(many['data/89']);
});

test('a remote that cannot be written to stops the push with a hint, and what went stays', async () => {
  await using p = await pushed();
  await p.lockstep(['push', 'one']);
  rmSync(p.path('remote/sha256'), { recursive: true });
  p.write('remote/sha256', 'in the way');
  const { code, stderr } = await p.lockstep(['push']);
  expect(code).toBe(1);
  expect(stderr).toContain(`the remote ${p.path('remote')} cannot be used: cannot write to the remote`);
  rmSync(p.path('remote/sha256'));
  expect((await p.lockstep(['push'])).code).toBe(0);
});

test('an out with a remote of its own goes there and comes from there', async () => {
  await using p = await project({
    'pipeline.yaml':
      'stages:\n  one: {cmd: cp in one; cp in keep, deps: [in], outs: [{one: {remote: far}}, {keep: {push: false}}]}\n',
    in: 'data\n',
  });
  await p.lockstep(['repro']);
  await p.lockstep(['remote', 'add', '-d', 'near', 'near']);
  await p.lockstep(['remote', 'add', 'far', 'far']);
  p.commit();
  await p.lockstep(['push', '--no-run-cache']);
  expect(filesBelow(p.path('far'))).toHaveLength(1);
  expect(filesBelow(p.path('near'))).toHaveLength(0);
  expect(dirname(p.path('far'))).toBe(p.root);
});

test('without a remote, push and pull say how to make one', async () => {
  await using p = await project(FILES);
  await p.lockstep(['repro']);
  const { code, stderr } = await p.lockstep(['push']);
  expect(code).toBe(2);
  expect(stderr).toContain('lockstep remote add -d NAME ADDRESS');
});
