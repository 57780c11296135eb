import { LockstepError } from '../base/error.ts';
import type { Command, OptionSpecs } from './command.ts';
import type { CommandGroup, CommandRow } from './command-row.ts';
import type { Output } from './context.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { stylesOf } from './style.ts';

const GROUP_TITLES: Readonly<Record<CommandGroup, string>> = {
  pipeline: 'Pipeline',
  runs: 'Runs',
  models: 'Models',
  data: 'Lockfile and data',
  setup: 'Set-up',
};

const OVERVIEW = `lockstep re-runs what changed of a pipeline, and keeps of every run a record that can be checked.`;

/** `lockstep -h`: every command, by what it is about. */
export function renderOverview(rows: readonly CommandRow[], output: Output): string {
  const { bold } = stylesOf(output);
  const width = Math.max(...rows.map((row) => row.name.length));
  const sections = Object.entries(GROUP_TITLES).map(([group, title]) => {
    const lines = rows.filter((row) => row.group === group).map((row) => `  ${row.name.padEnd(width)}  ${row.summary}`);
    return lines.length === 0 ? [] : [[bold(title), ...lines].join('\n')];
  });
  return `${[
    OVERVIEW,
    `${bold('Usage:')} lockstep [options] <command> …`,
    ...sections.flat(),
    [bold('Options for every command'), ...optionLines(GLOBAL_OPTIONS, output)].join('\n'),
    'lockstep <command> -h explains one command.',
  ].join('\n\n')}\n`;
}

/** `lockstep runs -h`: the commands that begin with this word. */
export function renderGroup(word: string, rows: readonly CommandRow[], output: Output): string {
  const { bold } = stylesOf(output);
  const members = rows.filter((row) => row.name.startsWith(`${word} `));
  if (members.length === 0) throw new LockstepError('usage', `unknown command '${word}'`);
  const width = Math.max(...members.map((row) => row.name.length));
  const lines = members.map((row) => `  ${row.name.padEnd(width)}  ${row.summary}`);
  return `${bold('Usage:')} lockstep ${word} <command> …\n\n${lines.join('\n')}\n`;
}

/** `lockstep repro -h`. */
export function renderCommandHelp(command: Command, output: Output): string {
  const { bold } = stylesOf(output);
  const own = optionLines(command.options, output);
  return `${[
    `${bold('Usage:')} lockstep ${command.usage}`,
    wrap(command.summary, output.columns),
    ...(command.details === undefined ? [] : [command.details.trim()]),
    ...(own.length === 0 ? [] : [[bold('Options'), ...own].join('\n')]),
    [bold('Options for every command'), ...optionLines(GLOBAL_OPTIONS, output)].join('\n'),
    ...(command.examples === undefined
      ? []
      : [[bold('Examples'), ...command.examples.map((example) => `  ${example}`)].join('\n')]),
  ].join('\n\n')}\n`;
}

/** One option a line, its text aligned; what does not fit goes on below the text. */
function optionLines(specs: OptionSpecs, output: Output): string[] {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const short = spec.short === undefined ? '    ' : `-${spec.short}, `;
    const value = spec.type === 'string' ? ` ${spec.value ?? 'VALUE'}` : '';
    const choices = spec.choices === undefined ? '' : ` (${spec.choices.join(', ')})`;
    return { flag: `  ${short}--${name}${value}`, help: `${spec.help}${choices}` };
  });
  const column = Math.min(32, Math.max(0, ...rows.map((row) => row.flag.length)) + 2);
  const room = Math.max(24, output.columns - column);
  return rows.map(({ flag, help }) => {
    const text = wrap(help, room).replaceAll('\n', `\n${' '.repeat(column)}`);
    return flag.length + 2 > column ? `${flag}\n${' '.repeat(column)}${text}` : `${flag.padEnd(column)}${text}`;
  });
}

function wrap(text: string, columns: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1] ?? '';
    if (last !== '' && last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.join('\n');
}
