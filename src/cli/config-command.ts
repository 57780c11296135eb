import { realpathSync } from 'node:fs';
import { LockstepError } from '../base/error.ts';
import { defineCommand, type OptionValues } from './command.ts';
import {
  type ConfigLevel,
  configLevels,
  type LevelName,
  levelsFor,
  optionsIn,
  type SetOption,
  setOption,
  unsetOption,
} from './config-levels.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { findRoot } from './project-root.ts';

const options = {
  list: { type: 'boolean', short: 'l', help: 'all options that are set' },
  unset: { type: 'boolean', short: 'u', help: 'take the option away' },
  'show-origin': { type: 'boolean', help: 'with the file that each value comes from' },
  local: { type: 'boolean', help: 'only the file that git does not see' },
  project: { type: 'boolean', help: 'only the file that is committed; written to by default' },
  global: { type: 'boolean', help: "only the user's file; of DVC's config" },
  system: { type: 'boolean', help: "only the machine's file; of DVC's config" },
  json: { type: 'boolean', help: '{NAME: {"value", "origin"}}' },
} as const;

type Given = OptionValues<typeof options>;

export const command = defineCommand({
  usage: 'config [name [value]]',
  summary: 'Show or set options of the project',
  details:
    'Of .lockstep/config.yaml; in a DVC project of .dvc/config, but for jobs, grace and resources. Comments stay. Exits 1 ' +
    'for an option that is not set.',
  options,
  positionals: { min: 0, max: 2 },
  examples: [
    'lockstep config jobs 4',
    'lockstep config cache.link reflink,copy --local',
    'lockstep config -l --show-origin',
  ],
  run: async (context, given, [name, value]) => {
    const root = findRoot(realpathSync(context.cwd));
    if (root === undefined) throw new LockstepError('no-project', 'there is no project here');
    const named = levelsNamed(configLevels(root, context), given);
    if (name === undefined || given.list === true) {
      if (name !== undefined || given.unset === true) throw new LockstepError('usage', 'give either --list or a name');
      return show(context, given, effective(named.flatMap(optionsIn)));
    }
    const levels = levelsFor(named, name);
    if (value === undefined && given.unset !== true) return get(context, given, { name, levels });
    const level = levelToWrite(levels, given);
    if (value !== undefined) {
      if (given.unset === true) throw new LockstepError('usage', '--unset takes no value');
      setOption(level, name, value);
    } else if (!unsetOption(level, name)) return notSet(context, name, level.shown);
    return EXIT.ok;
  },
});

const LEVELS: readonly LevelName[] = ['system', 'global', 'project', 'local'];

function levelsNamed(levels: readonly ConfigLevel[], given: Given): readonly ConfigLevel[] {
  const names = LEVELS.filter((name) => given[name] === true);
  if (names.length > 1) throw new LockstepError('usage', `--${names.join(' and --')} exclude each other`);
  const [only] = names;
  if (only === undefined) return levels;
  const found = levels.filter(({ name }) => name === only);
  if (found.length > 0) return found;
  throw new LockstepError('usage', `lockstep has no --${only} configuration: a project says what it needs itself`);
}

function levelToWrite(levels: readonly ConfigLevel[], given: Given): ConfigLevel {
  const wanted = LEVELS.find((name) => given[name] === true) ?? 'project';
  const level = levels.find(({ name }) => name === wanted);
  if (level !== undefined) return level;
  throw new LockstepError('usage', `this option cannot be set with --${wanted}`);
}

/** Each once: the last file that sets it wins. */
function effective(all: readonly SetOption[]): readonly SetOption[] {
  return [...new Map(all.map((option) => [option.name, option])).values()];
}

interface Question {
  readonly name: string;
  readonly levels: readonly ConfigLevel[];
}

function get(context: Context, given: Given, { name, levels }: Question): ExitCode {
  const wanted = name.toLowerCase();
  const found = effective(levels.flatMap(optionsIn)).find((option) => option.name === name || option.name === wanted);
  if (found === undefined) return notSet(context, name);
  if (given.json === true) return show(context, given, [found]);
  const origin = given['show-origin'] === true ? `${found.level.shown}\t` : '';
  context.stdout.write(`${origin}${valueText(found.value)}\n`);
  return EXIT.ok;
}

function notSet(context: Context, name: string, where?: string): ExitCode {
  if (!context.quiet) context.stderr.write(`${name} is not set${where === undefined ? '' : ` in ${where}`}\n`);
  return EXIT.failed;
}

function show(context: Context, given: Given, shown: readonly SetOption[]): ExitCode {
  if (given.json === true) {
    const entries = shown.map(({ name, value, level }) => [name, { value, origin: level.shown }]);
    context.stdout.write(`${JSON.stringify(Object.fromEntries(entries))}\n`);
    return EXIT.ok;
  }
  for (const { name, value, level } of shown) {
    const origin = given['show-origin'] === true ? `${level.shown}\t` : '';
    context.stdout.write(`${origin}${name}=${valueText(value)}\n`);
  }
  return EXIT.ok;
}

function valueText(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}
