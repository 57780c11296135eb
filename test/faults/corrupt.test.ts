import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheFaults, lockedOuts, objectName, runsByStatus, treeOf } from './proofs.ts';
import { type Workspace, workspace } from './support.ts';

const FILES = {
  'pipeline.yaml': `stages:
  upper: {cmd: tr a-z A-Z < in.txt > upper.txt, deps: [in.txt], params: [times], outs: [upper.txt]}
  tree:
    cmd: mkdir tree; for n in 1 2 3; do (echo $n; cat upper.txt) > tree/$n; done
    deps: [upper.txt, data]
    outs: [tree]
`,
  'params.yaml': 'times: 2\n',
  'in.txt': 'hello\n',
  'data/one': 'one\n',
  'data/two': 'two\n',
};
const OUTS = ['upper.txt', 'tree'];

async function done(): Promise<Workspace> {
  const w = workspace(FILES);
  await w.repro();
  return w;
}

/** What must not change whatever else is broken. */
const ofTheUser = (w: Workspace) => treeOf(w.root, [...Object.keys(FILES), ...OUTS, 'pipeline.lock']);

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

const GARBAGE = Buffer.from(Array.from({ length: 3000 }, (_, at) => (at * 7919) % 251));

const TO_DATABASE: Readonly<Record<string, (file: string) => void>> = {
  'that is garbage': (file) => writeFileSync(file, GARBAGE),
  'that is a text': (file) => writeFileSync(file, 'this is no database at all, but long enough to look at\n'.repeat(9)),
  'that is cut off': (file) => truncateSync(file, 5000),
};

describe('a database', () => {
  test.each(Object.entries(TO_DATABASE))('%s stops repro and runs, which say the way out', async (_, damage) => {
    await using w = await done();
    w.write('in.txt', 'bye\n');
    const database = w.path('.lockstep/lockstep.db');
    damage(database);
    const before = ofTheUser(w);
    for (const args of [['repro'], ['runs', 'list']]) {
      const { code, stderr } = await w.run(...args);
      expect({ code, stderr }, args.join(' ')).toMatchObject({ code: 2 });
      expect(stderr).toContain(`error: ${database} is damaged`);
      expect(stderr).toContain(`hint: move it aside (mv ${database} ${database}.old)`);
      expect(ofTheUser(w)).toEqual(before);
    }
    expect(await w.run('status')).toMatchObject({ code: 0 });
    renameSync(database, `${database}.old`);
    expect(await w.repro()).toEqual({ ran: ['tree', 'upper'] });
    expect(w.read('upper.txt')).toBe('BYE\n');
    expect(runsByStatus(w)).toEqual({ FINISHED: 3 });
  });
});

test('damage deep in a database stops the repro that meets it, and after the way out all is well', async () => {
  await using w = await done();
  w.write('in.txt', 'bye\n');
  const database = w.path('.lockstep/lockstep.db');
  const bytes = readFileSync(database);
  for (let at = 4096; at + 4096 <= bytes.length; at += 4096) GARBAGE.copy(bytes, at);
  writeFileSync(database, bytes);
  const { code, stderr } = await w.run('repro');
  expect({ code, stderr }).toMatchObject({ code: 2 });
  expect(stderr).toContain(`error: ${database} is damaged`);
  expect(await w.stageProcesses()).toEqual([]);
  renameSync(database, `${database}.old`);
  await w.repro();
  expect(w.read('upper.txt')).toBe('BYE\n');
  expect(cacheFaults(w)).toEqual([]);
  expect(runsByStatus(w)).not.toHaveProperty('RUNNING');
});

const TO_INDEX: Readonly<Record<string, (file: string) => void>> = {
  truncated: (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  emptied: (file) => truncateSync(file, 0),
  'full of garbage': (file) => writeFileSync(file, GARBAGE),
};

describe('everything that can be made again', () => {
  test.each(Object.entries(TO_INDEX))('is rebuilt without a word when it is %s', async (_, damage) => {
    await using w = await done();
    // Once more, so that files are no longer too fresh for the indexes.
    w.remove('upper.txt');
    await w.repro();
    const indexes = ['index', 'parsed', 'leftovers.json'].map((name) => w.path(join('.lockstep/tmp', name)));
    const files = [
      ...indexes.flatMap((path) => (statSync(path, { throwIfNoEntry: false })?.isFile() ? [path] : filesBelow(path))),
    ];
    files.push(w.path('.lockstep/cache/objects.idx'));
    expect(files.map((file) => file.slice(w.path('.lockstep/').length).split('/').slice(0, 3).join('/'))).toEqual(
      expect.arrayContaining([
        'tmp/index/files.idx',
        'tmp/index/trees',
        'tmp/index/discovered.json',
        'cache/objects.idx',
      ]),
    );
    const before = ofTheUser(w);
    for (const file of files) damage(file);
    const { code, stderr } = await w.run('repro');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^Nothing to do: 2 stages are up to date\n$/),
    });
    expect(ofTheUser(w)).toEqual(before);
    for (const file of files) if (existsSync(file)) damage(file);
    w.remove('tree');
    expect(await w.repro()).toEqual({ kept: ['upper'], restored: ['tree'] });
    w.write('in.txt', 'bye\n');
    for (const file of files) if (existsSync(file)) damage(file);
    expect(await w.repro()).toEqual({ ran: ['tree', 'upper'] });
    expect(cacheFaults(w)).toEqual([]);
  });

  test('includes what the run cache remembers', async () => {
    await using w = await done();
    w.write('in.txt', 'bye\n');
    await w.repro();
    w.write('in.txt', 'hello\n');
    for (const file of filesBelow(w.path('.lockstep/cache/runs'))) writeFileSync(file, GARBAGE);
    expect(await w.repro()).toEqual({ ran: ['tree', 'upper'] });
    expect(w.read('tree/3')).toBe('3\nHELLO\n');
  });
});

describe('a lockfile', () => {
  test.each([
    ['cut off in the middle of an entry', (text: string) => text.slice(0, text.indexOf('digest: sha256:') + 40)],
    ['that is not YAML', () => 'stages: {a: [}\n'],
    [
      'with conflict markers',
      (text: string) => text.replace('stages:\n', '<<<<<<< ours\nstages:\n=======\n>>>>>>> theirs\n'),
    ],
    ['with bytes of something else', () => GARBAGE.toString('latin1')],
  ])('%s is shown with the way out, and nothing is lost', async (_, damage) => {
    await using w = await done();
    const sound = w.read('pipeline.lock');
    w.write('pipeline.lock', damage(sound));
    const before = ofTheUser(w);
    const { code, stderr } = await w.run('repro');
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toMatch(/^error: .*lockfile\n\npipeline\.lock:\d+:\d+: /);
    expect(stderr).toMatch(/hint: .*(restore the file from git, or delete it|take one side whole)/);
    expect(ofTheUser(w)).toEqual(before);
    w.remove('pipeline.lock');
    expect((await w.run('repro')).code).toBe(0);
    expect(w.read('pipeline.lock')).toBe(sound);
    expect(treeOf(w.root, OUTS)).toEqual(
      Object.fromEntries(Object.entries(before).filter(([path]) => /^(upper|tree)/.test(path))),
    );
  });

  test('of a newer lockstep is left alone', async () => {
    await using w = await done();
    w.write('pipeline.lock', w.read('pipeline.lock').replace('lockfile: 1', 'lockfile: 2'));
    const before = ofTheUser(w);
    const { code, stderr } = await w.run('repro');
    expect(code).toBe(2);
    expect(stderr).toContain('pipeline.lock:2:1: made by a newer lockstep');
    expect(stderr).toContain('hint: install the lockstep that the project uses');
    expect(ofTheUser(w)).toEqual(before);
  });
});

/** Turns one bit, and lets the file look as it did: its size, its mode and its times are the same. */
function turnBit(file: string): void {
  const { mode, atime, mtime } = statSync(file);
  const bytes = readFileSync(file);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  chmodSync(file, 0o644);
  writeFileSync(file, bytes);
  chmodSync(file, mode);
  utimesSync(file, atime, mtime);
}

function objectOf(w: Workspace, stage: string): string {
  const [out] = lockedOuts(w).get(stage) ?? [];
  return w.path(join('.lockstep/cache/sha256', objectName(out?.digest ?? '')));
}

describe('an object with one bit turned, its times and mode as before', () => {
  test.each([
    ['of a file', (w: Workspace) => objectOf(w, 'upper'), 'upper.txt', 'upper'],
    ['of a listing', (w: Workspace) => `${objectOf(w, 'tree')}.tree`, 'tree', 'tree'],
    [
      'of a file in a directory',
      (w: Workspace) => {
        const listing = readFileSync(`${objectOf(w, 'tree')}.tree`, 'utf8');
        return w.path(join('.lockstep/cache/sha256', objectName(/sha256:[0-9a-f]{64}/.exec(listing)?.[0] ?? '')));
      },
      'tree',
      'tree',
    ],
  ] as const)('%s is not handed out', async (_, find, out, stage) => {
    await using w = await done();
    const before = treeOf(w.root, OUTS);
    const object = find(w);
    turnBit(object);
    w.remove(out);
    const { code, stderr } = await w.run('repro');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(new RegExp(`${stage} .*corrupt`));
    expect(treeOf(w.root, OUTS)).toEqual(before);
    expect(readdirSync(w.path('.lockstep/cache/corrupt'))).toHaveLength(1);
    expect(existsSync(object)).toBe(true);
    w.remove('.lockstep/cache/corrupt');
    expect(cacheFaults(w)).toEqual([]);
    w.remove(out);
    expect(await w.repro()).toMatchObject({ restored: [stage] });
    expect(treeOf(w.root, OUTS)).toEqual(before);
  });

  test('through a hard link from the workspace is not handed out', async () => {
    await using w = workspace({ ...FILES, '.lockstep/config.yaml': 'cache: {link: [hardlink, copy]}\n' });
    await w.repro();
    expect(statSync(w.path('upper.txt')).nlink).toBe(2);
    turnBit(w.path('upper.txt'));
    w.remove('upper.txt');
    expect(await w.repro()).toEqual({ kept: ['tree'], ran: ['upper'], reproduced: ['upper'] });
    expect(w.read('upper.txt')).toBe('HELLO\n');
  });
});
