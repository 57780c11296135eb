import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const STAGES = `# what we do
stages:
  prepare:
    cmd: mkdir -p prepared && cp raw.txt prepared/a   # a copy
    deps: [raw.txt]
    params: [prepare]
    outs: [prepared]
  train:
    cmd: |
      cat prepared/a > model
      echo '{"accuracy": 0.5}' > scores.json
    deps: [prepared]
    outs: [model]
    metrics:
      - scores.json: {cache: false}
`;

const DATA = `outs:
- md5: 5d41402abc4b2a76b9719d911017c592
  size: 5
  hash: md5
  path: raw.txt
`;

/** A DVC project in which everything is up to date and committed. */
async function dvcProject(files: Readonly<Record<string, string>> = {}): Promise<ProjectRig> {
  const rig = await project({
    '.dvc/config': '',
    '.dvc/.gitignore': '/config.local\n/tmp\n/cache\n',
    '.gitignore': '/raw.txt\n',
    'dvc.yaml': STAGES,
    'params.yaml': 'prepare: {seed: 1, shuffle: true}\n',
    'raw.txt': 'hello',
    'raw.txt.dvc': DATA,
    ...files,
  });
  rig.commit();
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  expect(await rig.lockstep(['commit'])).toMatchObject({ code: 0 });
  rig.commit();
  return rig;
}

function snapshot(rig: ProjectRig): Readonly<Record<string, string>> {
  const entries = readdirSync(rig.root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const own = files.filter((file) => !/\/\.git\/|\.lockstep\/(tmp|lockstep\.db)/.test(file)).sort();
  return Object.fromEntries(own.map((file) => [file.slice(rig.root.length + 1), readFileSync(file, 'latin1')]));
}

describe('import-dvc', () => {
  test('everything is up to date afterwards, and the text of the pipeline is the same', async () => {
    await using p = await dvcProject();
    const { code, stderr } = await p.lockstep(['import-dvc']);
    expect(code).toBe(0);
    expect(stderr).toMatchInlineSnapshot(`
      "dvc.yaml → pipeline.yaml
        train: its cmd of several lines is one script here; DVC runs each line in a shell of its own
      pipeline.lock: 2 of 2 entries proven anew
      raw.txt.dvc: recorded anew
      removed dvc.yaml
      removed dvc.lock
      .dvc/ is as it was; DVC’s cache and run cache stay in it, for earlier commits and for the way back
      now: lockstep status, then git add -A && git commit
      "
    `);
    expect(p.read('pipeline.yaml')).toBe(STAGES);
    expect(p.read('.lockstep/config.yaml')).toBe('scheme: native\n');
    expect(p.read('raw.txt.dvc')).toContain('sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    expect(await p.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
    expect((await p.lockstep(['repro'])).stderr).toBe('Nothing to do: 3 stages are up to date\n');
    expect(existsSync(p.path('dvc.yaml'))).toBe(false);
    expect(existsSync(p.path('dvc.lock'))).toBe(false);
  });

  test('the new cache holds all that the new lockfile names', async () => {
    await using p = await dvcProject();
    await p.lockstep(['import-dvc']);
    rmSync(p.path('.dvc/cache'), { recursive: true });
    for (const path of ['raw.txt', 'prepared', 'model']) rmSync(p.path(path), { recursive: true });
    expect(await p.lockstep(['repro'])).toMatchObject({ code: 0 });
    expect(p.read('raw.txt')).toBe('hello');
    expect(p.read('model')).toBe('hello');
  });

  test('outs that are not on disk come from the cache, and are restored later', async () => {
    await using p = await dvcProject();
    for (const path of ['prepared', 'model']) rmSync(p.path(path), { recursive: true });
    expect((await p.lockstep(['import-dvc'])).stderr).toContain('pipeline.lock: 2 of 2 entries proven anew');
    rmSync(p.path('.dvc/cache'), { recursive: true });
    expect(await p.lockstep(['checkout'])).toMatchObject({ code: 0 });
    expect(p.read('prepared/a')).toBe('hello');
    expect(await p.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('an entry of which something is nowhere any more is left out and named', async () => {
    await using p = await dvcProject();
    p.write('model', 'edited');
    rmSync(p.path('.dvc/cache'), { recursive: true });
    const { stderr } = await p.lockstep(['import-dvc']);
    expect(stderr).toContain('pipeline.lock: 1 of 2 entries proven anew');
    expect(stderr).toContain('left out: train: model as it was is neither on disk nor in the cache');
    expect(p.read('pipeline.lock')).not.toContain('train:');
  });

  test('a change that was not yet run is still one afterwards', async () => {
    await using p = await dvcProject();
    p.write('prepared/a', 'edited');
    await p.lockstep(['import-dvc']);
    expect((await p.lockstep(['status', '--json'])).stdout).toContain('out-changed');
  });

  test('with --dry nothing is done, and the same is said', async () => {
    await using p = await dvcProject();
    const before = snapshot(p);
    const dry = await p.lockstep(['import-dvc', '--dry']);
    expect(dry.code).toBe(0);
    expect(snapshot(p)).toEqual(before);
    const done = await p.lockstep(['import-dvc']);
    const said = dry.stderr.replace(/^nothing was changed.*\n/, '');
    expect(done.stderr.startsWith(said)).toBe(true);
  });

  test('what git could not bring back is not replaced', async () => {
    await using p = await dvcProject();
    p.write('dvc.yaml', `${STAGES}# one more\n`);
    const before = snapshot(p);
    const { code, stderr } = await p.lockstep(['import-dvc']);
    expect(code).toBe(2);
    expect(stderr).toContain('dvc.yaml is not committed, and would be replaced or removed');
    expect(snapshot(p)).toEqual(before);
    expect(await p.lockstep(['import-dvc', '--force'])).toMatchObject({ code: 0 });
  });

  test('a second time there is nothing to do', async () => {
    await using p = await dvcProject();
    await p.lockstep(['import-dvc']);
    const before = snapshot(p);
    const { code, stderr } = await p.lockstep(['import-dvc']);
    expect([code, stderr]).toEqual([0, 'this is a native project already; nothing to do\n']);
    expect(snapshot(p)).toEqual(before);
  });

  test('one that was interrupted is finished by the next', async () => {
    await using p = await dvcProject();
    const before = snapshot(p);
    await p.lockstep(['import-dvc']);
    const after = snapshot(p);
    // As it is when the journal and the first of the new files are written, and no more.
    for (const path of ['dvc.yaml', 'dvc.lock', 'raw.txt.dvc']) p.write(path, before[path] ?? '');
    rmSync(p.path('pipeline.lock'));
    rmSync(p.path('.lockstep/config.yaml'));
    const writes = ['pipeline.yaml', 'pipeline.lock', 'raw.txt.dvc', '.lockstep/config.yaml'].map((path) => {
      return { path, text: Buffer.from(after[path] ?? '', 'latin1').toString() };
    });
    const journal = { command: 'import-dvc', writes, removes: ['dvc.yaml', 'dvc.lock'] };
    writeFileSync(p.path('.lockstep/tmp/migration.json'), JSON.stringify(journal));
    expect((await p.lockstep(['status'])).stderr).toContain('was interrupted, run it again');
    expect((await p.lockstep(['import-dvc'])).stderr).toBe('finished the import-dvc that was interrupted\n');
    expect(snapshot(p)).toEqual(after);
    expect(await p.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('remotes and cache are taken over, the machine’s own settings beside them', async () => {
    await using p = await dvcProject({
      '.dvc/config':
        '[core]\n    remote = store\n[cache]\n    type = hardlink,copy\n[\'remote "store"\']\n    url = ../remote\n',
      '.dvc/config.local': '[\'remote "store"\']\n    password = secret\n',
      '.lockstep/config.yaml': '# ours\njobs: 2\n',
    });
    expect((await p.lockstep(['import-dvc'])).stderr).toContain(
      ".lockstep/config.yaml: took over cache, remote, remote 'store'",
    );
    expect(p.read('.lockstep/config.yaml')).toMatchInlineSnapshot(`
      "# ours
      jobs: 2
      cache:
        link:
          - hardlink
          - copy
      remotes:
        store:
          url: remote
      remote: store
      scheme: native
      "
    `);
    expect(p.read('.lockstep/config.local.yaml')).toBe('remotes:\n  store:\n    password: secret\n');
    expect(await p.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('links into the one cache become links into the other', async () => {
    await using p = await dvcProject({ '.dvc/config': '[cache]\n    type = symlink\n' });
    await p.lockstep(['import-dvc']);
    rmSync(p.path('.dvc/cache'), { recursive: true });
    expect(p.read('model')).toBe('hello');
    expect(await p.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('outside of a DVC project it says so', async () => {
    await using p = await project({ 'pipeline.yaml': 'stages: {}\n' });
    expect(await p.lockstep(['import-dvc'])).toMatchObject({ code: 2 });
  });

  test('tracked data that is edited is recorded with the digest of the project', async () => {
    await using p = await dvcProject();
    await p.lockstep(['import-dvc']);
    p.write('raw.txt', 'other');
    expect(await p.lockstep(['repro'])).toMatchObject({ code: 0 });
    expect(p.read('raw.txt.dvc')).toContain('sha256: d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa');
    expect(p.read('model')).toBe('other');
  });
});

describe('export-dvc', () => {
  test('the way there and back leaves the files that were', async () => {
    const single = STAGES.replace(/cmd: \|[^}]*}'/, 'cmd: cat prepared/a | tee scores.json').replace(
      '> scores.json',
      '> model',
    );
    await using p = await dvcProject({ 'dvc.yaml': single });
    const before = snapshot(p);
    await p.lockstep(['import-dvc']);
    p.commit();
    expect(await p.lockstep(['export-dvc'])).toMatchObject({ code: 0 });
    const after = snapshot(p);
    for (const path of ['dvc.yaml', 'dvc.lock', 'raw.txt.dvc', '.dvc/config']) expect(after[path]).toBe(before[path]);
    expect(await p.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
    expect((await p.lockstep(['export-dvc'])).stderr).toBe('this is a DVC project already; nothing to do\n');
  });

  test('remotes that came later, and that the config of DVC lacks, are named', async () => {
    await using p = await dvcProject({ '.dvc/config': '[\'remote "old"\']\n    url = /old\n' });
    await p.lockstep(['import-dvc']);
    p.commit();
    p.write(
      '.lockstep/config.yaml',
      `${p.read('.lockstep/config.yaml')}  new: {url: /new}\nremote: new\n`.replace(
        /^(scheme: native\n)(.*)/ms,
        '$2$1',
      ),
    );
    expect((await p.lockstep(['export-dvc', '--dry'])).stderr).toContain(
      ".dvc/config is as it was, without remote 'new', 'new' as the default remote: see dvc remote add\n",
    );
  });

  test('what DVC does not know is left out and named, and comments stay', async () => {
    await using p = await project({
      'pipeline.yaml':
        'stages:\n  # the one\n  one:\n    env: {A: b}\n    cmd: echo 1 > one\n    timeout: 10m\n    outs: [one]\n',
    });
    p.commit();
    await p.lockstep(['repro']);
    p.commit();
    const dry = await p.lockstep(['export-dvc', '--dry']);
    expect(existsSync(p.path('.dvc'))).toBe(false);
    const { code, stderr } = await p.lockstep(['export-dvc']);
    expect(code).toBe(0);
    expect(stderr.startsWith(dry.stderr.replace(/^nothing was changed.*\n/, ''))).toBe(true);
    expect(stderr).toContain('pipeline.yaml:4: one: `env` left out: DVC does not know it');
    expect(stderr).toContain('pipeline.yaml:6: one: `timeout` left out: DVC does not know it');
    expect(p.read('dvc.yaml')).toBe('stages:\n  # the one\n  one:\n    cmd: echo 1 > one\n    outs: [one]\n');
    expect(existsSync(p.path('.dvc/config'))).toBe(true);
    expect(await p.lockstep(['status', '--exit-code'])).toMatchObject({ code: 0, stderr: '' });
  });
});
