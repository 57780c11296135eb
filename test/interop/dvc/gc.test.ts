import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ProjectRig, project } from '../../support/rig.ts';
import { REAL_DVC } from './real-dvc.ts';

const FILES = {
  'dvc.yaml':
    'stages:\n  one: {cmd: "mkdir -p d/sub; cp in one; cp in d/a; echo b > d/sub/b", deps: [in], outs: [one, d]}\n',
  in: 'data\n',
};

function dvc(p: ProjectRig, ...args: string[]): string {
  const env = { ...process.env, HOME: p.root, DVC_NO_ANALYTICS: '1', DVC_SITE_CACHE_DIR: p.path('.site') };
  return execFileSync(REAL_DVC?.program ?? '', args, { cwd: p.root, env, encoding: 'utf8', stdio: 'pipe' });
}

function filesBelow(p: ProjectRig, path: string): readonly string[] {
  if (!existsSync(p.path(path))) return [];
  const all = readdirSync(p.path(path), { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Data and results of two states, made by DVC, the first of which is nobody's any more. */
async function twoStates() {
  const p = await project(FILES);
  p.write('.gitignore', '/.site\n');
  p.commit();
  dvc(p, 'init', '-q');
  for (const text of ['first\n', 'second\n']) {
    p.write('in', text);
    p.write('set/x', text);
    p.write('set/y', 'y\n');
    dvc(p, 'add', '-q', 'set');
    dvc(p, 'repro', '-q');
  }
  p.commit('results');
  return p;
}

test.skipIf(REAL_DVC === undefined)(
  'after lockstep gc, DVC finds all that it needs, and removes nothing more',
  async () => {
    await using p = await twoStates();
    const before = filesBelow(p, '.dvc/cache/files/md5').length;
    const { code, stdout } = await p.lockstep(['gc', '-w', '-f', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).removed).toMatchObject({ directories: { count: 2 }, records: { count: 1 } });
    const left = filesBelow(p, '.dvc/cache/files/md5');
    expect(left.length).toBe(before - JSON.parse(stdout).removed.files.count - 2);
    dvc(p, 'gc', '-w', '-f', '-q');
    expect(filesBelow(p, '.dvc/cache/files/md5')).toEqual(left);
    for (const path of ['set', 'one', 'd']) rmSync(p.path(path), { recursive: true });
    dvc(p, 'checkout', '-q');
    expect([p.read('one'), p.read('d/sub/b'), p.read('set/x')]).toEqual(['second\n', 'b\n', 'second\n']);
    expect(JSON.parse(dvc(p, 'status', '--json'))).toEqual({});
    expect((await p.lockstep(['status', '--exit-code'])).code).toBe(0);
    expect(JSON.parse((await p.lockstep(['fsck', '--json'])).stdout)).toMatchObject({
      problems: [],
      unneeded: { count: 0 },
    });
  },
);

test.skipIf(REAL_DVC === undefined)(
  'what DVC does not take for an object stays, and what lockstep puts there does not trouble DVC',
  async () => {
    await using p = await twoStates();
    p.write('.dvc/cache/files/md5/notes', 'mine');
    p.write('.dvc/cache/README', 'mine');
    expect((await p.lockstep(['gc', '-w', '-f'])).code).toBe(0);
    expect([p.read('.dvc/cache/files/md5/notes'), p.read('.dvc/cache/README')]).toEqual(['mine', 'mine']);
    expect(existsSync(p.path('.lockstep/cache-users/lock'))).toBe(true);
    dvc(p, 'remote', 'add', '-q', '-d', 'store', 'remote');
    dvc(p, 'push', '-q', '--run-cache');
    dvc(p, 'gc', '-w', '-c', '-f', '-q');
    expect(existsSync(p.path('.lockstep/cache-users/lock'))).toBe(true);
    expect(JSON.parse(dvc(p, 'status', '-c', '--json'))).toEqual({});
  },
);

test.skipIf(REAL_DVC === undefined)(
  'another workspace on the same cache loses its data to DVC, not to lockstep',
  async () => {
    await using p = await twoStates();
    await using other = await project({ ...FILES, in: 'theirs\n' });
    other.write('.gitignore', '/.site\n');
    other.commit();
    dvc(other, 'init', '-q');
    dvc(other, 'cache', 'dir', '-q', p.path('.dvc/cache'));
    expect((await other.lockstep(['repro'])).code).toBe(0);
    expect(await p.lockstep(['gc', '-w', '-f'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(other.root),
    });
    for (const path of ['one', 'd']) rmSync(other.path(path), { recursive: true });
    dvc(other, 'checkout', '-q');
    expect(other.read('one')).toBe('theirs\n');
    dvc(p, 'gc', '-w', '-f', '-q');
    rmSync(other.path('one'));
    expect(() => dvc(other, 'checkout', '-q')).toThrow('checkout');
    expect(existsSync(other.path('one'))).toBe(false);
  },
);
