import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CodeState, captureCode } from './git.ts';

const top = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-git-')));
afterAll(() => rmSync(top, { recursive: true, force: true }));

const env = { PATH: process.env.PATH, HOME: join(top, 'home') };
let directories = 0;

type Files = Readonly<Record<string, string | Uint8Array>>;

function directory(files: Files = {}): string {
  directories += 1;
  const root = join(top, `${directories}`);
  mkdirSync(root);
  write(root, files);
  return root;
}

function write(root: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function git(root: string, ...args: string[]): string {
  const named = ['-c', 'user.name=Rig', '-c', 'user.email=rig@example.org', '-c', 'protocol.file.allow=always'];
  return execFileSync('git', [...named, ...args], { cwd: root, env, encoding: 'utf8', stdio: 'pipe' });
}

function repository(files: Files): string {
  const root = directory(files);
  git(root, 'init', '-q', '-b', 'main');
  git(root, 'add', '-A');
  git(root, 'commit', '-q', '--allow-empty', '-m', 'state');
  return root;
}

/** A clean checkout of the recorded commit with the recorded patch on top. */
function rebuilt(root: string, state: CodeState): string {
  const clone = directory();
  rmSync(clone, { recursive: true });
  git(top, 'clone', '-q', root, clone);
  git(clone, 'checkout', '-q', state.gitSha ?? 'absent');
  execFileSync('git', ['apply', '-'], { cwd: clone, env, input: state.patch ?? '', stdio: 'pipe' });
  return clone;
}

describe('captureCode', () => {
  it('knows commit, branch and remote of a clean repository', async () => {
    const root = repository({ 'a.txt': 'a\n' });
    git(root, 'remote', 'add', 'origin', 'https://me:secret@example.org/team/project.git?access_token=secret');
    git(root, 'remote', 'add', 'another', 'https://example.org/another.git');
    write(root, { 'unrelated.txt': 'not a dep' });
    expect(await captureCode(root, { untracked: [], env })).toEqual({
      gitSha: git(root, 'rev-parse', 'HEAD').trim(),
      branch: 'main',
      remoteUrl: 'https://example.org/team/project.git',
      dirty: false,
      patch: null,
      omitted: [],
    });
  });

  it('gives a patch that brings back every byte', async () => {
    const binary = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256);
    const root = repository({
      'kept.txt': 'kept\n',
      'text.txt': 'one\ntwo\nthree\n',
      'windows.txt': 'one\r\ntwo\r\nthree\r\n',
      'image.bin': binary,
      'deleted.txt': 'bye\n',
      'staged.txt': 'old\n',
      '.gitignore': '*.ignored\n',
    });
    const changed: Files = {
      'text.txt': 'one\n2\nthree with no line end',
      'windows.txt': 'one\r\n2\r\nthree\r\n',
      'image.bin': binary.toReversed(),
      'staged.txt': 'new\n',
    };
    const added: Files = {
      'new dir/ein name mit ü.py': 'print("ü")\r\n',
      'new\nline.py': 'print()\n',
      '-leading.py': '\t trailing blanks  \n\n\n',
      'empty.py': '',
      'new.bin': binary,
      ':(glob)*.py': 'magic\n',
    };
    write(root, { ...changed, ...added, 'dep.ignored': 'x', 'unrelated.txt': 'x' });
    git(root, 'add', 'staged.txt');
    rmSync(join(root, 'deleted.txt'));
    const indexBefore = readFileSync(join(root, '.git/index'));

    const state = await captureCode(root, { untracked: [...Object.keys(added), 'dep.ignored', 'kept.txt'], env });
    expect(state).toMatchObject({ dirty: true, omitted: [] });
    const clone = rebuilt(root, state);
    for (const [path, content] of Object.entries({ ...changed, ...added, 'kept.txt': 'kept\n' })) {
      expect([path, readFileSync(join(clone, path))]).toEqual([path, Buffer.from(content)]);
    }
    const extra = execFileSync('ls', ['-A', clone], { encoding: 'utf8' });
    for (const absent of ['deleted.txt', 'dep.ignored', 'unrelated.txt']) expect(extra).not.toContain(absent);
    expect(readFileSync(join(root, '.git/index'))).toEqual(indexBefore);
  });

  it('takes no notice of how the user likes diffs to look', async () => {
    const root = repository({ 'a.txt': 'one\ntwo\nthree\nfour\nfive\n', 'b.txt': 'moved\n'.repeat(20) });
    write(root, {
      'a.txt': 'one\ntwo\n3\nfour\nfive\n',
      'c.txt': 'moved\n'.repeat(20),
      '.gitattributes': '*.txt diff=x\n',
    });
    rmSync(join(root, 'b.txt'));
    const plain = await captureCode(root, { untracked: ['c.txt', '.gitattributes'], env });
    for (const setting of [
      'diff.noprefix=true',
      'diff.mnemonicPrefix=true',
      'diff.external=false',
      'diff.x.textconv=false',
      'diff.x.command=false',
      'diff.context=0',
      'diff.interHunkContext=9',
      'diff.renames=copies',
      'diff.submodule=log',
      'color.ui=always',
      'color.diff=always',
      'core.autocrlf=true',
      'status.showUntrackedFiles=all',
      'status.relativePaths=false',
    ]) {
      git(root, 'config', ...(setting.split('=') as [string, string]));
    }
    const noisy = { ...env, GIT_EXTERNAL_DIFF: 'false', GIT_DIFF_OPTS: '-u0', GIT_INDEX_FILE: '/nowhere/index' };
    expect(await captureCode(root, { untracked: ['c.txt', '.gitattributes'], env: noisy })).toEqual(plain);
    expect(readFileSync(join(rebuilt(root, plain), 'a.txt'), 'utf8')).toBe('one\ntwo\n3\nfour\nfive\n');
  });

  it('works from a directory below the top of the repository', async () => {
    const root = repository({ 'project/a.txt': 'a\n', 'beside.txt': 'b\n' });
    git(root, 'config', 'diff.relative', 'true');
    write(root, { 'project/a.txt': 'changed\n', 'project/new.py': 'new\n', 'beside.txt': 'changed\n' });
    const state = await captureCode(join(root, 'project'), { untracked: ['new.py'], env });
    const clone = rebuilt(root, state);
    expect(readFileSync(join(clone, 'project/new.py'), 'utf8')).toBe('new\n');
    expect(readFileSync(join(clone, 'project/a.txt'), 'utf8')).toBe('changed\n');
    expect(readFileSync(join(clone, 'beside.txt'), 'utf8')).toBe('changed\n');
  });

  it('leaves out what is too large, and says so', async () => {
    const root = repository({ 'src/tracked.py': '1\n' });
    const half = 'x'.repeat(600_000);
    write(root, {
      'src/new.py': '2\n',
      'src/weights.bin': half + half,
      'many/a': half,
      'many/b': half,
      'just.bin': half,
    });
    const state = await captureCode(root, { untracked: ['src', 'many', 'just.bin'], env });
    expect(state.omitted).toEqual(['src/weights.bin', 'many']);
    const patch = new TextDecoder().decode(state.patch ?? undefined);
    expect(patch).toContain('b/src/new.py');
    expect(patch).toContain('b/just.bin');
    expect(patch).not.toContain('many');
  });

  it('is dirty when only what was left out is uncommitted', async () => {
    const root = repository({});
    write(root, { 'big.csv': 'x'.repeat(2_000_000) });
    const state = await captureCode(root, { untracked: ['big.csv'], env });
    expect(state).toMatchObject({ dirty: true, patch: null, omitted: ['big.csv'] });
  });

  it('knows no commit outside of git', async () => {
    const nothing = { gitSha: null, branch: null, remoteUrl: null, dirty: false, patch: null, omitted: [] };
    expect(await captureCode(directory({ a: 'a' }), { untracked: ['a'], env })).toEqual(nothing);
  });

  it('says so when git is not there', async () => {
    const state = await captureCode(directory({ '.git/HEAD': '' }), { untracked: ['a'], env: { PATH: '/nowhere' } });
    expect(state).toMatchObject({ gitSha: null, warning: expect.stringContaining('git is not installed') });
  });

  it('keeps all there is before the first commit', async () => {
    const root = directory({ 'staged.py': 'a\n', 'new.py': 'b\n' });
    git(root, 'init', '-q', '-b', 'main');
    const before = await captureCode(root, { untracked: ['new.py'], env });
    expect(before).toMatchObject({ gitSha: null, branch: 'main', dirty: true });
    git(root, 'add', 'staged.py');
    const state = await captureCode(root, { untracked: ['new.py'], env });
    const empty = directory();
    execFileSync('git', ['apply', '-'], { cwd: empty, env, input: state.patch ?? '', stdio: 'pipe' });
    expect(readFileSync(join(empty, 'staged.py'), 'utf8')).toBe('a\n');
    expect(readFileSync(join(empty, 'new.py'), 'utf8')).toBe('b\n');
  });

  it('has no branch on a detached HEAD', async () => {
    const root = repository({ 'a.txt': 'a\n' });
    git(root, 'checkout', '-q', '--detach');
    expect(await captureCode(root, { untracked: [], env })).toMatchObject({ branch: null, dirty: false });
  });

  it('works in a linked work tree', async () => {
    const root = repository({ 'a.txt': 'a\n' });
    const linked = join(top, 'linked tree');
    git(root, 'worktree', 'add', '-q', '-b', 'side', linked);
    write(linked, { 'a.txt': 'changed\n', 'new.py': 'new\n' });
    const state = await captureCode(linked, { untracked: ['new.py'], env });
    expect(state).toMatchObject({ branch: 'side', dirty: true });
    expect(readFileSync(join(rebuilt(root, state), 'new.py'), 'utf8')).toBe('new\n');
  });

  it('takes a submodule at another commit as a change, and names one with changes of its own', async () => {
    const inner = repository({ 'lib.py': '1\n' });
    const root = repository({ 'a.txt': 'a\n' });
    git(root, 'submodule', '--quiet', 'add', inner, 'vendor lib');
    git(root, 'commit', '-q', '-m', 'with a submodule');
    const clean = await captureCode(root, { untracked: [], env });
    expect(clean).toMatchObject({ dirty: false, omitted: [] });
    write(join(root, 'vendor lib'), { 'lib.py': '2\n' });
    const dirty = await captureCode(root, { untracked: [], env });
    expect(dirty).toMatchObject({ dirty: true, omitted: ['vendor lib'] });
    git(join(root, 'vendor lib'), 'commit', '-q', '-a', '-m', 'more');
    write(root, { 'a.txt': 'changed\n' });
    const moved = await captureCode(root, { untracked: [], env });
    expect(moved).toMatchObject({ dirty: true, omitted: [] });
    expect(new TextDecoder().decode(moved.patch ?? undefined)).toContain('+Subproject commit');
    expect(readFileSync(join(rebuilt(root, moved), 'a.txt'), 'utf8')).toBe('changed\n');
  });

  it('does not stumble over a dep behind a symbolic link, a missing dep or a repository within', async () => {
    const root = repository({ 'a.txt': 'a\n', 'real/x.txt': 'x' });
    symlinkSync('real', join(root, 'link'));
    git(root, 'add', '-A');
    git(root, 'commit', '-q', '-m', 'link');
    write(root, { 'new.py': 'new\n', 'real/new.txt': 'y', 'nested/a.txt': 'a\n' });
    git(join(root, 'nested'), 'init', '-q');
    const state = await captureCode(root, { untracked: ['link/new.txt', 'new.py', 'absent.py', 'nested'], env });
    expect(new TextDecoder().decode(state.patch ?? undefined)).toContain('b/new.py');
    expect(state.warning).toBeUndefined();
    expect(state.omitted).toEqual(['nested/']);
  });
});
