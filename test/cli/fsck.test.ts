import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `
stages:
  one: {cmd: cp in one, deps: [in], outs: [one]}
  two: {cmd: "mkdir -p two/sub; cp in two/a; echo same > two/sub/b", deps: [one, in], outs: [two]}
`,
  in: 'bytes\n',
};

async function made(files: Readonly<Record<string, string>> = FILES): Promise<ProjectRig> {
  const p = await project(files);
  p.commit();
  expect((await p.lockstep(['repro'])).code).toBe(0);
  return p;
}

function objectsOf(p: ProjectRig, cache = '.lockstep/cache/sha256'): readonly string[] {
  const all = readdirSync(p.path(cache), { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Changes one bit, in the same inode, and puts the time back. */
function flip(file: string, bit = 0): void {
  const { atime, mtime, mode } = statSync(file);
  const bytes = readFileSync(file);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  chmodSync(file, 0o644);
  writeFileSync(file, bytes);
  utimesSync(file, atime, mtime);
  chmodSync(file, mode);
}

function hexOf(file: string): string {
  return file
    .slice(file.lastIndexOf('/') - 2)
    .replace('/', '')
    .replace('.tree', '');
}

interface Problem {
  readonly problem: string;
  readonly digest: string;
  readonly paths: readonly string[];
  readonly neededBy: readonly string[];
  readonly repaired: string | null;
  readonly advice: string | null;
}

async function fsck(p: ProjectRig, ...args: string[]) {
  const { code, stdout, stderr } = await p.lockstep(['fsck', '--json', ...args]);
  expect(stderr).toBe('');
  return { code, ...(JSON.parse(stdout) as { checked: number; problems: readonly Problem[]; [key: string]: unknown }) };
}

describe('fsck', () => {
  test('finds nothing in a whole cache', async () => {
    await using p = await made();
    expect(await fsck(p)).toMatchObject({ code: 0, problems: [], records: [], database: null, unneeded: { count: 0 } });
    const { stdout } = await p.lockstep(['fsck']);
    expect(stdout).toMatch(/^\d+ objects read, 0 corrupt, 0 missing\n$/);
  });

  test('finds a flipped bit in any object, names who needs it, and nothing hands it out any more', async () => {
    await using p = await made();
    const count = objectsOf(p).length;
    expect(count).toBe(4);
    for (const [at, file] of objectsOf(p).entries()) {
      const whole = readFileSync(file);
      flip(file, at * 3);
      const found = await fsck(p);
      expect(found).toMatchObject({ code: 1, checked: count });
      expect(found.problems).toMatchObject([{ problem: 'corrupt', digest: `sha256:${hexOf(file)}` }]);
      const { neededBy = [] } = found.problems[0] ?? {};
      expect(neededBy.length).toBeGreaterThan(0);
      expect(existsSync(file)).toBe(false);
      for (const path of ['one', 'two']) rmSync(p.path(path), { recursive: true });
      await p.lockstep(['checkout']);
      expect((await p.lockstep(['repro'])).code).toBe(0);
      expect([p.read('one'), p.read('two/a'), p.read('two/sub/b')]).toEqual(['bytes\n', 'bytes\n', 'same\n']);
      // Stages make their outs again; what only a run has, its environment, is gone for good.
      expect(existsSync(file)).toBe(neededBy.some((by) => !by.startsWith('run ')));
      if (!existsSync(file)) writeFileSync(file, whole);
    }
  });

  test('names the object, its paths, the stages that need it, and what to do', async () => {
    await using p = await made();
    const file = objectsOf(p).find((one) => readFileSync(one, 'utf8') === 'bytes\n') ?? '';
    flip(file);
    for (const path of ['one', 'two']) rmSync(p.path(path), { recursive: true });
    const { code, stdout } = await p.lockstep(['fsck']);
    expect(code).toBe(1);
    expect(stdout.replaceAll(/run [0-9a-f]{8}/g, 'run ID').replace(hexOf(file), 'HEX')).toMatchInlineSnapshot(`
      "corrupt sha256:HEX
        is one, two/a
        needed by one, two, run ID, run ID
        lockstep repro one two makes it again
      4 objects read, 1 corrupt, 0 missing
      "
    `);
    expect((await fsck(p)).problems).toMatchObject([{ problem: 'missing', digest: `sha256:${hexOf(file)}` }]);
  });

  test('a bit that the disk flipped behind the back of all stats is found and set aside', async () => {
    await using p = await made();
    const file = objectsOf(p).find((one) => readFileSync(one, 'utf8') === 'same\n') ?? '';
    const index = readFileSync(p.path('.lockstep/cache/objects.idx'));
    flip(file);
    // As if the stat were still the one that was remembered: then only the bytes can tell.
    const stat = statSync(file, { bigint: true });
    p.write('.lockstep/cache/objects.idx', Buffer.concat([index, recordOf(file, stat)]));
    rmSync(p.path('two'), { recursive: true });
    expect((await fsck(p)).problems).toMatchObject([
      { problem: 'corrupt', paths: ['two/sub/b'], neededBy: ['two', expect.any(String)] },
    ]);
    expect((await p.lockstep(['checkout', 'two'])).code).toBe(1);
    expect((await p.lockstep(['repro'])).code).toBe(0);
    expect(p.read('two/sub/b')).toBe('same\n');
  });
});

/** What the object index has of a file that was found whole. */
function recordOf(file: string, stat: { size: bigint; ino: bigint; mtimeNs: bigint; ctimeNs: bigint }): Buffer {
  const record = Buffer.alloc(80);
  record.writeUInt32LE(0x6a624f4c, 0);
  record.write(hexOf(file), 16, 'hex');
  record.writeBigUInt64LE(stat.size, 48);
  record.writeBigUInt64LE(stat.ino, 56);
  record.writeBigInt64LE(stat.mtimeNs, 64);
  record.writeBigInt64LE(stat.ctimeNs, 72);
  let check = 0x811c9dc5;
  for (let at = 8; at < 80; at += 4) check = Math.imul(check ^ record.readInt32LE(at), 0x01000193);
  record.writeUInt32LE(check >>> 0, 4);
  return record;
}

describe('fsck --repair', () => {
  test('takes objects from files of the workspace that have the very bytes', async () => {
    await using p = await made();
    for (const file of objectsOf(p)) {
      const text = readFileSync(file, 'utf8');
      if (text === 'bytes\n' || text === 'same\n' || file.endsWith('.tree')) flip(file);
    }
    const repaired = await fsck(p, '--repair');
    expect(repaired.problems.map((one) => [one.problem, one.repaired])).toEqual([
      ['corrupt', 'workspace'],
      ['corrupt', 'workspace'],
      ['corrupt', 'workspace'],
    ]);
    expect(repaired.code).toBe(0);
    expect(await fsck(p)).toMatchObject({ code: 0, problems: [] });
    for (const path of ['one', 'two']) rmSync(p.path(path), { recursive: true });
    expect((await p.lockstep(['checkout'])).code).toBe(0);
  });

  test('fetches them from a remote where the workspace has other bytes or none', async () => {
    await using p = await made();
    await p.lockstep(['remote', 'add', '-d', 'store', p.path('remote')]);
    expect((await p.lockstep(['push'])).code).toBe(0);
    rmSync(p.path('two'), { recursive: true });
    p.write('one', 'edited');
    for (const file of objectsOf(p)) {
      if (file.endsWith('.tree')) rmSync(file);
      else if (readFileSync(file, 'utf8').length < 10) flip(file);
    }
    const advised = await p.lockstep(['fsck']);
    expect(advised.stdout).toContain('lockstep fsck --repair looks for it on the remote store');
    const { code, problems } = await fsck(p, '--repair');
    expect(problems.map(({ repaired }) => repaired)).toEqual(['remote', 'remote', 'remote']);
    expect(code).toBe(0);
    expect(await fsck(p)).toMatchObject({ code: 0, problems: [] });
    expect(p.read('one')).toBe('edited');
    expect((await p.lockstep(['checkout', 'two'])).code).toBe(0);
    expect(p.read('two/sub/b')).toBe('same\n');
  });

  test('says which stages have to run where nobody has the bytes, and their run makes all well', async () => {
    await using p = await made();
    const file = objectsOf(p).find((one) => readFileSync(one, 'utf8') === 'same\n') ?? '';
    flip(file);
    rmSync(p.path('two'), { recursive: true });
    const { code, problems } = await fsck(p, '--repair');
    expect(code).toBe(1);
    expect(problems[0]).toMatchObject({ repaired: null, advice: 'lockstep repro two makes it again' });
    const { stdout } = await p.lockstep(['repro', '--json']);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ ran: ['two'], kept: ['one'] });
    expect(await fsck(p)).toMatchObject({ code: 0, problems: [] });
  });

  test('removes records of the run cache that cannot be read, and tells of a damaged database', async () => {
    await using p = await made();
    const [record = ''] = objectsOf(p, '.lockstep/cache/runs');
    flip(record, 300);
    expect(await fsck(p)).toMatchObject({ code: 1, records: [{ removed: false }] });
    expect(await fsck(p, '--repair')).toMatchObject({ code: 0, records: [{ removed: true }] });
    expect(await fsck(p)).toMatchObject({ code: 0, records: [] });
    for (const suffix of ['', '-wal', '-shm']) rmSync(p.path(`.lockstep/lockstep.db${suffix}`), { force: true });
    p.write('.lockstep/lockstep.db', 'SQLite format 3\0 and then nothing of it'.repeat(200));
    expect(await fsck(p)).toMatchObject({ code: 1, problems: [], database: expect.stringContaining('database') });
    expect((await p.lockstep(['fsck'])).stdout).toContain('damaged .lockstep/lockstep.db');
  });
});

test('in a DVC project both caches are read, and what DVC calls its objects is what they are checked by', async () => {
  await using p = await project({
    'dvc.yaml': FILES['pipeline.yaml'],
    in: FILES.in,
    '.dvc/config': '',
  });
  rmSync(p.path('.lockstep'), { recursive: true });
  mkdirSync(p.path('.lockstep'));
  p.commit();
  expect((await p.lockstep(['repro'])).code).toBe(0);
  expect(await fsck(p)).toMatchObject({ code: 0, problems: [], unneeded: { count: 0 } });
  const files = objectsOf(p, '.dvc/cache/files/md5');
  const listing = files.find((file) => file.endsWith('.dir')) ?? '';
  flip(listing);
  const { problems } = await fsck(p, '--repair');
  expect(problems).toMatchObject([{ problem: 'corrupt', kind: 'tree', paths: ['two'], repaired: 'workspace' }]);
  // Objects where DVC 2 had them count as well.
  const file = files.find((one) => readFileSync(one, 'utf8') === 'same\n') ?? '';
  const old = file.replace('/files/md5/', '/');
  mkdirSync(join(old, '..'), { recursive: true });
  renameSync(file, old);
  expect(await fsck(p)).toMatchObject({ code: 0, problems: [] });
  flip(old);
  expect((await fsck(p)).problems).toMatchObject([{ problem: 'corrupt', paths: ['two/sub/b'] }]);
});

test('fsck can be interrupted', async () => {
  await using p = await made();
  const { code } = await p.lockstep(['fsck'], { signal: AbortSignal.abort() });
  expect(code).toBe(130);
});
