import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { LockstepError } from '../base/error.ts';
import type { StageSpec } from '../pipeline/edit.ts';
import { PIPELINE_NAMES } from '../pipeline/file-names.ts';
import { defineCommand, type OptionValues } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { findRoot } from './project-root.ts';

const options = {
  name: { type: 'string', short: 'n', value: 'NAME', help: 'what the stage is called' },
  deps: { type: 'string', short: 'd', multiple: true, value: 'PATH', help: 'reads this file or directory' },
  params: {
    type: 'string',
    short: 'p',
    multiple: true,
    value: '[FILE:]KEYS',
    help: 'uses these params: a.b,c or other.json:a',
  },
  outs: { type: 'string', short: 'o', multiple: true, value: 'PATH', help: 'writes this file or directory' },
  'outs-no-cache': { type: 'string', short: 'O', multiple: true, value: 'PATH', help: 'writes this, and git keeps it' },
  'outs-persist': { type: 'string', multiple: true, value: 'PATH', help: 'writes this, and adds to what is there' },
  metrics: { type: 'string', short: 'm', multiple: true, value: 'PATH', help: 'writes this file of numbers' },
  'metrics-no-cache': { type: 'string', short: 'M', multiple: true, value: 'PATH', help: 'the same, and git keeps it' },
  plots: { type: 'string', multiple: true, value: 'PATH', help: 'writes this file to be drawn' },
  'plots-no-cache': { type: 'string', multiple: true, value: 'PATH', help: 'the same, and git keeps it' },
  wdir: { type: 'string', short: 'w', value: 'DIR', help: 'runs there; paths are relative to it' },
  desc: { type: 'string', value: 'TEXT', help: 'what the stage does' },
  'always-changed': { type: 'boolean', help: 'run it every time' },
  force: { type: 'boolean', short: 'f', help: 'replace a stage of that name' },
} as const;

type Options = OptionValues<typeof options>;

export const command = defineCommand({
  usage: 'stage add -n NAME [options] -- command…',
  summary: 'Write a stage into the pipeline file of this directory',
  details:
    'The command is one shell script, or words that are quoted and joined. The file keeps its comments and layout; it is\nmade where there is none, and left as it was when the stage does not fit into the pipeline.',
  options,
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  completes: 'path',
  examples: [
    'lockstep stage add -n train -d train.py -d data.csv -p train.lr -o model.bin -- python train.py',
    "lockstep stage add -n count -d data.csv -M count.json -- 'wc -l < data.csv > count.json'",
  ],
  async run(context, given, words) {
    if (given.name === undefined) throw new LockstepError('usage', 'a stage needs a name: -n NAME');
    const { addStage } = await import('../pipeline/edit.ts');
    const root = findRoot(context.cwd);
    const usual = root !== undefined && existsSync(join(root, '.dvc')) ? 'dvc.yaml' : 'pipeline.yaml';
    const name = PIPELINE_NAMES.find((file) => existsSync(join(context.cwd, file))) ?? usual;
    const path = join(context.cwd, name);
    const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    const usable = before === undefined || (await mistakesIn(context)) === undefined;
    const text = addStage(before ?? '', specOf(given, given.name, words), { force: given.force === true });
    writeFileAtomic(path, text, { durable: false });
    const mistakes = await mistakesIn(context);
    // A pipeline that was broken before may be edited into shape, but this must not be what breaks it.
    if (mistakes !== undefined && usable) {
      if (before === undefined) rmSync(path);
      else writeFileAtomic(path, before, { durable: false });
      throw mistakes;
    }
    if (!context.quiet) context.stderr.write(`wrote stage ${given.name} into ${name}\n`);
    return EXIT.ok;
  },
});

/** What is wrong with the pipeline as it stands on disk. */
async function mistakesIn(context: Context): Promise<LockstepError | undefined> {
  const project = await openProject(context);
  try {
    await project.load();
    return undefined;
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'bad-pipeline') return error;
    throw error;
  } finally {
    await project.close();
  }
}

function specOf(given: Options, name: string, words: readonly string[]): StageSpec {
  const outs = [
    ...(given.outs ?? []),
    ...withFlags(given['outs-no-cache'], { cache: false }),
    ...withFlags(given['outs-persist'], { persist: true }),
  ];
  const metrics = [...(given.metrics ?? []), ...withFlags(given['metrics-no-cache'], { cache: false })];
  const plots = [...(given.plots ?? []), ...withFlags(given['plots-no-cache'], { cache: false })];
  const params = (given.params ?? []).flatMap(paramsOf);
  return {
    name,
    ...(given.desc === undefined ? {} : { desc: given.desc }),
    cmd: words.length === 1 ? (words[0] ?? '') : words.map(quoteWord).join(' '),
    ...(given.wdir === undefined ? {} : { wdir: given.wdir }),
    ...(given.deps === undefined ? {} : { deps: [...given.deps] }),
    ...(params.length === 0 ? {} : { params }),
    ...(outs.length === 0 ? {} : { outs }),
    ...(metrics.length === 0 ? {} : { metrics }),
    ...(plots.length === 0 ? {} : { plots }),
    ...(given['always-changed'] === true ? { always_changed: true } : {}),
  };
}

type Flags = { readonly cache?: boolean; readonly persist?: boolean };

function withFlags(paths: readonly string[] | undefined, flags: Flags): Record<string, Flags>[] {
  return (paths ?? []).map((path) => ({ [path]: flags }));
}

/** `a,b` are keys of params.yaml, `file:a,b` of another file, `file:` is all of it. */
function paramsOf(written: string): (string | Record<string, string[] | null>)[] {
  const colon = written.indexOf(':');
  const keys = written
    .slice(colon + 1)
    .split(',')
    .filter((key) => key !== '');
  if (colon < 0) return keys;
  return [{ [written.slice(0, colon)]: keys.length === 0 ? null : keys }];
}

/** A word as the shell reads it back. */
function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
