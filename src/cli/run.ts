import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import type { CommandRow } from './command-row.ts';
import { COMMANDS } from './commands.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { checkPositionals, parseOptions, splitAtCommand } from './parse-arguments.ts';

/** What the shells' completion scripts call; no command for people. */
const COMPLETE = '__complete';

/** One call of the program, from its arguments to its exit code. Never rejects. */
export async function runCli(argv: readonly string[], context: Context): Promise<ExitCode> {
  try {
    return await dispatch(argv, context);
  } catch (error) {
    const { renderError } = await import('./render-error.ts');
    return renderError(error, { context, argv });
  }
}

async function dispatch(argv: readonly string[], context: Context): Promise<ExitCode> {
  const { before, rest } = splitAtCommand(argv);
  if (rest[0] === COMPLETE) {
    const { complete } = await import('./complete.ts');
    return await complete(context, rest.slice(rest[1] === '--' ? 2 : 1));
  }
  const globals = parseOptions(before, GLOBAL_OPTIONS).options;
  if (globals.version === true) return printVersion(context);
  const wantsHelp = globals.help === true || rest[0] === 'help';
  const words = rest[0] === 'help' ? rest.slice(1) : rest;
  if (words.length === 0) return printOverview(context, wantsHelp);

  const { row, args } = findCommand(words);
  if (row === undefined) return printGroup(words[0] ?? '', { context, wantsHelp: wantsHelp || asksForHelp(args) });
  const command = await row.load();
  const parsed = parseOptions(args, { ...GLOBAL_OPTIONS, ...command.options });
  const options = { ...globals, ...parsed.options };
  if (options.version === true) return printVersion(context);
  if (wantsHelp || options.help === true) {
    const { renderCommandHelp } = await import('./help.ts');
    context.stdout.write(renderCommandHelp(command, context.stdout));
    return EXIT.ok;
  }
  checkPositionals(command, parsed.positionals);
  const cd = [...asList(globals.cd), ...asList(parsed.options.cd)];
  const at = { ...contextFor(context, { ...options, cd }), command: row.name };
  return await command.run(at, withoutGlobals(options), parsed.positionals);
}

/** The command that these words begin with; no row when they are only the first word of several commands. */
function findCommand(words: readonly string[]): { row: CommandRow | undefined; args: readonly string[] } {
  const [first = '', second] = words;
  const pair = COMMANDS.find((row) => row.name === `${first} ${second}`);
  if (pair !== undefined) return { row: pair, args: words.slice(2) };
  const single = COMMANDS.find((row) => row.name === first);
  if (single !== undefined) return { row: single, args: words.slice(1) };

  const members = COMMANDS.filter((row) => row.name.startsWith(`${first} `));
  if (members.length > 0 && (second === undefined || second.startsWith('-'))) {
    return { row: undefined, args: words.slice(1) };
  }
  const typed = members.length > 0 ? `${first} ${second}` : first;
  const known = (members.length > 0 ? members : COMMANDS).map((row) => row.name);
  const near = nearest(typed, known);
  throw new LockstepError('usage', `unknown command '${typed}'`, {
    hint: near === undefined ? 'lockstep -h lists the commands' : `did you mean lockstep ${near}?`,
  });
}

function asksForHelp(args: readonly string[]): boolean {
  return args.includes('-h') || args.includes('--help');
}

async function printVersion(context: Context): Promise<ExitCode> {
  const { VERSION } = await import('./version-number.ts');
  context.stdout.write(`${VERSION}\n`);
  return EXIT.ok;
}

async function printOverview(context: Context, asked: boolean): Promise<ExitCode> {
  const { renderOverview } = await import('./help.ts');
  const output = asked ? context.stdout : context.stderr;
  output.write(renderOverview(COMMANDS, output));
  return asked ? EXIT.ok : EXIT.usage;
}

async function printGroup(word: string, request: { context: Context; wantsHelp: boolean }): Promise<ExitCode> {
  const { renderGroup } = await import('./help.ts');
  const output = request.wantsHelp ? request.context.stdout : request.context.stderr;
  output.write(renderGroup(word, COMMANDS, output));
  return request.wantsHelp ? EXIT.ok : EXIT.usage;
}

function contextFor(context: Context, options: Readonly<Record<string, unknown>>): Context {
  const cwd = asList(options.cd).reduce((from, to) => resolve(from, to), context.cwd);
  if (cwd !== context.cwd && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new LockstepError('usage', `no such directory: ${cwd}`);
  }
  return {
    ...context,
    cwd,
    quiet: context.quiet || options.quiet === true,
    verbose: context.verbose || options.verbose === true,
  };
}

function asList(value: unknown): readonly string[] {
  return (value as readonly string[] | undefined) ?? [];
}

function withoutGlobals(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const own = Object.entries(options).filter(([name]) => !Object.hasOwn(GLOBAL_OPTIONS, name));
  return Object.fromEntries(own);
}
