import { expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import { createDvcIgnore } from './dvc-ignore.ts';

function matcher(files: Readonly<Record<string, string>>, projects: readonly string[] = []) {
  const ignores = createDvcIgnore({
    read: (directory) => files[directory],
    isProject: (directory) => projects.includes(directory),
  });
  return (path: string) => {
    const isDirectory = path.endsWith('/');
    const bare = (isDirectory ? path.slice(0, -1) : path) as ProjectPath;
    return ignores.ignores(bare, isDirectory ? 'directory' : 'file');
  };
}

test('by itself DVC leaves out its own directory and those of git and Mercurial, at every depth', () => {
  const ignored = matcher({});
  for (const path of ['.dvc/', '.dvc/tmp/x', '.git/', '.git', 'a/.git', 'a/.hg/', 'sub/.dvc/']) {
    expect([path, ignored(path)]).toEqual([path, true]);
  }
  for (const path of ['.dvcignore', '.gitignore', 'a.dvc', '.DS_Store', '.', '.hg']) {
    expect([path, ignored(path)]).toEqual([path, false]);
  }
});

test('patterns count from the directory of their file on, and a deeper file has the last word', () => {
  const ignored = matcher({
    '.': '# all logs\n*.log\n/top\nbuild/\n',
    a: '!keep.log\n/here\nb/c\n*.tmp\n',
    'a*': 'x\n',
  });
  for (const path of ['x.log', 'a/x.log', 'top', 'build/', 'a/build/f', 'a/here', 'a/b/c', 'a/d/e.tmp', 'a*/x']) {
    expect([path, ignored(path)]).toEqual([path, true]);
  }
  for (const path of ['a/keep.log', 'a/top', 'build', 'here', 'a/d/here', 'a/d/b/c', 'x.tmp', 'ab/x', 'X.LOG']) {
    expect([path, ignored(path)]).toEqual([path, false]);
  }
});

test('nothing below an ignored directory comes back, and an ignored file of patterns is not read', () => {
  const ignored = matcher({ '.': 'out/\nsub/.dvcignore\n!out/keep\n', sub: '*\n' });
  expect(ignored('out/keep')).toBe(true);
  expect(ignored('sub/x')).toBe(false);
});

test('a project within the project is not looked into', () => {
  const ignored = matcher({}, ['nested']);
  expect([ignored('nested/'), ignored('nested/data/x'), ignored('nested2/')]).toEqual([true, true, false]);
});
