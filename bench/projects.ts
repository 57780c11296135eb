import { createHash, randomFillSync } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execute } from './measure.ts';

/** A stage that copies one file, as every tool of the comparison can say it. */
export interface CopyStage {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** `chains` rows of `length` stages, each stage copying what the one before it wrote; every row starts from its own file. */
export function copyStages({ chains, length }: { chains: number; length: number }): readonly CopyStage[] {
  return range(chains).flatMap((chain) =>
    range(length).map((link) => ({
      name: `copy-${pad(chain)}-${pad(link)}`,
      from: link === 0 ? `in/${pad(chain)}.txt` : `out/${pad(chain)}-${pad(link - 1)}.txt`,
      to: `out/${pad(chain)}-${pad(link)}.txt`,
    })),
  );
}

/** A git repository with a pipeline of copying stages: a dep, an out and a param each. */
export function writeCopyProject(root: string, stages: readonly CopyStage[]): void {
  const inputs = stages.filter(({ from }) => from.startsWith('in/')).map(({ from }) => [from, `this is ${from}\n`]);
  writeFiles(root, {
    ...Object.fromEntries(inputs),
    'out/.gitkeep': '',
    'pipeline.yaml': pipelineText(stages),
    'params.yaml': stages.map(({ name }) => `${name}: 1\n`).join(''),
  });
  commitAll(root);
}

export function pipelineText(stages: readonly CopyStage[]): string {
  const texts = stages.map(
    ({ name, from, to }) => `  ${name}:
    cmd: cp ${from} ${to}
    deps:
      - ${from}
    params:
      - ${name}
    outs:
      - ${to}
`,
  );
  return `stages:\n${texts.join('')}`;
}

export function makefileText(stages: readonly CopyStage[]): string {
  const rules = stages.map(({ from, to }) => `${to}: ${from}\n\tcp ${from} ${to}\n`);
  return `all: ${stages.map(({ to }) => to).join(' ')}\n\n${rules.join('\n')}`;
}

/**
 * Names for new directories. A first run starts in a new one each time, and nothing is deleted before the end: ext4
 * avoids inodes that were freed in the last minutes, and searches so long for others that `cp -r` takes ten times as long.
 */
export function newDirectories(base: string): () => string {
  let count = 0;
  return () => {
    count += 1;
    return `${base}-${count}`;
  };
}

export const LARGE_DIRECTORY = { directories: 70, files: 1000 };

/** 70 × 1,000 files of some 500 bytes. */
export function writeLargeDirectory(root: string): void {
  writeSmallFiles(root, { ...LARGE_DIRECTORY, bytes: 516 });
}

function unlike(seed: string): string {
  return `${createHash('sha512').update(seed).digest('hex')}\n`.repeat(4);
}

/** Files of so many bytes, no two the same. */
export function writeSmallFiles(
  root: string,
  { directories, files, bytes }: { readonly directories: number; readonly files: number; readonly bytes: number },
): void {
  for (const directory of range(directories)) {
    const path = join(root, pad(directory));
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < files; file += 1) {
      writeFileSync(join(path, `${pad(file)}.txt`), unlike(`${directory}/${file}`).slice(0, bytes));
    }
  }
}

/** A file of random bytes, which no file system can compress or share. */
export function writeLargeFile(path: string, bytes: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const chunk = Buffer.alloc(4 * 2 ** 20);
  const file = openSync(path, 'w');
  try {
    for (let written = 0; written < bytes; written += chunk.length) writeSync(file, randomFillSync(chunk));
  } finally {
    closeSync(file);
  }
}

export function writeFiles(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** A project of its own in git, so that nothing around it has a say, and runs can record their code as they do in life. */
export function commitAll(root: string): void {
  if (!existsSync(join(root, '.git'))) {
    git(root, 'init', '-q');
    // Else git tidies up in the background, after large commits, while other things are measured.
    git(root, 'config', 'gc.auto', '0');
  }
  git(root, 'add', '-A');
  git(root, 'commit', '-q', '--allow-empty', '-m', 'bench');
}

function git(root: string, ...args: readonly string[]): void {
  execute({ argv: ['git', ...args], cwd: root });
}

/** Throws unless the two files have the same bytes. */
export function expectSame(root: string, first: string, second: string): void {
  if (!readFileSync(join(root, first)).equals(readFileSync(join(root, second)))) {
    throw new Error(`${second} is not a copy of ${first} in ${root}`);
  }
}

/** Throws unless every stage did its work. */
export function expectCopies(root: string, stages: readonly CopyStage[]): void {
  for (const { from, to } of stages) expectSame(root, from, to);
}

export function range(count: number): readonly number[] {
  return [...Array(count).keys()];
}

function pad(value: number): string {
  return String(value).padStart(4, '0');
}
