import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProjectRig } from '../../support/rig.ts';
import { cloneOf, dvc, dvcProject } from './pushing-project.ts';
import { REAL_DVC } from './real-dvc.ts';

async function inDirectory(): Promise<ProjectRig> {
  return await dvcProject('remote');
}

/** Its remote is still where that of the first one is. */
function cloneBeside(p: ProjectRig): ProjectRig {
  const clone = cloneOf(p);
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
  await using p = await inDirectory();
  dvc(p, 'push', '-q', '--run-cache');
  expect(JSON.parse((await p.lockstep(['status', '-c', '--json'])).stdout)).toEqual({});
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 0, runs: 0 });
  await using clone = cloneBeside(p);
  const { code, stdout } = await clone.lockstep(['pull', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ problems: [], runs: 1 });
  expect(code).toBe(0);
  expect([clone.read('one'), clone.read('d/sub/b'), clone.read('set/y')]).toEqual(['data\n', 'b\n', 'y\n']);
  expect((await clone.lockstep(['status', '-P', '--exit-code'])).code).toBe(0);
  expect(JSON.parse(dvc(clone, 'status', '--json'))).toEqual({});
});

test.skipIf(REAL_DVC === undefined)('what lockstep pushed is what DVC pushes, and DVC pulls it', async () => {
  await using p = await inDirectory();
  expect(await p.lockstep(['push'])).toMatchObject({ code: 0 });
  const ours = objectsOf(p);
  rmSync(p.path('remote'), { recursive: true });
  dvc(p, 'push', '-q', '--run-cache');
  expect(objectsOf(p)).toEqual(ours);
  rmSync(p.path('remote'), { recursive: true });
  await p.lockstep(['push']);
  await using clone = cloneBeside(p);
  dvc(clone, 'pull', '-q', '--run-cache');
  expect([clone.read('one'), clone.read('d/sub/b'), clone.read('set/y')]).toEqual(['data\n', 'b\n', 'y\n']);
  expect(JSON.parse(dvc(clone, 'status', '-c', '--json'))).toEqual({});
});

test.skipIf(REAL_DVC === undefined)('repro --pull takes data and results from what DVC pushed', async () => {
  await using p = await dvcProject('remote');
  dvc(p, 'push', '-q', '--run-cache');
  await using clone = cloneBeside(p);
  const done = await clone.lockstep(['repro', '-P', '--pull', '--json']);
  const summary = JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '');
  expect(summary).toMatchObject({ ran: [], blocked: [] });
  expect([clone.read('one'), clone.read('d/sub/b'), clone.read('set/y')]).toEqual(['data\n', 'b\n', 'y\n']);
  expect(dvc(clone, 'status')).toContain('up to date');
  // By DVC's run cache alone.
  await using other = cloneBeside(p);
  rmSync(other.path('dvc.lock'));
  const again = await other.lockstep(['repro', '--pull', '--json']);
  expect(JSON.parse(again.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
    ran: [],
    restored: ['one'],
  });
});
