import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProjectRig } from '../../support/rig.ts';
import { REAL_SSHD, startSshd } from '../ssh/real-sshd.ts';
import { PASSWORD, REAL_WEBDAV, startWebdav, USER } from '../webdav/real-webdav.ts';
import { cloneOf, dvc, dvcProject } from './pushing-project.ts';
import { REAL_DVC } from './real-dvc.ts';

/** Whether this DVC can use such remotes. */
function hasPlugin(name: 'dvc_ssh' | 'dvc_webdav'): boolean {
  if (REAL_DVC === undefined) return false;
  try {
    execFileSync(REAL_DVC.python, ['-c', `import ${name}`], { stdio: 'pipe' });
    return true;
  } catch {
    console.warn(`skipped: the DVC to compare with has no ${name}`);
    return false;
  }
}

interface Elsewhere {
  readonly address: string;
  readonly options: Readonly<Record<string, string>>;
  /** A home with a login in it. */
  readonly home?: string;
  readonly stop: () => Promise<void>;
}

async function overSsh(): Promise<Elsewhere> {
  const { user, port, data, home, stop } = await startSshd();
  const options = { keyfile: join(home, '.ssh/id_ed25519') };
  return { address: `ssh://${user}@127.0.0.1:${port}${data}/project`, options, home, stop };
}

async function overWebdav(): Promise<Elsewhere> {
  const { port, data, stop } = await startWebdav();
  // DVC cannot make the directory of the address itself.
  mkdirSync(join(data, 'project'));
  return { address: `webdav://127.0.0.1:${port}/project`, options: { user: USER, password: PASSWORD }, stop };
}

const PLACES = [
  { name: 'SSH', isThere: REAL_SSHD !== undefined && hasPlugin('dvc_ssh'), start: overSsh },
  { name: 'WebDAV', isThere: REAL_WEBDAV !== undefined && hasPlugin('dvc_webdav'), start: overWebdav },
];

function prepare(p: ProjectRig, { options, home }: Elsewhere): ProjectRig {
  for (const [name, value] of Object.entries(options)) dvc(p, 'remote', 'modify', '--local', 'store', name, value);
  if (home !== undefined) cpSync(join(home, '.ssh'), p.path('.ssh'), { recursive: true });
  return p;
}

/** Each command of DVC takes seconds. */
const TIMEOUT = 120_000;

for (const { name, isThere, start } of PLACES) {
  test.skipIf(!isThere)(`over ${name} DVC pulls what lockstep pushed`, { timeout: TIMEOUT }, async () => {
    const place = await start();
    try {
      await using p = prepare(await dvcProject(place.address), place);
      expect(await p.lockstep(['push'])).toMatchObject({ code: 0 });
      await using clone = prepare(cloneOf(p), place);
      dvc(clone, 'pull', '-q', '--run-cache');
      expect([clone.read('one'), clone.read('d/sub/b'), clone.read('set/y')]).toEqual(['data\n', 'b\n', 'y\n']);
      expect(JSON.parse(dvc(clone, 'status', '-c', '--json'))).toEqual({});
    } finally {
      await place.stop();
    }
  });

  test.skipIf(!isThere)(`over ${name} lockstep pulls what DVC pushed`, { timeout: TIMEOUT }, async () => {
    const place = await start();
    try {
      await using p = prepare(await dvcProject(place.address), place);
      dvc(p, 'push', '-q', '--run-cache');
      expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 0, runs: 0 });
      await using clone = prepare(cloneOf(p), place);
      expect(JSON.parse((await clone.lockstep(['pull', '--json'])).stdout)).toMatchObject({ problems: [], runs: 1 });
      expect([clone.read('one'), clone.read('d/sub/b'), clone.read('set/y')]).toEqual(['data\n', 'b\n', 'y\n']);
    } finally {
      await place.stop();
    }
  });
}
