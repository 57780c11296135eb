import { realpathSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { askWitness } from '../store/witness.ts';
import { allUpToDate, nothingToDo } from './all-kept.ts';
import { wantsColors } from './colors.ts';
import { findRoot } from './project-root.ts';
import { VERSION } from './version-number.ts';

/** A question whose answer can be remembered: whether everything is up to date. */
export interface Asked {
  readonly command: 'repro' | 'status';
  readonly targets: readonly string[];
  /** The current directory, as a path of the project. */
  readonly here: string;
}

export function keyOf({ command, targets, here }: Asked): string {
  return JSON.stringify([VERSION, command, here, ...targets]);
}

/** One question of each kind is remembered, the last. */
export function witnessFile(root: string, command: Asked['command']): string {
  return join(root, '.lockstep', 'tmp', 'index', `${command}.witness`);
}

/** What the process is like, as far as the answer depends on it. */
export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdoutIsTerminal: boolean;
}

export interface Answer {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The answer to `status` and `repro` where everything was found up to date before and nothing that rests on was
 * touched since. Undefined for anything else, which is for the program proper; it takes ten times as long to load.
 */
export function answerAtOnce(argv: readonly string[], surroundings: Surroundings): Answer | undefined {
  const plain = readPlainly(argv);
  if (plain === undefined) return undefined;
  try {
    const cwd = realpathSync(plain.directories.reduce((from, to) => resolve(from, to), surroundings.cwd));
    const root = findRoot(cwd);
    if (root === undefined) return undefined;
    const asked: Asked = { command: plain.command, targets: plain.targets, here: relative(root, cwd) || '.' };
    const kept = askWitness(witnessFile(root, asked.command), root, keyOf(asked));
    return kept === undefined ? undefined : answer(asked, kept, { ...surroundings, quiet: plain.quiet });
  } catch {
    // Whatever is wrong, the program proper finds it too, and has the words for it.
    return undefined;
  }
}

function answer({ command }: Asked, kept: number, how: Surroundings & { readonly quiet: boolean }): Answer {
  if (command === 'status')
    return { stdout: allUpToDate(kept, wantsColors(how.env, how.stdoutIsTerminal)), stderr: '' };
  return { stdout: '', stderr: how.quiet ? '' : `${nothingToDo(kept)}\n` };
}

interface PlainArguments {
  readonly command: Asked['command'];
  readonly targets: readonly string[];
  readonly directories: readonly string[];
  readonly quiet: boolean;
}

/** Only what can be read without knowing all options; undefined where there is more to it. */
function readPlainly(argv: readonly string[]): PlainArguments | undefined {
  const words: string[] = [];
  const directories: string[] = [];
  let quiet = false;
  for (let at = 0; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    const next = argv[at + 1] ?? '';
    if (word === '-C' || word === '--cd') {
      if (next === '' || next.startsWith('-')) return undefined;
      directories.push(next);
      at += 1;
    } else if (word === '-j' && words[0] === 'repro') {
      if (!/^[1-9]\d{0,3}$/.test(next)) return undefined;
      at += 1;
    } else if (word === '-q' || word === '--quiet') quiet = true;
    // All is up to date where this is asked: the exit code is 0 either way.
    else if (word === '--exit-code' && words[0] === 'status') continue;
    else if (word.startsWith('-')) return undefined;
    else words.push(word);
  }
  const [command, ...targets] = words;
  return command === 'repro' || command === 'status' ? { command, targets, directories, quiet } : undefined;
}
