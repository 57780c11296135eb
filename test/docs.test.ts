import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProjectPath } from '../src/base/brand.ts';
import { ROOT } from '../src/base/project-path.ts';
import { formatLockfile, formatReadEntry } from '../src/pipeline/lockfile.ts';
import { parseLockfile } from '../src/pipeline/parse-lockfile.ts';

test('the example in docs/lockfile.md is a lockfile just as lockstep writes it', () => {
  const doc = readFileSync(join(import.meta.dirname, '../docs/lockfile.md'), 'utf8');
  const example = /```yaml\n(.*?)```/s.exec(doc)?.[1] ?? '';
  const { lockfile, diagnostics } = parseLockfile('pipeline.lock' as ProjectPath, example, ROOT);
  expect(diagnostics).toEqual([]);
  const entries = [...(lockfile?.entries ?? [])];
  expect(entries.map(([name, { edited }]) => [name, edited])).toEqual([
    ['prepare', false],
    ['train', false],
  ]);
  expect(formatLockfile(entries.map(([name, read]) => [name, formatReadEntry(name, read, ROOT)]))).toBe(example);
});
