import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../test/support/hunt.ts';
import type { ProjectPath } from '../base/brand.ts';
import { contains } from '../base/project-path.ts';
import { indexPaths } from './path-index.ts';

const path = fc
  .oneof(
    fc.constant('.'),
    fc
      .array(fc.constantFrom('a', 'b', 'ab', 'a b', 'a-', 'a0', 'é'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/')),
  )
  .map((text) => text as ProjectPath);

test('finds what comparing with every path finds', () => {
  fc.assert(
    fc.property(fc.array(path, { maxLength: 30 }), path, (paths, wanted) => {
      const index = indexPaths(paths.map((one, position) => [one, position]));
      const positions = (keep: (one: ProjectPath) => boolean) => paths.flatMap((one, at) => (keep(one) ? [at] : []));
      const byNumber = (found: readonly number[]) => [...found].sort((a, b) => a - b);
      expect(byNumber(index.around(wanted))).toEqual(positions((one) => contains(one, wanted)));
      expect(byNumber(index.touching(wanted))).toEqual(
        positions((one) => contains(one, wanted) || contains(wanted, one)),
      );
    }),
    { numRuns: runs(500) },
  );
});

test('what is outside of the project is in nothing of it', () => {
  const paths = ['/x/y', '../z', '.', 'a', '/'] as ProjectPath[];
  const index = indexPaths(paths.map((path) => [path, path]));
  expect(index.touching('/x/y/w' as ProjectPath)).toEqual(['/', '/x/y']);
  expect(index.touching('../z' as ProjectPath)).toEqual(['../z']);
  expect(index.touching('.' as ProjectPath)).toEqual(['.', 'a']);
  expect(index.touching('/' as ProjectPath)).toEqual(['/', '/x/y']);
});
