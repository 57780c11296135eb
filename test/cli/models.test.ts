import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../src/server/artifact-store.ts';
import { openTracking } from '../../src/tracking/open-tracking.ts';
import { clientOf } from '../contracts/server-rig.ts';
import { type ProjectRig, project } from '../support/rig.ts';

const PIPELINE = `stages:
  prepare:
    cmd: sh prepare.sh
    deps: [prepare.sh, raw.csv]
    outs: [features.csv]
  train:
    cmd: sh train.sh
    deps: [train.sh, features.csv]
    params: [lr]
    outs: [model.bin]
  evaluate:
    cmd: sh evaluate.sh
    deps: [evaluate.sh, model.bin]
    metrics: [metrics.json]
`;

const FILES = {
  'pipeline.yaml': PIPELINE,
  'params.yaml': 'lr: 0.1\n',
  'raw.csv': 'x,y\n1,2\n',
  'prepare.sh': "sed 's/,/, /' raw.csv > features.csv\n",
  'train.sh': '(cat features.csv; grep lr params.yaml) > model.bin\n',
  'evaluate.sh': `echo '{"auc": 0.79}' > metrics.json\n`,
};

/** A project that has run, with version 1 of `churn`. */
async function registered(): Promise<ProjectRig> {
  const rig = await project(FILES);
  await ok(rig, 'repro');
  expect(await ok(rig, 'models', 'register', 'latest:train', '--name', 'churn')).toBe(
    'churn version 1 is 1.0.0 (the first version)\n',
  );
  return rig;
}

async function ok(rig: ProjectRig, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await rig.lockstep(args, { env: { USER: 'ada' } });
  expect([args.join(' '), code, code === 0 ? '' : stderr]).toEqual([args.join(' '), 0, '']);
  return stdout;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are JSON of any shape, and tests say what they expect of it
async function json(rig: ProjectRig, ...args: readonly string[]): Promise<any> {
  return JSON.parse(await ok(rig, ...args, '--json'));
}

/** Changes files, runs what that touches, and registers what came of it. */
async function next(rig: ProjectRig, files: Readonly<Record<string, string>>, ...more: readonly string[]) {
  for (const [path, text] of Object.entries(files)) rig.write(path, text);
  await ok(rig, 'repro');
  return await json(rig, 'models', 'register', 'latest:train', '--name', 'churn', ...more);
}

describe('models register', () => {
  it('proposes how far a version is from the one before it, and says why', async () => {
    await using rig = await registered();
    const versions = [
      await next(rig, { 'raw.csv': 'x,y\n1,3\n' }),
      await next(rig, { 'params.yaml': 'lr: 0.2\n' }),
      await next(rig, { 'prepare.sh': "sed 's/,/, /' raw.csv > features.csv; echo 5,6 >> features.csv\n" }),
      await next(rig, { 'evaluate.sh': `echo '{"auc": 0.85}' > metrics.json\n` }),
      await next(rig, { 'raw.csv': 'x,z\n1,3\n' }),
      await next(rig, { 'train.sh': '(echo deep; cat features.csv) > model.bin\n' }),
    ];
    expect(versions.map(({ version, semanticVersion, bump }) => `${version} ${semanticVersion} ${bump}`)).toEqual([
      '2 1.1.0 minor',
      '3 1.2.0 minor',
      '4 1.2.1 patch',
      '5 1.2.2 patch',
      '6 2.0.0 major',
      '7 3.0.0 major',
    ]);
    const firstReason = versions.map(({ reasons: [{ step, what, detail }] }) => `${step} ${what} ${detail}`);
    expect(firstReason).toEqual([
      'pipeline.yaml:prepare data raw.csv changed',
      'pipeline.yaml:train params lr: 0.1 → 0.2',
      'pipeline.yaml:prepare code prepare.sh changed',
      'pipeline.yaml:evaluate code evaluate.sh changed',
      expect.stringMatching(/columns .*: \+z -y/),
      'pipeline.yaml:train code train.sh changed',
    ]);
  });

  it('takes another bump when told to, and keeps what the records say', async () => {
    await using rig = await registered();
    const version = await next(rig, { 'raw.csv': 'x,y\n1,3\n' }, '--bump', 'major');
    expect(version).toMatchObject({ semanticVersion: '2.0.0', bump: 'major', proposed: 'minor' });
    expect(await json(rig, 'models', 'show', 'churn', '2')).toMatchObject({
      bump: 'major',
      proposed: 'minor',
      reasons: [{ bump: 'minor', what: 'data', detail: 'raw.csv changed' }],
      tags: { 'lockstep.version': '2.0.0' },
    });
    expect(await ok(rig, 'models', 'show', 'churn', '2')).toContain('major, though the records say minor');
  });

  it('finds the model in a whole repro, and asks where it is not clear which one is meant', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages: {both: {cmd: echo 1 > a; echo 2 > b, outs: [a, b]}, fails: {cmd: exit 1, outs: [c]}}\n',
    });
    await rig.lockstep(['repro', '-k']);
    const unclear = await rig.lockstep(['models', 'register', 'latest:both', '--name', 'm']);
    expect(unclear).toMatchObject({ code: 2, stderr: expect.stringContaining('name one of: a, b') });
    const unknown = await rig.lockstep(['models', 'register', 'latest:both', 'c', '--name', 'm']);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("made no 'c'") });
    const { parent } = await json(rig, 'runs', 'show', 'latest:both');
    expect(await ok(rig, 'models', 'register', parent, 'outs/b', '--name', 'm')).toContain('version 1');
    const failed = await rig.lockstep(['models', 'register', 'latest:fails', '--name', 'm']);
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing that could be a model') });
    const nameless = await rig.lockstep(['models', 'register', 'latest:both', 'a']);
    expect(nameless).toMatchObject({ code: 2, stderr: expect.stringContaining('--name') });
    const slashed = await rig.lockstep(['models', 'register', 'latest:both', 'a', '--name', 'a/b']);
    expect(slashed).toMatchObject({ code: 2, stderr: expect.stringContaining('a/b') });
  });
});

describe('models show and list', () => {
  it('traces a version to the six categories, to what came before and to what it went into', async () => {
    await using rig = await registered();
    const shown = await json(rig, 'models', 'show', 'churn', '1');
    expect(shown).toMatchObject({
      name: 'churn',
      version: 1,
      semanticVersion: '1.0.0',
      stage: 'None',
      files: [{ in: 'cache', from: 'outs/model.bin' }],
      lineage: {
        before: [{ name: 'pipeline.yaml:prepare', data: [{ path: 'raw.csv', columns: ['x', 'y'] }] }],
        after: [{ name: 'pipeline.yaml:evaluate' }],
      },
      run: { stage: 'train', params: { lr: 0.1 } },
    });
    for (const category of ['code', 'data', 'params', 'metrics', 'artifacts', 'environment']) {
      expect(shown.run).toHaveProperty(category);
    }
    const text = await ok(rig, 'models', 'show', 'churn/1');
    expect(text).toContain('its data came from\n  pipeline.yaml:prepare');
    expect(text).toContain('it went into\n  pipeline.yaml:evaluate');
    expect(text).toContain('sh train.sh');
  });

  it('finds a version by number, stage, alias and as the latest, and helps where there is none', async () => {
    await using rig = await registered();
    await next(rig, { 'raw.csv': 'x,y\n3,4\n' });
    await ok(rig, 'models', 'promote', 'churn', '1', 'Production');
    await ok(rig, 'models', 'alias', 'churn', 'champion', '1');
    for (const [words, version] of [
      [['churn', 'production'], 1],
      [['churn', 'champion'], 1],
      [['churn@champion'], 1],
      [['churn/2'], 2],
      [['churn', 'latest'], 2],
    ] as const) {
      expect([words, (await json(rig, 'models', 'show', ...words)).version]).toEqual([words, version]);
    }
    expect(await json(rig, 'models', 'list')).toEqual({
      models: [
        {
          ...{ name: 'churn', versions: 2, latest: 2, semanticVersion: '1.1.0' },
          stages: { Production: 1 },
          aliases: { champion: 1 },
        },
      ],
    });
    expect(await ok(rig, 'models', 'list')).toMatch(/churn\s+2\s+2\s+1\.1\.0\s+Production 1\s+champion 1/);
    expect((await json(rig, 'models', 'show', 'churn')).versions).toHaveLength(2);
    const missing = await rig.lockstep(['models', 'show', 'churn', '9']);
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('its versions are 2, 1') });
    const mistyped = await rig.lockstep(['models', 'show', 'chrun']);
    expect(mistyped).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean churn?') });
  });
});

describe('models promote', () => {
  it('refuses below a threshold and promotes above it, by what evaluations say', async () => {
    await using rig = await registered();
    const promote = ['models', 'promote', 'churn', '1', 'production', '--require', 'metrics.auc >= 0.82'];
    const refused = await rig.lockstep(promote);
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'churn version 1 stays in None\n  metrics.auc >= 0.82 does not hold: metrics.auc is 0.79\n',
    });
    const absent = await rig.lockstep([...promote.slice(0, 5), '--require', 'metrics.f1 > 0']);
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('metrics.f1 is not recorded') });
    expect((await json(rig, 'models', 'show', 'churn', '1')).stage).toBe('None');
    // Measured again after it was registered.
    rig.write('evaluate.sh', `echo '{"auc": 0.9}' > metrics.json\n`);
    await ok(rig, 'repro');
    expect(await ok(rig, ...promote)).toBe('churn version 1: None → Production\n');
    const wrong = await rig.lockstep([...promote.slice(0, 5), '--require', 'metrics.auc >>']);
    expect(wrong.code).toBe(2);
    expect(await rig.lockstep(['models', 'promote', 'churn', '1', 'Live'])).toMatchObject({ code: 2 });
  });

  it('archives what was there, and keeps who did what', async () => {
    await using rig = await registered();
    await next(rig, { 'raw.csv': 'x,y\n3,4\n' });
    await ok(rig, 'models', 'promote', 'churn', '1', 'Production');
    expect(await ok(rig, 'models', 'promote', 'churn', '2', 'Production', '--archive-existing')).toBe(
      'churn version 2: None → Production\narchived: version 1\n',
    );
    await ok(rig, 'models', 'alias', 'churn', 'champion', '1');
    await ok(rig, 'models', 'alias', 'churn', 'champion', 'Production');
    await ok(rig, 'models', 'alias', 'churn', 'champion', '--delete');
    const { history } = await json(rig, 'models', 'history', 'churn');
    expect(history.map(({ time: _, ...entry }: { time: number }) => entry)).toEqual([
      { version: 1, what: 'stage', from: 'None', to: 'Production', who: 'ada' },
      { version: 1, what: 'stage', from: 'Production', to: 'Archived', who: 'ada' },
      { version: 2, what: 'stage', from: 'None', to: 'Production', who: 'ada' },
      { version: 1, what: 'alias:champion', from: null, to: '1', who: 'ada' },
      { version: 2, what: 'alias:champion', from: '1', to: '2', who: 'ada' },
      { version: 2, what: 'alias:champion', from: '2', to: null, who: 'ada' },
    ]);
    expect(await ok(rig, 'models', 'history', 'churn')).toMatch(/Production\s+Archived\s+ada/);
    await rig.lockstep(['models', 'promote', 'churn', '1', 'Staging']);
    expect((await json(rig, 'models', 'history', 'churn')).history.at(-1).who).toBe(userInfo().username);
    expect(await rig.lockstep(['models', 'alias', 'churn', 'champion', '--delete'])).toMatchObject({ code: 2 });
    expect(await rig.lockstep(['models', 'alias', 'churn', 'champion'])).toMatchObject({ code: 2 });
  });

  it('hashes the content again, and refuses what is damaged', async () => {
    await using rig = await registered();
    const promote = ['models', 'promote', 'churn', '1', 'Staging', '--verify'];
    expect(await rig.lockstep(promote)).toMatchObject({ code: 0, stderr: 'verified 1 file\n' });
    const [{ digest }] = (await json(rig, 'models', 'show', 'churn', '1')).files;
    damage(rig, digest);
    expect(await rig.lockstep(promote)).toMatchObject({
      code: 1,
      stderr: 'churn version 1 stays in Staging\n  outs/model.bin is corrupt\n',
    });
    expect(await json0(rig, promote)).toMatchObject({
      to: 'Staging',
      refused: [expect.stringContaining('is missing')],
    });
    const gone = await rig.lockstep(['models', 'download', 'churn', '-o', 'there']);
    expect(gone).toMatchObject({ code: 1, stderr: expect.stringContaining('not in the cache') });
    expect(existsSync(rig.path('there'))).toBe(false);
  });
});

describe('current:STAGE', () => {
  it('is the run that made what the workspace has, also after a return to an earlier state', async () => {
    await using rig = await registered();
    const first = rig.read('model.bin');
    rig.write('params.yaml', 'lr: 0.9\n');
    await ok(rig, 'repro');
    expect((await json(rig, 'runs', 'show', 'current:train')).params.lr).toBe(0.9);
    rig.write('params.yaml', 'lr: 0.1\n');
    await ok(rig, 'repro');
    expect(rig.read('model.bin')).toBe(first);
    expect((await json(rig, 'runs', 'show', 'current:train')).params.lr).toBe(0.1);
    expect((await json(rig, 'runs', 'show', 'latest:train')).params.lr).toBe(0.9);
    const version = await json(rig, 'models', 'register', 'current:pipeline.yaml:train', '--name', 'churn');
    expect(version).toMatchObject({ version: 2, bump: 'patch' });
    const none = await rig.lockstep(['runs', 'show', 'current:nothing']);
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("no run 'current:nothing'") });
  });
});

describe('models promote --reproduce', () => {
  /** A project in git, with version 1 of `churn` from a commit and an uncommitted change. */
  async function inGit(): Promise<ProjectRig> {
    const rig = await project({ ...FILES, 'train.sh': 'exit 1\n' });
    await ok(rig, 'version');
    rig.write('.gitignore', 'raw.csv\n.lockstep/\n');
    rig.commit();
    rig.write('train.sh', FILES['train.sh']);
    await ok(rig, 'repro');
    await ok(rig, 'models', 'register', 'latest:train', '--name', 'churn');
    return rig;
  }

  const promote = ['models', 'promote', 'churn', '1', 'Staging', '--reproduce'];

  it('makes it again from the code and the data of that time, whatever the workspace holds now', async () => {
    await using rig = await inGit();
    rig.write('train.sh', 'echo other > model.bin\n');
    rig.write('params.yaml', 'lr: 7\n');
    rig.commit('later');
    const before = await json(rig, 'runs', 'list');
    const { code, stdout, stderr } = await rig.lockstep(promote);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'churn version 1: None → Staging\n',
      stderr: 'verified 1 file\nrunning what made it again\nreproduced, every byte the same\n',
    });
    expect(rig.read('train.sh')).toBe('echo other > model.bin\n');
    expect(await json(rig, 'runs', 'list')).toEqual(before);
    expect(rig.git('worktree', 'list').trim().split('\n')).toHaveLength(1);
    expect(existsSync(rig.path('.lockstep/tmp/reproduce')) && readdirSync(rig.path('.lockstep/tmp/reproduce'))).toEqual(
      [],
    );
  });

  it('refuses what comes out differently', async () => {
    await using rig = await project({ ...FILES, 'train.sh': 'date +%N > model.bin\n', '.gitignore': '.lockstep/\n' });
    rig.commit();
    await ok(rig, 'repro');
    await ok(rig, 'models', 'register', 'latest:train', '--name', 'churn');
    expect(await rig.lockstep(promote)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('stays in None\n  outs/model.bin came out differently\n'),
    });
  });

  it('refuses where the data of that time is gone, or the code was in no commit', async () => {
    await using rig = await inGit();
    rig.write('raw.csv', 'x,y\n9,9\n');
    expect(await rig.lockstep(promote)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('raw.csv is not what it was'),
    });
    await using without = await registered();
    expect(await without.lockstep(promote)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('its code was in no commit'),
    });
  });
});

async function json0(rig: ProjectRig, args: readonly string[]): Promise<unknown> {
  return JSON.parse((await rig.lockstep([...args, '--json'])).stdout);
}

/** One other bit, at the same size and by its name the same. */
function damage(rig: ProjectRig, digest: string): void {
  const hex = digest.slice('sha256:'.length);
  const directory = rig.path(`.lockstep/cache/sha256/${hex.slice(0, 2)}`);
  const [name = ''] = readdirSync(directory).filter((one) => one === hex.slice(2));
  chmodSync(join(directory, name), 0o644);
  writeFileSync(join(directory, name), 'X, y\n1, 2\nlr: 0.1\n');
}

describe('models diff', () => {
  it('says what two versions differ in, and by how much', async () => {
    await using rig = await registered();
    await next(rig, {
      'raw.csv': 'x,y\n3,4\n',
      'params.yaml': 'lr: 0.5\n',
      'evaluate.sh': `echo '{"auc": 0.85}' > metrics.json\n`,
    });
    const text = await ok(rig, 'models', 'diff', 'churn', '1', '2');
    expect(text).toContain('churn version 1 (1.0.0)  →  churn version 2 (1.1.0)');
    expect(text).toContain('prepare: data raw.csv changed');
    expect(text).toMatch(/auc\s+0\.79 → 0\.85/);
    expect(text).toMatch(/lr\s+0\.1 → 0\.5/);
    const compared = await json(rig, 'models', 'diff', 'churn', '1', 'latest');
    expect(compared).toMatchObject({
      a: { version: 1 },
      b: { version: 2, semanticVersion: '1.1.0' },
      runs: { params: [{ key: 'lr', a: 0.1, b: 0.5 }] },
    });
  });
});

describe('models download', () => {
  it('brings a file or a directory, whole and not over anything', async () => {
    await using rig = await project({
      'pipeline.yaml':
        'stages: {train: {cmd: "mkdir -p model/a && echo 1 > model/a/b && echo 2 > model/c", outs: [model]}}\n',
    });
    await ok(rig, 'repro');
    await ok(rig, 'models', 'register', 'latest:train', '--name', 'm');
    await ok(rig, 'models', 'download', 'm', '1', '-o', 'elsewhere/it');
    expect([rig.read('elsewhere/it/a/b'), rig.read('elsewhere/it/c')]).toEqual(['1\n', '2\n']);
    expect(readdirSync(rig.path('elsewhere'))).toEqual(['it']);
    const taken = await rig.lockstep(['models', 'download', 'm']);
    expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
  });
});

describe('models dockerfile', () => {
  it('writes all that an image needs, labelled with where it came from', async () => {
    await using rig = await project({ ...FILES, '.gitignore': '.lockstep/\n' });
    const sha = rig.commit();
    await ok(rig, 'repro');
    await ok(rig, 'models', 'register', 'latest:train', '--name', 'churn');
    await ok(rig, 'models', 'dockerfile', 'churn', '-o', 'image');
    expect(readdirSync(rig.path('image')).sort()).toEqual(['Dockerfile', 'model']);
    expect(rig.read('image/model')).toBe(rig.read('model.bin'));
    const dockerfile = rig.read('image/Dockerfile');
    expect(dockerfile).toContain(`\nFROM node:${process.versions.node}-slim\n`);
    expect(dockerfile).toContain(`\nLABEL org.opencontainers.image.revision="${sha}"\n`);
    expect(dockerfile).toContain('\nLABEL lockstep.model="churn"\n');
    expect(dockerfile).toContain('\nCOPY model /srv/model\n');
    const taken = await rig.lockstep(['models', 'dockerfile', 'churn', '-o', 'image']);
    expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining('is there already') });
  });

  it('pins what an MLflow model was logged with, and serves it', async () => {
    await using rig = await project({
      'pipeline.yaml': 'stages: {train: {cmd: sh train.sh, deps: [train.sh], outs: [model]}}\n',
      'train.sh': `mkdir -p model; cd model; echo 'flavors: {}' > MLmodel; echo mlflow==3.1.0 > requirements.txt
        echo 'python: 3.12.4' > python_env.yaml\n`,
    });
    await ok(rig, 'repro');
    await ok(rig, 'models', 'register', 'latest:train', '--name', 'net "$HOME"');
    await ok(rig, 'models', 'dockerfile', 'net "$HOME"', '-o', 'image');
    expect(rig.read('image/requirements.txt')).toBe('mlflow==3.1.0\n');
    const dockerfile = rig.read('image/Dockerfile');
    expect(dockerfile).toContain('\nFROM python:3.12.4-slim\n');
    expect(dockerfile).toContain('LABEL lockstep.model="net \\"\\$HOME\\""');
    expect(dockerfile).toContain('\nCMD ["mlflow","models","serve","-m","/srv/model"');
    await ok(rig, 'models', 'dockerfile', 'net "$HOME"', '-o', 'other', '--base', 'python:3.13-slim');
    expect(rig.read('other/Dockerfile')).toContain('\nFROM python:3.13-slim\n');
  });
});

describe('models that clients logged', () => {
  it('are registered, verified and downloaded from the artifacts of the server', async () => {
    await using rig = await project({ 'pipeline.yaml': 'stages: {}\n' });
    const tracking = await openTracking(rig.path('.lockstep/lockstep.db'));
    const client = clientOf(tracking);
    const { run } = await client.post('runs/create', { experiment_id: '0', run_name: 'by hand', start_time: 1 });
    const { run_id } = run.info;
    const fields = { experiment_id: '0', name: 'net', source_run_id: run_id };
    const { model } = await client.post('logged-models', fields);
    const point = { key: 'auc', value: 0.9, timestamp: 1, model_id: model.info.model_id };
    await client.post('runs/log-metric', { run_id, ...point });
    const directory = rig.path('.lockstep/artifacts');
    const store = openArtifactStore({ directory, tracking, now: Date.now, isPinned: async () => false });
    const root = model.info.artifact_uri.replace('mlflow-artifacts:/', '');
    await store.put(`${root}/MLmodel`, bytes('flavors: {}\n'));
    await store.put(`${root}/data/weights.bin`, bytes('weights'));
    const register = ['models', 'register', run_id, '--name', 'net'];
    expect(await rig.lockstep(register)).toMatchObject({ code: 2, stderr: expect.stringContaining('RUNNING') });
    await client.post('runs/update', { run_id, status: 'FINISHED', end_time: 2 });
    await ok(rig, ...register);
    await ok(rig, 'models', 'promote', 'net', '1', 'Staging', '--verify', '--require', 'metrics.auc > 0.8');
    await ok(rig, 'models', 'download', 'net');
    expect(rig.read('net-1/data/weights.bin')).toBe('weights');
    const { model_version } = await client.get('model-versions/get', { name: 'net', version: '1' });
    expect(model_version).toMatchObject({ source: `models:/${model.info.model_id}`, run_id, current_stage: 'Staging' });
    const [stored = ''] = readdirSync(join(directory, 'sha256'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('/'))
      .sort();
    chmodSync(join(directory, 'sha256', stored), 0o600);
    writeFileSync(join(directory, 'sha256', stored), 'something else');
    const refused = await rig.lockstep(['models', 'promote', 'net', '1', 'Production', '--verify']);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is corrupt') });
    expect(await rig.lockstep(['models', 'download', 'net', '-o', 'again'])).toMatchObject({ code: 1 });
    expect(existsSync(rig.path('again'))).toBe(false);
    await tracking.close();
  });

  it('that clients registered have a number, but no semantic version until one is registered here', async () => {
    await using rig = await registered();
    const tracking = await openTracking(rig.path('.lockstep/lockstep.db'));
    const client = clientOf(tracking);
    await client.post('model-versions/create', { name: 'churn', source: 's3://bucket/model' });
    await tracking.close();
    expect(await json(rig, 'models', 'show', 'churn', '2')).toMatchObject({ semanticVersion: null, run: null });
    const nothing = await rig.lockstep(['models', 'promote', 'churn', '2', 'Staging', '--verify']);
    expect(nothing).toMatchObject({ code: 1, stderr: expect.stringContaining('s3://bucket/model') });
    expect(await next(rig, { 'raw.csv': 'x,y\n3,4\n' })).toMatchObject({ version: 3, semanticVersion: '1.1.0' });
  });
});

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
