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
import { ProjectRig, project, type Result } from '../support/rig.ts';

const FILES = {
  'pipeline.yaml': `stages:
  clean: {cmd: "cat in other > clean", deps: [in, other], outs: [clean]}
  split: {cmd: "mkdir -p parts; cp clean parts/a; echo b > parts/b", deps: [clean], outs: [parts]}
  train: {cmd: "cat parts/a parts/b > model; echo $(cat params.yaml) >> model", deps: [parts], params: [depth], outs: [model]}
  stats: {cmd: "wc -c < clean > stats", deps: [clean], outs: [stats]}
`,
  in: 'data\n',
  other: 'more\n',
  'params.yaml': 'depth: 1\n',
};

/** A project whose results are at a remote. */
async function pushed(files: Readonly<Record<string, string>> = FILES): Promise<ProjectRig> {
  const p = await project(files);
  p.commit();
  await p.lockstep(['repro']);
  await p.lockstep(['remote', 'add', '-d', 'store', 'remote']);
  p.write('.git/info/exclude', 'remote\n');
  await p.lockstep(['push']);
  p.commit('results');
  return p;
}

function cloneOf(p: ProjectRig): ProjectRig {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-clone-')));
  execFileSync('git', ['clone', '-q', p.root, root]);
  const clone = new ProjectRig(root);
  clone.write('.lockstep/config.local.yaml', `remotes: {store: {url: ${p.path('remote')}}}\n`);
  return clone;
}

function summaryOf({ stdout }: Result): Record<string, readonly string[]> {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

function objectsIn(p: ProjectRig, directory: string): readonly string[] {
  const root = p.path(directory);
  if (!existsSync(root)) return [];
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => join(entry.parentPath, entry.name));
}

function objectWith(p: ProjectRig, text: string): string {
  const found = objectsIn(p, 'remote/sha256').find((file) => readFileSync(file, 'utf8') === text);
  if (found === undefined) throw new Error(`there is no object with ${JSON.stringify(text)}`);
  return found;
}

test('in a fresh clone all results come from the remote, and nothing runs', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  const planned = await clone.lockstep(['repro', '--pull', '--dry', '--json']);
  expect(summaryOf(planned)).toMatchObject({ ran: [], restored: ['clean', 'split', 'train', 'stats'], blocked: [] });
  expect(objectsIn(clone, '.lockstep/cache/sha256')).toEqual([]);
  const done = await clone.lockstep(['repro', '--pull', '-j', '4', '--json']);
  expect(done.code).toBe(0);
  const { ran, restored } = summaryOf(done);
  expect({ ran, restored: [...(restored ?? [])].sort() }).toEqual({
    ran: [],
    restored: ['clean', 'split', 'stats', 'train'],
  });
  expect(clone.read('model')).toBe(p.read('model'));
  expect((await clone.lockstep(['status', '--exit-code'])).code).toBe(0);
});

test('only what has to run runs, and only what it reads is fetched', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'depth: 2\n');
  const done = await clone.lockstep(['repro', '--pull', '--allow-missing', '--json']);
  expect(done.code).toBe(0);
  expect(summaryOf(done)).toMatchObject({ ran: ['train'], restored: [], kept: ['clean', 'split', 'stats'] });
  expect(clone.read('model')).toBe('data\nmore\nb\ndepth: 2\n');
  expect(existsSync(clone.path('stats'))).toBe(false);
  expect(existsSync(clone.path('clean'))).toBe(false);
});

test('a single stage gets what others make from the remote', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'depth: 3\n');
  const done = await clone.lockstep(['repro', '--pull', '-s', 'train', '--json']);
  expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: '' });
  expect(summaryOf(done).ran).toEqual(['train']);
  expect(existsSync(clone.path('clean'))).toBe(false);
});

test('what another clone computed for these inputs is recalled from the run cache of the remote', async () => {
  await using p = await pushed();
  p.write('params.yaml', 'depth: 7\n');
  await p.lockstep(['repro']);
  await p.lockstep(['push']);
  p.git('checkout', '-q', '.');
  await using clone = cloneOf(p);
  clone.write('params.yaml', 'depth: 7\n');
  const done = await clone.lockstep(['repro', '--pull', '--json']);
  expect(summaryOf(done)).toMatchObject({ ran: [] });
  expect(clone.read('model')).toContain('depth: 7');
});

test('what the remote has lost or damaged is made by its stage', async () => {
  await using p = await pushed();
  rmSync(objectWith(p, p.read('stats')));
  const damaged = objectWith(p, p.read('model'));
  chmodSync(damaged, 0o644);
  writeFileSync(damaged, 'not the model\n');
  await using clone = cloneOf(p);
  const done = await clone.lockstep(['repro', '--pull', '--json']);
  expect(done.code).toBe(0);
  const { ran, reproduced, restored } = summaryOf(done);
  expect([...(ran ?? [])].sort()).toEqual(['stats', 'train']);
  expect([...(reproduced ?? [])].sort()).toEqual(['stats', 'train']);
  expect([...(restored ?? [])].sort()).toEqual(['clean', 'split']);
  expect(clone.read('model')).toBe(p.read('model'));
});

test('a remote that cannot be used is warned of once, and all stages run', async () => {
  await using p = await pushed();
  await using clone = cloneOf(p);
  const server = createServer((_request, response) => void response.writeHead(403).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  clone.write('.lockstep/config.local.yaml', `remotes: {store: {url: "http://127.0.0.1:${port}"}}\n`);
  const { code, stderr } = await clone.lockstep(['repro', '--pull']);
  server.close();
  expect(code).toBe(0);
  expect(stderr.match(/cannot be used/g)).toHaveLength(1);
  expect(clone.read('model')).toBe(p.read('model'));
});

test('data that is missing comes from the remote before what reads it runs; without --pull that is an error', async () => {
  await using p = await project({
    'pipeline.yaml': 'stages:\n  one: {cmd: cp data/x one, deps: [data], outs: [one]}\n',
  });
  p.write('data/x', 'x\n');
  p.commit();
  p.git('rm', '-rq', '--cached', 'data');
  await p.lockstep(['add', 'data']);
  await p.lockstep(['remote', 'add', '-d', 'store', 'remote']);
  p.write('.git/info/exclude', 'remote\n');
  await p.lockstep(['push']);
  p.commit('data');
  await using clone = cloneOf(p);
  expect((await clone.lockstep(['repro'])).code).toBe(1);
  const done = await clone.lockstep(['repro', '--pull', '--json']);
  expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: '' });
  expect(summaryOf(done)).toMatchObject({ ran: ['one'] });
  expect(clone.read('one')).toBe('x\n');
});

test('--remote without --pull, and --pull without a remote, are refused', async () => {
  await using p = await project(FILES);
  expect((await p.lockstep(['repro', '-r', 'store'])).code).toBe(2);
  const { code, stderr } = await p.lockstep(['repro', '--pull']);
  expect(code).toBe(2);
  expect(stderr).toContain('lockstep remote add -d NAME ADDRESS');
});
