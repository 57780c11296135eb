import { comparePaths } from '../base/project-path.ts';

export interface MergeInput {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

export interface MergedLock {
  readonly text: string;
  /** The stages that are left in conflict, between markers; `(file)` when the files could not be merged by stage. */
  readonly conflicts: readonly string[];
}

/**
 * Merges two lockfiles that come from one, stage by stage: a stage that one side left alone is taken from the other
 * side. Two results of one stage cannot be merged into a third that nobody ever saw, so they stand as a conflict.
 */
export function mergeLockfiles(input: MergeInput): MergedLock {
  const { ours, theirs } = input;
  // A file that is new on both sides has an empty base.
  const base =
    input.base.trim() === '' ? { header: '', version: undefined, blocks: new Map() } : splitLockfile(input.base);
  const mine = splitLockfile(ours);
  const other = splitLockfile(theirs);
  if (base === undefined || mine === undefined || other === undefined || mine.version !== other.version) {
    return mergeWhole(input);
  }
  const names = [...new Set([...mine.blocks.keys(), ...other.blocks.keys()])].sort(comparePaths);
  const conflicts: string[] = [];
  let text = '';
  for (const name of names) {
    const [was, a, b] = [base.blocks.get(name), mine.blocks.get(name), other.blocks.get(name)];
    const picked = pick(was, a, b);
    if (picked === 'conflict') conflicts.push(name);
    text += picked === 'conflict' ? marked(a ?? '', b ?? '') : (picked ?? '');
  }
  const header = mine.header === base.header ? other.header : mine.header;
  return { text: text === '' ? `${header}stages: {}\n` : `${header}stages:\n${text}`, conflicts };
}

function pick<T>(base: T, ours: T, theirs: T): T | 'conflict' {
  if (ours === theirs || theirs === base) return ours;
  return ours === base ? theirs : 'conflict';
}

function marked(ours: string, theirs: string): string {
  return `<<<<<<< ours\n${ours}=======\n${theirs}>>>>>>> theirs\n`;
}

/** Lockfiles of two versions, or texts that are no lockfiles: one side whole, or both. */
function mergeWhole({ base, ours, theirs }: MergeInput): MergedLock {
  const picked = pick(base, ours, theirs);
  if (picked !== 'conflict') return { text: picked, conflicts: [] };
  return { text: marked(withLineEnd(ours), withLineEnd(theirs)), conflicts: ['(file)'] };
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

interface SplitLock {
  /** All that stands above `stages:`. */
  readonly header: string;
  readonly version: string | undefined;
  /** Stage → its lines. */
  readonly blocks: ReadonlyMap<string, string>;
}

const STAGES = /^stages:(?: \{\})?\n/m;
const MARKER = /^(?:<<<<<<<|=======|>>>>>>>)(?: |$)/m;
// A block begins with its name, two blanks in; a name too long for a simple key stands between `? ` and `:`.
const BLOCK_START = /^ {2}(?:\? )?(?=[^ \n#:])(?:("(?:[^"\\]|\\.)*")|([^\n]*?))(?::|\n {2}:)$/gm;

const STRAY_LINE = /^(?! {4}|$)./m;

/** The blocks of a lockfile as they stand; undefined for a text that is not laid out as lockstep writes it. */
export function splitLockfile(given: string): SplitLock | undefined {
  const text = withLineEnd(given.replaceAll('\r\n', '\n'));
  const stages = STAGES.exec(text);
  if (stages === null || MARKER.test(text)) return undefined;
  const header = text.slice(0, stages.index);
  const body = text.slice(stages.index + stages[0].length);
  const starts = [...body.matchAll(BLOCK_START)];
  if ((starts[0]?.index ?? body.length) !== 0) return undefined;
  const blocks = new Map<string, string>();
  for (const [position, start] of starts.entries()) {
    const name = start[1] === undefined ? (start[2] ?? '') : String(JSON.parse(start[1]));
    const block = body.slice(start.index, starts[position + 1]?.index ?? body.length);
    if (blocks.has(name) || STRAY_LINE.test(block.slice(start[0].length + 1))) return undefined;
    blocks.set(name, block);
  }
  return { header, version: /^lockfile: (.*)$/m.exec(header)?.[1], blocks };
}
