import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const repository = resolve(import.meta.dirname, '..');
const names = z.array(z.string());
const Summary = z.object({
  event: z.literal('summary'),
  ran: names,
  restored: names,
  kept: names,
  failed: names,
  interrupted: names,
  blocked: names,
  reproduced: names,
  differs: names,
});
const LockfileNames = z.object({ stages: z.record(z.string(), z.unknown()) });

// `kept`: git has all outs of the stage, so a fresh clone has nothing to run it for.
const examples: { example: string; stages: number; args: string[]; metrics: string; kept: string[] }[] = [
  { example: 'penguins', stages: 7, args: [], metrics: 'metrics.json', kept: [] },
  { example: 'wildfire', stages: 16, args: ['-P'], metrics: 'report/threshold.json', kept: ['threshold'] },
];

let scratch: string | undefined;

afterEach(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

describe('an example on a fresh clone', () => {
  test.each(examples)('$example gives the results that are committed', ({ example, stages, args, metrics, kept }) => {
    const root = freshClone(example);
    const locked = lockedStages(root);
    const remade = locked.filter((name) => !kept.includes(name));
    const committed = readFileSync(join(root, metrics), 'utf8');

    const first = repro(root, args);

    expect(locked).toHaveLength(stages);
    expect(first).toEqual({
      event: 'summary',
      ran: remade,
      restored: [],
      kept,
      failed: [],
      interrupted: [],
      blocked: [],
      reproduced: remade,
      differs: [],
    });
    expect(readFileSync(join(root, metrics), 'utf8')).toBe(committed);
    expect(repro(root, args)).toMatchObject({ ran: [], restored: [], kept: locked });
  });
});

/** What git knows of the example, and nothing that an earlier run left in this checkout. */
function freshClone(example: string): string {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-example-')));
  // The penguins' scripts find their packages the way they do in the repository: in a directory above them.
  symlinkSync(join(repository, 'node_modules'), join(scratch, 'node_modules'));
  for (const path of listFiles(`examples/${example}`)) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true });
    cpSync(join(repository, path), join(scratch, path));
  }
  return join(scratch, 'examples', example);
}

function listFiles(directory: string): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', directory], { cwd: repository, encoding: 'utf8' });
  return listed.split('\0').filter((path) => path !== '');
}

/** The names of all stages with a lock entry, sorted. */
function lockedStages(root: string): string[] {
  const listed = listFiles(root.slice(root.indexOf('/examples/') + 1)).filter((path) => /\/pipeline\.lock$/.test(path));
  return listed
    .flatMap((path) => Object.keys(LockfileNames.parse(parse(readFileSync(join(repository, path), 'utf8'))).stages))
    .sort();
}

/** Through the built program, as a newcomer would; every list of the summary sorted, stages without their file. */
function repro(root: string, args: readonly string[]) {
  const program = join(repository, 'bin', 'lockstep.cjs');
  const output = execFileSync(process.execPath, [program, '-C', root, 'repro', '--json', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const summary = Summary.parse(JSON.parse(output.trimEnd().split('\n').at(-1) ?? ''));
  return Object.fromEntries(
    Object.entries(summary).map(([key, value]) => [key, Array.isArray(value) ? value.map(bareName).sort() : value]),
  );
}

function bareName(stage: string): string {
  return stage.slice(stage.lastIndexOf(':') + 1);
}
