import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ProjectRig, project } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `
stages:
  raw: {cmd: "cp seed raw; echo raw >> ran", deps: [seed], outs: [raw]}
  parts:
    cmd: "mkdir parts; cp raw parts/a; (cat raw; echo b) > parts/b; echo parts >> ran"
    deps: [raw]
    outs: [parts]
  train:
    cmd: "cat parts/b > model; cat params.yaml >> model; echo train >> ran"
    deps: [parts/b]
    params: [lr]
    outs: [model]
  report: {cmd: "cat model > report; echo report >> ran", deps: [model], outs: [report]}
  aside: {cmd: "(cat raw; echo aside) > aside; echo aside >> ran", deps: [raw], outs: [aside]}
`,
  seed: 'seed\n',
  'params.yaml': 'lr: 1\n',
  '.gitignore': 'ran\nremote/\n',
};

async function pushed(files: Readonly<Record<string, string>> = FILES) {
  const p = await project(files);
  p.commit();
  await p.lockstep(['repro']);
  await p.lockstep(['remote', 'add', '-d', 'store', p.path('remote')]);
  p.commit();
  await p.lockstep(['push']);
  return p;
}

function cloneOf(p: ProjectRig): ProjectRig {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-clone-')));
  execFileSync('git', ['clone', '-q', p.root, root]);
  return new ProjectRig(root);
}

/** The summary of a `repro`, and the warnings before it. */
async function repro(rig: ProjectRig, ...args: readonly string[]) {
  const { code, stdout, stderr } = await rig.lockstep(['repro', '--json', ...args]);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const notices = events.filter(({ event }) => event === 'notice');
  const { ran, restored, kept, blocked, failed } = events.at(-1);
  return {
    code,
    stderr,
    ...{ ran, restored, kept, blocked, failed },
    warnings: notices.filter(({ level }) => level === 'warning').map(({ message }) => message),
    notes: notices.filter(({ level }) => level === 'info').map(({ message }) => message),
  };
}

function filesBelow(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function objectsOf(rig: ProjectRig): readonly string[] {
  return filesBelow(rig.path('.lockstep/cache/sha256')).map((file) => readFileSync(file, 'utf8'));
}

function remoteObject(p: ProjectRig, text: string): string {
  const found = filesBelow(p.path('remote/sha256')).find((file) => readFileSync(file, 'utf8') === text);
  if (found === undefined) throw new Error(`no object has the bytes ${text}`);
  return found;
}

test('a single stage gets its inputs, though nobody asked for the stages that make them', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'lr: 2\n');
  expect(await repro(clone, '--pull', '-s', 'train')).toMatchObject({ code: 0, ran: ['train'], warnings: [] });
  expect(clone.read('model')).toBe('seed\nb\nlr: 2\n');
});

test('a dry run asks the remote and brings no data', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'lr: 2\n');
  const plan = await repro(clone, '--pull', '--dry');
  expect(plan).toMatchObject({ code: 0, ran: ['train', 'report'], restored: ['raw', 'parts', 'aside'], notes: [] });
  expect(objectsOf(clone)).toEqual([]);
  expect(await repro(clone, '--dry')).toMatchObject({ restored: [] });
});

test('what is missing on the remote is said, and made by its stage', async () => {
  await using p = await pushed();
  rmSync(remoteObject(p, 'seed\naside\n'));
  await using clone = cloneOf(p);
  expect(await repro(clone, '--pull', '--dry')).toMatchObject({ ran: ['aside'] });
  const done = await repro(clone, '--pull');
  expect(done).toMatchObject({ code: 0, ran: ['aside'] });
  expect(done.warnings).toEqual([`aside (needed by aside) is not on the remote ${p.path('remote')}`]);
  expect(clone.read('aside')).toBe('seed\naside\n');
});

test('bytes that were altered on the remote are not taken', async () => {
  await using p = await pushed();
  const object = remoteObject(p, 'seed\nb\n');
  chmodSync(object, 0o644);
  writeFileSync(object, 'xxxx\nb\n');
  await using clone = cloneOf(p);
  const done = await repro(clone, '--pull');
  expect(done).toMatchObject({ code: 0, ran: ['parts'] });
  expect(done.warnings.join()).toContain('is damaged');
  expect(clone.read('model')).toBe('seed\nb\nlr: 1\n');
});

test('an object that is corrupt in the cache is replaced by the one on the remote', async () => {
  await using p = await pushed();
  const object =
    filesBelow(p.path('.lockstep/cache/sha256')).find((file) => readFileSync(file, 'utf8') === 'seed\naside\n') ?? '';
  chmodSync(object, 0o644);
  writeFileSync(object, 'seed\nasidE\n');
  rmSync(p.path('aside'));
  expect(await repro(p, '--pull')).toMatchObject({ code: 0, ran: [], restored: ['aside'] });
  expect(p.read('aside')).toBe('seed\naside\n');
});

test('Ctrl-C while data is on its way ends it, and nothing is run', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  const stop = new AbortController();
  // Says that everything is there, and never gets further than the first byte of it.
  const server = createServer((request, response) => {
    response.writeHead(200, { 'content-length': 5 });
    if (request.method === 'HEAD') response.end();
    else response.write('s', () => stop.abort());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await clone.lockstep(['remote', 'modify', 'store', 'url', url]);
    const { code } = await clone.lockstep(['repro', '--pull'], { signal: stop.signal });
    expect(code).toBe(130);
    expect(existsSync(clone.path('ran'))).toBe(false);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('tracked data comes with the stage that reads it', async () => {
  await using p = await project({ ...FILES, '.dvc/config': '' });
  p.write('dvc.yaml', p.read('pipeline.yaml'));
  rmSync(p.path('pipeline.yaml'));
  p.commit();
  p.git('rm', '-q', '--cached', 'seed');
  await p.lockstep(['add', 'seed']);
  await p.lockstep(['repro']);
  await p.lockstep(['remote', 'add', '-d', 'store', p.path('remote')]);
  p.commit();
  await p.lockstep(['push']);
  await using clone = cloneOf(p);
  rmSync(clone.path('dvc.lock'));
  expect(await repro(clone, '--pull', '--no-run-cache', 'raw')).toMatchObject({ code: 0, ran: ['raw'], warnings: [] });
  expect(clone.read('raw')).toBe('seed\n');
});

test('two stages that need the same input at the same time both get it', async () => {
  await using p = await pushed({
    ...FILES,
    'pipeline.yaml': `
stages:
  raw: {cmd: "mkdir raw; cp seed raw/a; cp seed raw/b", deps: [seed], outs: [raw]}
  one: {cmd: "cat raw/a > one", deps: [raw], params: [lr], outs: [one]}
  two: {cmd: "cat raw/b > two", deps: [raw/b], params: [lr], outs: [two]}
  three: {cmd: "cat raw/a > three", deps: [raw/a], params: [lr], outs: [three]}
`,
  });
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'lr: 2\n');
  const done = await repro(clone, '--pull', '--allow-missing', '-j', '4');
  expect(done).toMatchObject({ code: 0, warnings: [] });
  expect(done.ran.toSorted()).toEqual(['one', 'three', 'two']);
});

test('what a stage that fails gave once is no input of those that go on without it', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  clone.write('seed', 'other\n');
  clone.write('pipeline.yaml', clone.read('pipeline.yaml').replace('cp seed raw;', 'exit 1;'));
  const done = await repro(clone, '--pull', '--ignore-errors', 'aside');
  expect(done).toMatchObject({ failed: ['raw'] });
  expect(existsSync(clone.path('raw'))).toBe(false);
});
