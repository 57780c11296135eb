import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectPath } from '../../../src/base/brand.ts';
import { openStore } from '../../../src/store/open-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { REAL_DVC } from './real-dvc.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'dvc-store-')));
afterAll(() => {
  execFileSync('chmod', ['-R', 'u+w', root]);
  rmSync(root, { recursive: true });
});

const DATA = 'data' as ProjectPath;

function dvc(project: string, ...args: readonly string[]): string {
  if (REAL_DVC === undefined) throw new Error('there is no DVC to compare with');
  const env = { ...process.env, DVC_NO_ANALYTICS: '1', DVC_SITE_CACHE_DIR: join(root, 'site') };
  return execFileSync(REAL_DVC.program, [...args], { cwd: project, env, encoding: 'utf8' });
}

/** A DVC project with a directory in which is all that directories can have. */
function plant(name: string): string {
  const project = join(root, name);
  const write = (path: string, data: string | Uint8Array): void => {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), data);
  };
  write('elsewhere/x', 'x\n');
  write('data/a.txt', 'a\r\n');
  write('data/sub/run.sh', 'echo\n');
  chmodSync(join(project, 'data/sub/run.sh'), 0o755);
  write('data/empty-file', '');
  write('data/__pycache__/x.pyc', 'x');
  write('data/.DS_Store', 'y');
  write('data/large', Buffer.alloc(3_000_000, 'large'));
  for (const odd of ['é \x7f"\'\\', '\u{1f427}', '\uffee', 'line\nend', '-rf', 'B', 'a/b', 'a-b']) {
    write(`data/odd/${odd}`, odd);
  }
  mkdirSync(join(project, 'data/empty/nested'), { recursive: true });
  symlinkSync('a.txt', join(project, 'data/link'));
  symlinkSync('../elsewhere', join(project, 'data/away'));
  dvc(project, 'init', '-q', '--no-scm');
  return project;
}

function open(project: string): Store {
  const state = join(project, '.lockstep');
  return openStore({
    root: project,
    cacheDir: join(project, '.dvc/cache'),
    tmpDir: join(state, 'tmp'),
    trashDir: join(state, 'trash'),
    linkTypes: ['reflink', 'copy'],
    now: Date.now,
    scheme: 'dvc',
  });
}

/** Mode and bytes of every file of a cache. */
function objectsOf(project: string): Record<string, string> {
  const cache = join(project, '.dvc/cache');
  const files = readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((path) =>
    lstatSync(join(cache, path)).isFile(),
  );
  const describeFile = (path: string): string =>
    `${(lstatSync(join(cache, path)).mode & 0o777).toString(8)} ${readFileSync(join(cache, path), 'base64')}`;
  return Object.fromEntries(files.sort().map((path) => [path, describeFile(path)]));
}

async function save(project: string) {
  const store = open(project);
  const content = await store.save(DATA);
  if (content === 'missing' || content.kind !== 'tree') throw new Error('no directory');
  await store.flush();
  store.close();
  return content;
}

describe.skipIf(REAL_DVC === undefined)('the cache beside real DVC', () => {
  let theirs: string;
  beforeAll(() => {
    theirs = plant('theirs');
    dvc(theirs, 'add', '-q', 'data');
  });

  test('the same data gives the same objects, of the same names, bytes and modes', async () => {
    const ours = plant('ours');
    const content = await save(ours);
    expect(objectsOf(ours)).toEqual(objectsOf(theirs));
    expect(readFileSync(join(theirs, 'data.dvc'), 'utf8')).toBe(
      `outs:\n- md5: ${content.digest.slice(4)}.dir\n  size: ${content.size}\n  nfiles: ${content.files}\n  hash: md5\n  path: data\n`,
    );
  });

  test('what DVC saved is intact, and comes back as the same data', async () => {
    const store = open(theirs);
    const content = await store.observe(DATA);
    if (content === 'missing') throw new Error('no directory');
    expect(await store.verify(content)).toBe('intact');
    const again = 'again' as ProjectPath;
    await store.checkout(content, again);
    expect(await store.observe(again)).toEqual(content);
    store.close();
  });

  test('DVC checks out what was saved here, and finds nothing amiss', async () => {
    const project = plant('back');
    const { digest, size, files } = await save(project);
    const text = `outs:\n- md5: ${digest.slice(4)}.dir\n  size: ${size}\n  nfiles: ${files}\n  hash: md5\n  path: data\n`;
    writeFileSync(join(project, 'data.dvc'), text);
    rmSync(join(project, 'data'), { recursive: true });
    dvc(project, 'checkout', '-q');
    expect(dvc(project, 'status')).toContain('up to date');
    expect(readFileSync(join(project, 'data/a.txt'), 'utf8')).toBe('a\r\n');
    expect(await open(project).observe(DATA)).toMatchObject({ digest });
  });
});
