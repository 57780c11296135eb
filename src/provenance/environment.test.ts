import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../base/hash.ts';
import { captureEnvironment, environmentJson, requirementsText } from './environment.ts';

const top = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-environment-')));
afterAll(() => rmSync(top, { recursive: true, force: true }));

let directories = 0;

/** A project whose interpreters are scripts that answer like Python and note every question. */
function project(files: Readonly<Record<string, string>>) {
  directories += 1;
  const root = join(top, `${directories}`);
  const asked = join(root, 'asked');
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text.replaceAll('ROOT', root));
    chmodSync(join(root, path), 0o755);
  };
  mkdirSync(join(root, 'site'), { recursive: true });
  writeFileSync(asked, '');
  for (const [path, text] of Object.entries(files)) write(path, text);
  const kept = new Map<string, string>();
  const cache = {
    get: (key: string) => (kept.has(key) ? (JSON.parse(kept.get(key) ?? '') as unknown) : undefined),
    set: (key: string, value: unknown) => void kept.set(key, JSON.stringify(value)),
  };
  const capture = async (script: string, request: { cwd?: string; env?: Record<string, string> } = {}) =>
    await captureEnvironment({
      scripts: [script],
      cwd: join(root, request.cwd ?? ''),
      env: { PATH: `${root}/bin:/usr/bin:/bin`, HOME: root, ...request.env },
      root,
      cache,
    });
  const questions = () => readFileSync(asked, 'utf8').trim().split('\n').filter(Boolean);
  return { root, write, capture, questions };
}

function interpreter(version: string, packages: Readonly<Record<string, string>> = {}): string {
  const answer = JSON.stringify({ version, packages, path: ['ROOT/site', 'ROOT/absent'] });
  return `#!/bin/sh\necho ${version} >>'ROOT/asked'\necho hello from a sitecustomize\necho '${answer}'\n`;
}

describe('captureEnvironment', () => {
  it('always knows the machine and Node', async () => {
    const environment = await project({}).capture('cp a b');
    expect(environment).toEqual({
      platform: platform(),
      arch: arch(),
      cpus: expect.any(Number),
      memory: expect.any(Number),
      runtimes: { node: process.versions.node },
      packages: {},
      lockfiles: {},
      variables: {},
    });
  });

  it('keeps chosen variables, but nothing that looks like a secret', async () => {
    const env = {
      LANG: 'C.UTF-8',
      CUDA_VISIBLE_DEVICES: '0,1',
      PYTHONHASHSEED: '0',
      AWS_SECRET_ACCESS_KEY: 'x',
      HOME: '/home/me',
      TZ: 'ghp_abcdefghijklmnop',
      PYTHONPATH: '/opt/lib:https://me:secret@example.org/x',
    };
    const { variables } = await project({}).capture('true', { env });
    expect(variables).toEqual({ LANG: 'C.UTF-8', CUDA_VISIBLE_DEVICES: '0,1', PYTHONHASHSEED: '0' });
  });

  it.each([
    ['python train.py', '3.1'],
    ['set -e\nSEED=1 exec python -m train', '3.1'],
    ['python3.9 train.py', '3.9'],
    ['other/bin/python train.py', '3.2'],
    ['srun --gpus 1 python train.py', '3.1'],
    ['pip install x', '3.1'],
    ['env-pip install x', '3.2'],
    ['./train.py', '3.2'],
    ['spark-submit train.py', '3.3'],
    ['. other/bin/activate && python train.py', '3.2'],
    ['cd other && bin/python train.py', '3.2'],
    ['uv run train.py', '3.4'],
    ['poetry run pytest', '3.4'],
    ['docker run image python train.py', undefined],
    ['conda run -n x python train.py', undefined],
    ['cat notes.txt', undefined],
    ['./tool', undefined],
  ])('finds the interpreter of %j', async (script, version) => {
    const { capture } = project({
      'bin/python': interpreter('3.1'),
      'bin/python3': interpreter('3.3'),
      'bin/python3.9': interpreter('3.9'),
      'bin/pip': '#!/bin/sh\n\'\'\'exec\' /a/very/long/path/python "$0" "$@"\n',
      'bin/env-pip': '#!ROOT/other/bin/python\n',
      'other/bin/python': interpreter('3.2'),
      'other/bin/activate': '',
      '.venv/bin/python': interpreter('3.4'),
      'train.py': '#!/usr/bin/env -S ROOT/other/bin/python -u\n',
      tool: '#!/bin/sh\n',
      'notes.txt': '',
    });
    expect((await capture(script)).runtimes.python).toBe(version);
  });

  it('asks an interpreter once, until something is installed or the interpreter is another', async () => {
    const { root, write, capture, questions } = project({ 'bin/python': interpreter('3.1', { b: '2', A: '1' }) });
    const together = await Promise.all([capture('python a.py'), capture('python b.py')]);
    const later = await capture('python c.py');
    expect([...together, later].map(({ packages }) => packages)).toEqual(Array(3).fill({ A: '1', b: '2' }));
    expect(questions()).toHaveLength(1);

    mkdirSync(join(root, 'site/new_package-1.0.dist-info'));
    await capture('python a.py');
    expect(questions()).toHaveLength(2);
    mkdirSync(join(root, 'absent'));
    await capture('python a.py');
    expect(questions()).toHaveLength(3);
    await capture('python a.py', { env: { PYTHONPATH: '/elsewhere' } });
    expect(questions()).toHaveLength(4);
    appendFileSync(join(root, '.python-version'), '3.8\n');
    await capture('python a.py');
    expect(questions()).toHaveLength(5);
    write('bin/python', interpreter('3.2'));
    expect((await capture('python a.py')).runtimes.python).toBe('3.2');
  });

  it.each([
    ['fails', '#!/bin/sh\nexit 3\n'],
    ['says something else', '#!/bin/sh\necho \'{"version": 3}\'\n'],
    ['says nothing', '#!/bin/sh\n'],
    ['cannot be started', '#!/nowhere/sh\n'],
  ])('leaves out an interpreter that %s', async (_, text) => {
    const environment = await project({ 'bin/python': text }).capture('python train.py');
    expect(environment).toMatchObject({ runtimes: { node: process.versions.node }, packages: {} });
    expect(environment.runtimes.python).toBeUndefined();
  });

  it('names the lockfiles that govern a stage of a Node project', async () => {
    const { root, capture, write } = project({
      'package.json': '{}',
      'package-lock.json': '{"lockfileVersion": 3}',
      'packages/a/package.json': '{}',
      'own/package.json': '{}',
      'own/yarn.lock': 'yarn',
      'own/pnpm-lock.yaml': 'pnpm',
    });
    const top = { 'package-lock.json': digestOf('{"lockfileVersion": 3}') };
    expect((await capture('node a.mjs')).lockfiles).toEqual(top);
    expect((await capture('node a.mjs', { cwd: 'packages/a' })).lockfiles).toEqual(top);
    const own = { 'own/yarn.lock': digestOf('yarn'), 'own/pnpm-lock.yaml': digestOf('pnpm') };
    expect((await capture('node a.mjs', { cwd: 'own' })).lockfiles).toEqual(own);
    write('package-lock.json', 'changed');
    expect((await capture('node a.mjs')).lockfiles).toEqual({ 'package-lock.json': digestOf('changed') });
    rmSync(join(root, 'package.json'));
    expect((await capture('node a.mjs')).lockfiles).toEqual({});
  });

  const python = ['/usr/bin/python3', '/usr/local/bin/python3'].find(existsSync);
  it.skipIf(python === undefined)('lists what a real interpreter has installed, as it lists it itself', async () => {
    const script = 'import importlib.metadata as m; print(len({d.metadata["Name"] for d in m.distributions()}))';
    const count = Number(execFileSync(python ?? '', ['-c', script], { cwd: '/', encoding: 'utf8' }));
    const { capture } = project({});
    const environment = await capture(`${python} train.py`);
    expect(environment.runtimes.python).toMatch(/^3\.\d+\.\d+/);
    expect(Object.keys(environment.packages)).toHaveLength(count);
  });
});

describe('the environment as files', () => {
  const environment = {
    platform: 'linux',
    arch: 'x64',
    cpus: 2,
    memory: 1024,
    runtimes: { node: '20.20.2', python: '3.11.7' },
    packages: { numpy: '2.1.0', scipy: '1.14.1' },
    lockfiles: {},
    variables: {},
  };

  it('is a requirements file and a JSON file', () => {
    expect(requirementsText(environment)).toBe('numpy==2.1.0\nscipy==1.14.1\n');
    expect(JSON.parse(environmentJson(environment))).toEqual(environment);
  });
});
