import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { ProjectPath } from '../../../src/base/brand.ts';
import { createDvcIgnore } from '../../../src/store/dvc-ignore.ts';
import { askDvc, REAL_DVC } from './real-dvc.ts';

const root = mkdtempSync(join(tmpdir(), 'dvc-ignore-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const segment = fc.constantFrom('a', 'b', 'c.log', '*', '*.log', '**', '?', '[ab]', 'x y', '.d');
const pattern = fc
  .tuple(
    fc.constantFrom('', '', '', '!'),
    fc.constantFrom('', '', '/'),
    fc.array(segment, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('', '', '/'),
  )
  .map(([not, start, parts, end]) => not + start + parts.join('/') + end);
// Left out, because only DVC does it: a directory that is taken back, `!a/`, takes back the directories in it and not
// the files; and patterns of nothing but stars and slashes now and then match nothing.
const wanted = pattern.filter((one) => !/^!.*(?:\/|\*\*)$/.test(one) && !/^!?[*/]*\/[*/]*$/.test(one));
const text = fc.array(fc.oneof({ weight: 8, arbitrary: wanted }, fc.constantFrom('', '# a', ' b ', '\\!a', '\\#b')), {
  maxLength: 4,
});
const project = fc.record({ '.': text, a: text, 'a/b': text }, { requiredKeys: ['.'] });

const NAMES = ['a', 'b', 'c.log', 'x y', '.d'];
const PATHS = NAMES.flatMap((one) => [
  one,
  ...NAMES.flatMap((two) => [`${one}/${two}`, ...NAMES.map((three) => `${one}/${two}/${three}`)]),
]);
const ASKED = PATHS.flatMap((path) => [path, `${path}/`]);

describe.skipIf(REAL_DVC === undefined)('.dvcignore beside real DVC', () => {
  test('the same paths are ignored', () => {
    const projects = fc.sample(project, { numRuns: 100, seed: 1 });
    const directories = projects.map((files, index) => {
      const directory = join(root, String(index));
      for (const [path, lines] of Object.entries(files)) {
        const file = join(directory, path, '.dvcignore');
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, lines.join('\n'));
      }
      return directory;
    });
    const theirs = askDvc(
      'ignored',
      directories.map((directory) => [directory, ASKED]),
    ) as readonly (readonly boolean[])[];
    for (const [index, directory] of directories.entries()) {
      const ours = createDvcIgnore({
        read: (path) => textAt(join(directory, path, '.dvcignore')),
        isProject: () => false,
      });
      const different = ASKED.filter((path, at) => {
        const isDirectory = path.endsWith('/');
        const bare = (isDirectory ? path.slice(0, -1) : path) as ProjectPath;
        return ours.ignores(bare, isDirectory ? 'directory' : 'file') !== theirs[index]?.[at];
      });
      expect({ files: projects[index], different }).toEqual({ files: projects[index], different: [] });
    }
  });
});

function textAt(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
