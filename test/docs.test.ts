import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { ProjectPath } from '../src/base/brand.ts';
import { ROOT } from '../src/base/project-path.ts';
import { formatLockfile, formatReadEntry } from '../src/pipeline/lockfile.ts';
import { parsePipeline } from '../src/pipeline/parse.ts';
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

test('the example in docs/pipeline.md is a pipeline, and the options it shows are those that are made', () => {
  const doc = readFileSync(join(import.meta.dirname, '../docs/pipeline.md'), 'utf8');
  const files: Readonly<Record<string, string>> = {
    'params.yaml': 'models: {forest: {trees: 100}}\nsplits: [{file: a.csv}]\n',
    'config/data.toml': '',
    'shared.yaml': 'paths: {}\nnames: []\n',
  };
  const read = (text: string) =>
    parsePipeline('pipeline.yaml' as ProjectPath, text, { readData: (file) => files[file] });
  const { pipeline, diagnostics } = read(/```yaml\n(.*?)```/s.exec(doc)?.[1] ?? '');
  expect(diagnostics).toEqual([]);
  expect(pipeline?.stages.map(({ name }) => name)).toEqual([
    'prepare',
    'train@forest',
    'compare@auc-split0',
    'compare@f1-split0',
  ]);
  const rows = [...doc.matchAll(/^\| `(\{.*\})` \| `(.*)` \|$/gm)].map(([, map = '', options = '']) => ({
    map,
    options,
  }));
  expect(rows.length).toBeGreaterThan(2);
  for (const { map, options } of rows) {
    const [stage] = read(`vars: [{all: ${map}}]\nstages: {s: {cmd: "\${all}"}}`).pipeline?.stages ?? [];
    expect(stage?.cmd).toBe(options);
  }
});
