import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '../src');

/** Room → the rooms it may import from, besides its own. Types count. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  main: ['cli', 'base'],
  cli: [
    'client',
    'server',
    'repro',
    'pipeline',
    'store',
    'remotes',
    'executors',
    'tracking',
    'provenance',
    'plots',
    'base',
  ],
  client: ['base'],
  server: ['repro', 'pipeline', 'tracking', 'provenance', 'base'],
  repro: ['pipeline', 'store', 'executors', 'tracking', 'provenance', 'base'],
  pipeline: ['base'],
  store: ['base'],
  remotes: ['store', 'base'],
  executors: ['base'],
  tracking: ['base'],
  provenance: ['base'],
  plots: ['base'],
  base: [],
};

/** These import no `node:` module: they are functions of data. */
const PURE = (file: string) =>
  file.startsWith('pipeline/') || file.startsWith('plots/') || file === 'repro/decide.ts' || file === 'repro/order.ts';

const LONGEST = 400;

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .sort();
const code = files.filter((file) => !/\.test\.tsx?$/.test(file));
const texts = new Map(files.map((file) => [file, readFileSync(join(SOURCE, file), 'utf8')]));

function importsOf(file: string): string[] {
  const text = texts.get(file) ?? '';
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

function roomOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.tsx?$/, '');
}

function inside(file: string): string[] {
  return importsOf(file)
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(SOURCE, join(SOURCE, dirname(file), target)))
    .filter((target) => target !== '../package.json');
}

test('every file stands in a room that is known', () => {
  expect(code.length).toBeGreaterThan(50);
  expect(code.map(roomOf).filter((room) => !(room in ARROWS))).toEqual([]);
});

test('imports point only where they may', () => {
  const forbidden = code.flatMap((file) =>
    inside(file)
      .filter((target) => roomOf(target) !== roomOf(file) && ARROWS[roomOf(file)]?.includes(roomOf(target)) !== true)
      .map((target) => `${file} → ${target}`),
  );
  expect(forbidden).toEqual([]);
});

test('no imports in a circle, types included', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (done.has(file) || trail.includes(file)) return;
    for (const target of inside(file)) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of code) visit(file, []);
  expect(circles).toEqual([]);
});

test('what is pure imports no node module', () => {
  const impure = code.filter((file) => PURE(file) && importsOf(file).some((target) => target.startsWith('node:')));
  expect(impure).toEqual([]);
});

const MEMBER = '(env|argv|stdin|stdout|stderr|exit|exitCode|cwd|chdir|on|once)';
const OF_THE_PROCESS = new RegExp(`\\bprocess\\.${MEMBER}\\b|\\{[^}]*\\b${MEMBER}\\b[^}]*\\} from 'node:process'`);

/** Where processes begin, and what is loaded into those of others. */
const MAINS = ['main.ts', 'executors/launch-process.ts', 'client/run.ts'];

test('only main reads the process and its streams', () => {
  const knowing = code.filter((file) => !MAINS.includes(file) && OF_THE_PROCESS.test(withoutComments(file)));
  expect(knowing).toEqual([]);
});

test('no file outgrows its cap', () => {
  const long = files
    .map((file) => ({ file, lines: (texts.get(file) ?? '').split('\n').length - 1 }))
    .filter(({ lines }) => lines > LONGEST);
  expect(long).toEqual([]);
});

function withoutComments(file: string): string {
  return (texts.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}
