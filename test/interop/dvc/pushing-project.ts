import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProjectRig, project } from '../../support/rig.ts';
import { REAL_DVC } from './real-dvc.ts';

const FILES = {
  'dvc.yaml':
    'stages:\n  one: {cmd: "mkdir -p d/sub; cp in one; cp in d/a; echo b > d/sub/b", deps: [in], outs: [one, d]}\n',
  in: 'data\n',
};

export function dvc(p: ProjectRig, ...args: string[]): string {
  const env = { ...process.env, HOME: p.root, DVC_NO_ANALYTICS: '1', DVC_SITE_CACHE_DIR: p.path('.site') };
  return execFileSync(REAL_DVC?.program ?? '', args, { cwd: p.root, env, encoding: 'utf8', stdio: 'pipe' });
}

/** A DVC project with a stage that ran, data that was added, and a remote called `store`. */
export async function dvcProject(address: string): Promise<ProjectRig> {
  const p = await project(FILES);
  p.write('.gitignore', '/remote\n/.site\n/.ssh\n');
  p.commit();
  p.write('set/x', 'x\n');
  p.write('set/y', 'y\n');
  dvc(p, 'init', '-q');
  dvc(p, 'remote', 'add', '-q', '-d', 'store', address);
  dvc(p, 'add', '-q', 'set');
  dvc(p, 'repro', '-q');
  p.commit('results');
  return p;
}

export function cloneOf(p: ProjectRig): ProjectRig {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-clone-')));
  execFileSync('git', ['clone', '-q', p.root, root]);
  return new ProjectRig(root);
}
