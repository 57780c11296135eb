import { parseArgs } from 'node:util';
import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import type { Command, OptionSpec, OptionSpecs } from './command.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';

export interface ParsedArguments {
  readonly options: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
}

type Token = ReturnType<typeof tokenize>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

/** The words before the command's name, which may only be global options, and where the name begins. */
export function splitAtCommand(argv: readonly string[]): { readonly before: string[]; readonly rest: string[] } {
  const first = tokenize(argv, GLOBAL_OPTIONS).find((token) => token.kind !== 'option');
  const index = first?.index ?? argv.length;
  return { before: argv.slice(0, index), rest: argv.slice(index) };
}

/** Option values by name, and what is left; throws `usage` for what these options do not allow. */
export function parseOptions(argv: readonly string[], specs: OptionSpecs): ParsedArguments {
  const options: Record<string, unknown> = {};
  const positionals: string[] = [];
  for (const token of tokenize(spreadGreedy(argv, specs), specs)) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(specs, token.name) ? specs[token.name] : undefined;
    if (spec === undefined) throw unknownOption(token, specs);
    const value = readValue(token, spec);
    if (spec.multiple) options[token.name] = [...((options[token.name] as unknown[] | undefined) ?? []), value];
    else options[token.name] = value;
  }
  return { options, positionals };
}

/** `--targets a b` as `--targets=a --targets=b`. */
function spreadGreedy(argv: readonly string[], specs: OptionSpecs): readonly string[] {
  const words: string[] = [];
  let greedy: string | undefined;
  for (const [index, word] of argv.entries()) {
    const value = greedy !== undefined && !word.startsWith('-');
    if (!value) greedy = word.startsWith('--') && specs[word.slice(2)]?.greedy === true ? word : undefined;
    const isFollowed = argv[index + 1]?.startsWith('-') === false;
    if (value) words.push(`${greedy}=${word}`);
    else if (greedy === undefined || !isFollowed) words.push(word);
  }
  return words;
}

export function checkPositionals(command: Command, positionals: readonly string[]): void {
  const { min, max } = command.positionals;
  if (positionals.length >= min && positionals.length <= max) return;
  const what =
    positionals.length < min ? 'an argument is missing' : `unexpected argument ${quoted(positionals[max] ?? '')}`;
  throw new LockstepError('usage', what, { hint: `the form is lockstep ${command.usage}` });
}

function tokenize(argv: readonly string[], specs: OptionSpecs) {
  const options: Record<string, { type: 'boolean' | 'string'; short?: string; multiple?: boolean }> = {};
  for (const [name, { type, short }] of Object.entries(specs)) {
    options[name] = short === undefined ? { type } : { type, short };
  }
  // Not strict: node's own messages neither suggest a name nor keep to our wording, so the checks are made here.
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function readValue(token: OptionToken, spec: OptionSpec): string | true {
  if (spec.type === 'boolean') {
    if (token.value === undefined) return true;
    throw new LockstepError('usage', `option ${token.rawName} takes no value`);
  }
  // A forgotten value must not swallow the option that follows.
  const swallows =
    spec.dashed !== true && token.value?.startsWith('-') === true && token.value !== '-' && !token.inlineValue;
  if (token.value === undefined || swallows) {
    const hint = swallows ? `a value that begins with a dash is written --${token.name}=${token.value}` : undefined;
    throw new LockstepError('usage', `option ${token.rawName} needs a value${spec.value ? `: ${spec.value}` : ''}`, {
      ...(hint === undefined ? {} : { hint }),
    });
  }
  if (spec.choices !== undefined && !spec.choices.includes(token.value)) {
    throw new LockstepError('usage', `option ${token.rawName} does not know ${quoted(token.value)}`, {
      hint: `choose from: ${spec.choices.join(', ')}`,
    });
  }
  return token.value;
}

function unknownOption(token: OptionToken, specs: OptionSpecs): LockstepError {
  const near = nearest(token.name, Object.keys(specs));
  return new LockstepError('usage', `unknown option ${quoted(token.rawName)}`, {
    ...(near === undefined || token.name.length < 2 ? {} : { hint: `did you mean --${near}?` }),
  });
}

function quoted(text: string): string {
  return `'${text}'`;
}
