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
  const { ran, restored, kept, blocked } = events.at(-1);
  return {
    code,
    stderr,
    ...{ ran, restored, kept, blocked },
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

test('a fresh clone runs nothing and has all outs', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  const done = await repro(clone, '--pull', '-j', '4');
  expect(done).toMatchObject({ code: 0, ran: [], warnings: [] });
  expect(done.restored.toSorted()).toEqual(['aside', 'parts', 'raw', 'report', 'train']);
  for (const out of ['raw', 'parts/a', 'parts/b', 'model', 'report', 'aside'])
    expect(clone.read(out)).toBe(p.read(out));
  expect(existsSync(clone.path('ran'))).toBe(false);
  expect((await clone.lockstep(['status', '--exit-code'])).code).toBe(0);
  expect(clone.git('status', '--porcelain')).toBe('');
});

test('with --allow-missing only what changed runs, and only what it needs is fetched', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'lr: 2\n');
  const done = await repro(clone, '--pull', '--allow-missing');
  expect(done).toMatchObject({ code: 0, ran: ['train', 'report'], restored: [], warnings: [] });
  expect(clone.read('report')).toBe('seed\nb\nlr: 2\n');
  expect(clone.read('ran')).toBe('train\nreport\n');
  expect(['raw', 'aside'].map((out) => existsSync(clone.path(out)))).toEqual([false, false]);
  expect(objectsOf(clone)).not.toContain('seed\naside\n');
  expect(objectsOf(clone)).not.toContain('seed\nb\nlr: 1\n');
});

test('without it what did not change is brought back, what is to be made anew is not', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'lr: 2\n');
  const done = await repro(clone, '--pull');
  expect(done).toMatchObject({ code: 0, ran: ['train', 'report'], warnings: [] });
  expect(done.restored.toSorted()).toEqual(['aside', 'parts', 'raw']);
  expect(objectsOf(clone)).not.toContain('seed\nb\nlr: 1\n');
});

test('a single stage gets its inputs, though nobody asked for the stages that make them', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'lr: 2\n');
  expect(await repro(clone, '--pull', '-s', 'train')).toMatchObject({ code: 0, ran: ['train'], warnings: [] });
  expect(clone.read('model')).toBe('seed\nb\nlr: 2\n');
});

test('a result that only the run cache of the remote knows is brought back', async () => {
  await using p = await pushed();
  p.write('params.yaml', 'lr: 2\n');
  await p.lockstep(['repro']);
  await p.lockstep(['push', '--run-cache']);
  p.git('checkout', '-q', '.');
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'lr: 2\n');
  const done = await repro(clone, '--pull', '--allow-missing', 'train');
  expect(done).toMatchObject({ code: 0, ran: [], restored: ['train'], warnings: [] });
  expect(clone.read('model')).toBe('seed\nb\nlr: 2\n');
  expect(filesBelow(clone.path('.lockstep/cache/runs')).length).toBeLessThan(3);
});

test('--no-run-cache leaves it alone', async () => {
  await using p = await pushed();
  p.write('params.yaml', 'lr: 2\n');
  await p.lockstep(['repro']);
  await p.lockstep(['push', '--run-cache']);
  p.git('checkout', '-q', '.');
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'lr: 2\n');
  expect(await repro(clone, '--pull', '--no-run-cache', 'train')).toMatchObject({ ran: ['train'] });
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

test('a remote that is away is a warning, and the stages run', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  await clone.lockstep(['remote', 'modify', 'store', 'url', 'http://127.0.0.1:9/nothing']);
  const done = await repro(clone, '--pull');
  expect(done.code).toBe(0);
  expect(done.warnings).toHaveLength(1);
  expect(done.ran).toHaveLength(5);
}, 60_000);

test('no remote at all is a mistake', async () => {
  await using p = await project(FILES);
  const { code, stderr } = await p.lockstep(['repro', '--pull']);
  expect(code).toBe(2);
  expect(stderr).toContain('lockstep remote add');
  expect(existsSync(p.path('ran'))).toBe(false);
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
