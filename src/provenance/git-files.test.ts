import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRevision, readBlobs } from './git-files.ts';

let root: string;
const git = (...args: string[]) =>
  execFileSync('git', ['-c', 'user.email=a@example.org', '-c', 'user.name=A', ...args], { cwd: root, stdio: 'pipe' });
const place = () => ({ cwd: root, env: { PATH: process.env.PATH, HOME: root } });

function write(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'git-files-'));
});
afterEach(() => rmSync(root, { recursive: true }));

async function readAll(revision: string, cwd = root): Promise<Record<string, string>> {
  const { blobs } = await openRevision({ ...place(), cwd }, revision);
  const contents = await readBlobs({ ...place(), cwd }, blobs.values());
  return Object.fromEntries([...blobs].map(([path, blob]) => [path, Buffer.from(contents.get(blob) ?? []).toString()]));
}

test('files are read as the revision has them, whatever they are called and hold', async () => {
  git('init', '-q', '-b', 'main');
  const files = { 'a b/"q"\n.txt': 'blob 3\nabc\n', é: '', '-x': 'no line end', same: 'twice', again: 'twice' };
  for (const [path, text] of Object.entries(files)) write(path, text);
  chmodSync(join(root, 'same'), 0o755);
  symlinkSync('same', join(root, 'link'));
  git('add', '-A');
  git('commit', '-q', '-m', 'one');
  write('same', 'changed since');
  expect(await readAll('HEAD')).toEqual(files);
  expect(await readAll('main', join(root, 'a b'))).toEqual({ '"q"\n.txt': 'blob 3\nabc\n' });
});

test('a blob of bytes that are no text comes whole', async () => {
  git('init', '-q', '-b', 'main');
  const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) % 256);
  write('bytes', bytes);
  git('add', '-A');
  git('commit', '-q', '-m', 'one');
  const { blobs } = await openRevision(place(), 'HEAD');
  const [content] = (await readBlobs(place(), blobs.values())).values();
  expect(Buffer.from(content ?? []).equals(bytes)).toBe(true);
});

test('no repository, no commit, no such revision: each says what to do', async () => {
  await expect(openRevision(place(), 'HEAD')).rejects.toMatchObject({
    code: 'git',
    message: expect.stringContaining('not in a git repository'),
  });
  git('init', '-q', '-b', 'main');
  await expect(openRevision(place(), 'HEAD')).rejects.toMatchObject({
    code: 'git',
    message: expect.stringContaining('no commit yet'),
  });
  git('commit', '-q', '--allow-empty', '-m', 'one');
  git('tag', 'release-1');
  await expect(openRevision(place(), 'relaese-1')).rejects.toMatchObject({ hint: 'did you mean release-1?' });
  await expect(openRevision(place(), '--all')).rejects.toMatchObject({ message: "there is no revision '--all'" });
});
