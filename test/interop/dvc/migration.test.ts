import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../../support/rig.ts';
import { REAL_DVC } from './real-dvc.ts';

const UP_TO_DATE = 'Data and pipelines are up to date.\n';

const STAGES = `stages:
  prepare:
    cmd: mkdir -p prepared && cp data/data.xml prepared/train && cp -r raw prepared/raw
    deps: [data/data.xml, raw]
    params: [prepare.seed]
    outs: [prepared]
  train:
    cmd: cat prepared/train > model.pkl
    deps: [prepared]
    params: [train, {other.toml: }]
    outs: [model.pkl]
  evaluate:
    foreach: [a, b]
    do:
      cmd: mkdir -p eval && echo '{"acc":0.5}' > eval/\${item}.json
      deps: [model.pkl]
      metrics:
        - eval/\${item}.json: {cache: false}
`;

function dvc(rig: ProjectRig, ...args: readonly string[]): string {
  const env = { PATH: process.env.PATH, HOME: rig.root, DVC_NO_ANALYTICS: '1' };
  return execFileSync(REAL_DVC?.program ?? 'dvc', args, { cwd: rig.root, env, encoding: 'utf8' });
}

/** A project as real DVC makes it, run by real DVC. */
async function dvcProject(): Promise<ProjectRig> {
  const rig = await project({
    'data/data.xml': 'rows\n',
    'raw/a.txt': 'a\n',
    'raw/sub/ü.txt': 'ü\n',
    'params.yaml': 'prepare: {seed: 20170428}\ntrain:\n  lr: 5e-05\n  opts: {b: 1, a: [1, 2.0]}\n',
    'other.toml': '[table]\nkey = 1\n',
    'dvc.yaml': STAGES,
  });
  rmSync(rig.path('.lockstep'), { recursive: true });
  rig.git('init', '-q', '-b', 'main');
  dvc(rig, 'init', '-q');
  dvc(rig, 'add', '-q', 'data/data.xml', 'raw');
  dvc(rig, 'repro', '-q');
  rig.commit();
  return rig;
}

describe.skipIf(REAL_DVC === undefined)('a project that changes hands', { timeout: 180_000 }, () => {
  test('what DVC ran is up to date in a native project, and after the way back to DVC again', async () => {
    await using p = await dvcProject();
    const lock = p.read('dvc.lock');
    const data = ['data/data.xml.dvc', 'raw.dvc'].map((path) => p.read(path));
    expect((await p.lockstep(['import-dvc'])).stderr).toContain('pipeline.lock: 4 of 4 entries proven anew');
    expect(await p.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
    p.commit();
    expect((await p.lockstep(['export-dvc'])).stderr).toContain('dvc.lock: 4 of 4 entries proven anew');
    expect(dvc(p, 'status')).toBe(UP_TO_DATE);
    expect(['data/data.xml.dvc', 'raw.dvc'].map((path) => p.read(path))).toEqual(data);
    expect(sortedBlocks(p.read('dvc.lock'))).toEqual(sortedBlocks(lock));
  });

  test('what was run natively meanwhile is up to date for DVC, and its cache has all of it', async () => {
    await using p = await dvcProject();
    await p.lockstep(['import-dvc']);
    p.write('params.yaml', p.read('params.yaml').replace('20170428', '7'));
    p.write('raw/sub/new.txt', 'new\n');
    p.write('data/data.xml', 'more rows\n');
    expect(await p.lockstep(['repro'])).toMatchObject({ code: 0 });
    p.commit();
    await p.lockstep(['export-dvc']);
    expect(dvc(p, 'status')).toBe(UP_TO_DATE);
    for (const path of ['data/data.xml', 'raw', 'prepared', 'model.pkl']) rmSync(p.path(path), { recursive: true });
    dvc(p, 'checkout', '-q');
    expect(readFileSync(p.path('model.pkl'), 'utf8')).toBe('more rows\n');
    expect(readFileSync(p.path('prepared/raw/sub/new.txt'), 'utf8')).toBe('new\n');
    expect(dvc(p, 'status')).toBe(UP_TO_DATE);
  });

  test('a native project that DVC never saw becomes one of DVC', async () => {
    await using p = await project({
      'pipeline.yaml':
        'stages:\n  one:\n    env: {A: b}\n    timeout: 1m\n    cmd: |\n      for i in 1 2; do\n        echo $i >> one\n      done\n    outs: [one]\n  two:\n    cmd: cp one two\n    deps: [one]\n    outs: [two]\n',
      '.lockstep/config.yaml': 'remotes:\n  store: {url: ../store}\nremote: store\n',
    });
    p.commit();
    expect(await p.lockstep(['repro'])).toMatchObject({ code: 0 });
    p.commit();
    expect(await p.lockstep(['export-dvc'])).toMatchObject({ code: 0 });
    expect(dvc(p, 'status')).toBe(UP_TO_DATE);
    expect(dvc(p, 'remote', 'list')).toContain('store');
    // The script of several lines is whole for DVC, too.
    rmSync(p.path('one'));
    dvc(p, 'repro', '-q', '-f');
    expect(p.read('two')).toBe('1\n2\n');
  });
});

/** DVC writes the stages in the order in which they ran. */
function sortedBlocks(lock: string): readonly string[] {
  return lock.split(/\n(?= {2}\S)/).sort();
}
