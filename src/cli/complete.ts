import { LockstepError } from '../base/error.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Command, OptionSpecs } from './command.ts';
import { COMMANDS } from './commands.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { openProject } from './project.ts';
import { countText } from './quantity.ts';

/** What may stand at the cursor, and a word about it. */
interface Candidate {
  readonly word: string;
  readonly about?: string;
}

/** Called by the shells' scripts: one candidate a line, with a tab before its description; exit 1 for none. */
export async function complete(context: Context, words: readonly string[]): Promise<ExitCode> {
  const current = words.at(-1) ?? '';
  const candidates = await candidatesFor(context, words.slice(0, -1), current);
  const fitting = candidates.filter(({ word }) => word.startsWith(current));
  const lines = fitting.map(({ word, about }) => (about === undefined ? `${word}\n` : `${word}\t${about}\n`));
  context.stdout.write(lines.join(''));
  return fitting.length > 0 ? EXIT.ok : EXIT.failed;
}

async function candidatesFor(context: Context, before: readonly string[], current: string): Promise<Candidate[]> {
  const rest = withoutGlobalOptions(before);
  const [first, second] = rest;
  const row = COMMANDS.find(({ name }) => name === `${first} ${second}`) ?? COMMANDS.find(({ name }) => name === first);
  if (row === undefined) return current.startsWith('-') ? optionCandidates(GLOBAL_OPTIONS) : commandCandidates(rest);
  const command = await row.load();
  const specs: OptionSpecs = { ...GLOBAL_OPTIONS, ...command.options };
  const args = rest.slice(row.name.split(' ').length);
  if (args.includes('--')) return [];
  const opened = optionAt(args.at(-1), specs);
  if (opened?.type === 'string') return (opened.choices ?? []).map((word) => ({ word }));
  const [name = '', value] = current.split('=', 2);
  if (value !== undefined) return (optionAt(name, specs)?.choices ?? []).map((word) => ({ word: `${name}=${word}` }));
  if (current.startsWith('-')) return optionCandidates(specs);
  return row.name === 'completion'
    ? ['bash', 'zsh', 'fish'].map((word) => ({ word }))
    : await positionalCandidates(context, command);
}

function withoutGlobalOptions(words: readonly string[]): readonly string[] {
  let index = 0;
  while (words[index]?.startsWith('-')) index += optionAt(words[index], GLOBAL_OPTIONS)?.type === 'string' ? 2 : 1;
  return words.slice(index);
}

function optionAt(word: string | undefined, specs: OptionSpecs): OptionSpecs[string] | undefined {
  if (word?.startsWith('--')) return specs[word.slice(2)];
  return Object.values(specs).find((spec) => word === `-${spec.short}`);
}

function optionCandidates(specs: OptionSpecs): Candidate[] {
  return Object.entries(specs).map(([name, spec]) => ({ word: `--${name}`, about: spec.help }));
}

/** First words, or, after the first word of several commands, second ones. */
function commandCandidates(words: readonly string[]): Candidate[] {
  if (words.length > 1) return [];
  const [first] = words;
  if (first !== undefined) {
    const members = COMMANDS.filter((row) => row.name.startsWith(`${first} `));
    return members.map((row) => ({ word: row.name.slice(first.length + 1), about: row.summary }));
  }
  const byWord = new Map(COMMANDS.map((row) => [row.name.split(' ')[0] ?? '', row]));
  return [...byWord].map(([word, row]) => (row.name === word ? { word, about: row.summary } : { word }));
}

async function positionalCandidates(context: Context, { completes }: Command): Promise<Candidate[]> {
  switch (completes) {
    case undefined:
    case 'path':
      return [];
    case 'rev':
      return await revisions(context);
    case 'stage':
    case 'run':
      return await fromProject(context, completes);
    default:
      return unreachable(completes);
  }
}

async function fromProject(context: Context, what: 'stage' | 'run'): Promise<Candidate[]> {
  try {
    const project = await openProject(context);
    try {
      if (what === 'stage') return stageCandidates([...(await project.load()).labels.values()]);
      const runs = await (await project.tracking()).list({ limit: 50, latestMetrics: true });
      return runs.map((run) => ({ word: run.id.slice(0, 8), about: `${run.stage ?? 'repro'} ${run.status}` }));
    } finally {
      await project.close();
    }
  } catch (error) {
    // No project, or one that cannot be read: there is nothing to offer, and no one to tell.
    if (error instanceof LockstepError) return [];
    throw error;
  }
}

/** Stages, and before its stages each group that `foreach` or `matrix` made. */
function stageCandidates(labels: readonly string[]): Candidate[] {
  const sizes = new Map<string, number>();
  for (const label of labels) {
    const group = /^[^@]+(?=@)/.exec(label)?.[0];
    if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const groups = [...sizes].map(([word, size]) => ({ word, about: countText(size, 'stage') }));
  return [...groups, ...labels.map((word) => ({ word }))];
}

async function revisions(context: Context): Promise<Candidate[]> {
  const { execFile } = await import('node:child_process');
  const args = ['for-each-ref', '--format=%(refname:short)', 'refs/heads', 'refs/tags', 'refs/remotes'];
  const text = await new Promise<string>((resolve) => {
    execFile('git', args, { cwd: context.cwd, env: context.env }, (_error, stdout) => resolve(stdout));
  });
  return ['HEAD', ...text.split('\n').filter((line) => line !== '')].map((word) => ({ word }));
}
