import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ProjectRig, project } from '../../support/rig.ts';
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

async function dvcProject() {
  const p = await project(FILES);
  p.write('.gitignore', '/remote\n/.site\n');
  p.commit();
  p.write('set/x', 'x\n');
  p.write('set/y', 'y\n');
  dvc(p, 'init', '-q');
  dvc(p, 'remote', 'add', '-q', '-d', 'store', 'remote');
  dvc(p, 'add', '-q', 'set');
  dvc(p, 'repro', '-q');
  p.commit('results');
  return p;
}

function cloneOf(p: ProjectRig): ProjectRig {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-clone-')));
  execFileSync('git', ['clone', '-q', p.root, root]);
  const clone = new ProjectRig(root);
  clone.write('.dvc/config.local', `['remote "store"']\n    url = ${p.path('remote')}\n`);
  return clone;
}

function objectsOf(p: ProjectRig): readonly string[] {
  const all = readdirSync(p.path('remote'), { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

test.skipIf(REAL_DVC === undefined)('what DVC pushed, lockstep pulls, and both find nothing to do', async () => {
  await using p = await dvcProject();
  dvc(p, 'push', '-q', '--run-cache');
  expect(JSON.parse((await p.lockstep(['status', '-c', '--json'])).stdout)).toEqual({});
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 0, runs: 0 });
  await using clone = cloneOf(p);
  const { code, stdout } = await clone.lockstep(['pull', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ problems: [], runs: 1 });
  expect(code).toBe(0);
  expect([clone.read('one'), clone.read('d/sub/b'), clone.read('set/y')]).toEqual(['data\n', 'b\n', 'y\n']);
  expect((await clone.lockstep(['status', '-P', '--exit-code'])).code).toBe(0);
  expect(JSON.parse(dvc(clone, 'status', '--json'))).toEqual({});
});

test.skipIf(REAL_DVC === undefined)('what lockstep pushed is what DVC pushes, and DVC pulls it', async () => {
  await using p = await dvcProject();
  expect(await p.lockstep(['push'])).toMatchObject({ code: 0 });
  const ours = objectsOf(p);
  rmSync(p.path('remote'), { recursive: true });
  dvc(p, 'push', '-q', '--run-cache');
  expect(objectsOf(p)).toEqual(ours);
  rmSync(p.path('remote'), { recursive: true });
  await p.lockstep(['push']);
  await using clone = cloneOf(p);
  dvc(clone, 'pull', '-q', '--run-cache');
  expect([clone.read('one'), clone.read('d/sub/b'), clone.read('set/y')]).toEqual(['data\n', 'b\n', 'y\n']);
  expect(JSON.parse(dvc(clone, 'status', '-c', '--json'))).toEqual({});
});

test.skipIf(REAL_DVC === undefined)('repro --pull takes data and results from what DVC pushed', async () => {
  await using p = await dvcProject();
  dvc(p, 'push', '-q', '--run-cache');
  await using clone = cloneOf(p);
  const done = await clone.lockstep(['repro', '-P', '--pull', '--json']);
  const summary = JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '');
  expect(summary).toMatchObject({ ran: [], blocked: [] });
  expect([clone.read('one'), clone.read('d/sub/b'), clone.read('set/y')]).toEqual(['data\n', 'b\n', 'y\n']);
  expect(dvc(clone, 'status')).toContain('up to date');
  // By DVC's run cache alone.
  await using other = cloneOf(p);
  rmSync(other.path('dvc.lock'));
  const again = await other.lockstep(['repro', '--pull', '--json']);
  expect(JSON.parse(again.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    ran: [],
    restored: ['one'],
  });
});
