import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cacheFaults, lockedOuts, runsByStatus, sha256 } from './proofs.ts';
import { isRoot, SmallDisk, whyNoSmallDisk } from './small-disk.ts';
import { notTested, type Workspace, workspace } from './support.ts';

const reason = whyNoSmallDisk();
if (reason !== undefined) notTested('a full disk', reason);

const LARGE = 'yes large | head -c 3000000';

const PIPELINE = `stages:
  small: {cmd: cp in.txt small.txt, deps: [in.txt], outs: [small.txt]}
  large: {cmd: "${LARGE} > large.bin", deps: [small.txt], outs: [large.bin]}
  tree: {cmd: "mkdir tree; for n in 1 2 3 4 5; do ${LARGE} > tree/$n; echo $n >> tree/$n; done", deps: [small.txt], outs: [tree]}
  after: {cmd: "cat large.bin tree/* | cksum > after.txt", deps: [large.bin, tree], outs: [after.txt]}
`;

const FILES = { 'pipeline.yaml': PIPELINE, 'in.txt': 'hello\n', '.lockstep/config.yaml': 'grace: 0.3\n' };
const CACHE_ELSEWHERE = { '.lockstep/config.yaml': 'cache: {dir: disk/cache}\ngrace: 0.3\n' };

async function completes(w: Workspace, cacheDir: string): Promise<void> {
  const { code, stderr } = await w.run('repro');
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect([...lockedOuts(w).keys()]).toEqual(['after', 'large', 'small', 'tree']);
  expect(cacheFaults(w, cacheDir)).toEqual([]);
  expect(readdirSync(`${cacheDir}/tmp`)).toEqual([]);
  expect(runsByStatus(w)).not.toHaveProperty('RUNNING');
  expect(sha256(w.read('large.bin'))).toBe(sha256('large\n'.repeat(500_000)));
}

describe.skipIf(reason !== undefined)('a full disk', () => {
  test('of the cache is named, leaves no half object, and is no trouble once there is space', async () => {
    await using w = workspace({ ...FILES, ...CACHE_ELSEWHERE });
    using disk = new SmallDisk(w.path('disk'), '2m');
    const { code, stderr } = await w.run('repro', '-j', '1');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toContain(`cannot write to the cache ${w.path('disk/cache')}: no space left on the device`);
    expect(stderr).toMatch(/free some space/);
    expect([...lockedOuts(w).keys()]).toEqual(['small']);
    expect(cacheFaults(w, w.path('disk/cache'))).toEqual([]);
    expect(readdirSync(w.path('disk/cache/tmp'))).toEqual([]);
    expect(runsByStatus(w)).not.toHaveProperty('RUNNING');
    disk.change('size=40m');
    await completes(w, w.path('disk/cache'));
  });

  test('ends what runs beside, and leaves nothing running', async () => {
    await using w = workspace({
      ...FILES,
      ...CACHE_ELSEWHERE,
      'pipeline.yaml': `stages:
  patient: {cmd: "touch waits; until test -e go; do sleep 0.02; done; touch done.txt", outs: [done.txt]}
  large: {cmd: "until test -e waits; do sleep 0.02; done; ${LARGE} > large.bin", outs: [large.bin]}
`,
    });
    using _disk = new SmallDisk(w.path('disk'), '1m');
    const { code, stderr } = await w.run('repro', '-j', '2');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toContain('no space left on the device');
    expect(await w.stageProcesses()).toEqual([]);
    expect(w.has('done.txt')).toBe(false);
    expect(runsByStatus(w)).not.toHaveProperty('RUNNING');
  });

  test('of .lockstep itself is named, and is no trouble once there is space', async () => {
    await using w = workspace({ ...FILES, '.lockstep/config.yaml': '' });
    using disk = new SmallDisk(w.path('.lockstep'), '3m');
    w.write('.lockstep/config.yaml', 'grace: 0.3\n');
    const { code, stderr } = await w.run('repro', '-j', '1');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(/no space left on the device|database or disk is full/);
    expect(stderr).not.toMatch(/bug in lockstep/);
    expect(cacheFaults(w)).toEqual([]);
    disk.change('size=40m');
    await completes(w, w.path('.lockstep/cache'));
  });

  test('that a stage fills with its output fails that stage, and says why', async () => {
    await using w = workspace({
      'pipeline.yaml': `stages: {chatty: {cmd: "${LARGE}; echo done > out.txt", outs: [out.txt]}}\n`,
    });
    using disk = new SmallDisk(w.path('.lockstep'), '2m');
    const { code, stderr } = await w.run('repro', '-q');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(/no space left on the device/);
    expect(await w.stageProcesses()).toEqual([]);
    disk.change('size=40m');
    expect(await w.repro()).toEqual({ ran: ['chatty'] });
    expect(runsByStatus(w)).not.toHaveProperty('RUNNING');
  });

  test('full to the last byte from the start stops it before a stage runs', async () => {
    await using w = workspace(FILES);
    using disk = new SmallDisk(w.path('.lockstep'), '64k');
    w.write('.lockstep/ballast', '');
    execFileSync('sh', ['-c', 'yes | dd of=ballast bs=1k 2>/dev/null || :'], { cwd: w.path('.lockstep') });
    const { code, stderr } = await w.run('repro');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(/no space left on the device|disk is full|ENOSPC/);
    expect(w.has('small.txt')).toBe(false);
    w.remove('.lockstep/ballast');
    disk.change('size=40m');
    await completes(w, w.path('.lockstep/cache'));
  });
});

describe('a cache that cannot be written to', () => {
  const unguardable = isRoot ? reason : undefined;
  if (unguardable !== undefined) notTested('a read-only cache', `permissions do not bind root, and ${unguardable}`);

  /** Made read-only by its file system where permissions do not bind, else by its permissions. */
  function guardable(w: Workspace): { guard(): void; unguard(): void } & Disposable {
    if (!isRoot) {
      const chmod = (mode: string) => execFileSync('chmod', ['-R', mode, w.path('disk/cache')]);
      const unguard = () => void chmod('u+w');
      return { guard: () => void chmod('a-w'), unguard, [Symbol.dispose]: unguard };
    }
    const disk = new SmallDisk(w.path('disk'), '40m');
    return { guard: () => disk.change('ro'), unguard: () => disk.change('rw'), [Symbol.dispose]: () => disk.remove() };
  }

  test.skipIf(unguardable !== undefined)('restores and keeps, and says so when it would have to write', async () => {
    await using w = workspace({ ...FILES, ...CACHE_ELSEWHERE });
    using cache = guardable(w);
    expect(await w.repro()).toEqual({ ran: ['after', 'large', 'small', 'tree'] });
    cache.guard();
    w.remove('tree');
    expect(await w.repro()).toEqual({ kept: ['after', 'large', 'small'], restored: ['tree'] });
    w.write('in.txt', 'bye\n');
    const { code, stderr } = await w.run('repro');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(/cannot write to the cache .*: (the file system is read-only|permission denied)/);
    expect(cacheFaults(w, w.path('disk/cache'))).toEqual([]);
    cache.unguard();
    await completes(w, w.path('disk/cache'));
    expect(w.read('small.txt')).toBe('bye\n');
  });
});
