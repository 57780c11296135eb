import { comparePaths } from '../base/project-path.ts';
import { formatDvcLockfile, splitDvcLockfile } from './dvc/lockfile.ts';

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
  const isDvc = DVC_HEADER.test(input.ours) || DVC_HEADER.test(input.theirs);
  const split = isDvc ? splitDvc : splitLockfile;
  // A file that is new on both sides has an empty base.
  const base = input.base.trim() === '' ? EMPTY : split(input.base);
  const mine = split(input.ours);
  const other = split(input.theirs);
  if (base === undefined || mine === undefined || other === undefined || mine.version !== other.version) {
    return mergeWhole(input);
  }
  const after = pick(base.after, mine.after, other.after);
  if (after === 'conflict') return mergeWhole(input);
  const header = mine.header === base.header ? other.header : mine.header;
  const { blocks, conflicts } = mergeBlocks(base.blocks, mine.blocks, other.blocks);
  if (isDvc) return { text: formatDvcLockfile(blocks, { before: `${header}stages:\n`, after }), conflicts };
  const sorted = [...blocks].sort(([a], [b]) => comparePaths(a, b));
  const text = sorted.map(([, block]) => block).join('');
  return {
    text: text === '' ? `${header}stages: {}\n` : `${header}stages:\n${text}`,
    conflicts: conflicts.sort(comparePaths),
  };
}

type Blocks = SplitLock['blocks'];

/** In the order of our side, and then of theirs: DVC keeps the order in which stages came to the file. */
function mergeBlocks(base: Blocks, ours: Blocks, theirs: Blocks): { blocks: Map<string, string>; conflicts: string[] } {
  const blocks = new Map<string, string>();
  const conflicts: string[] = [];
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a, b] = [ours.get(name), theirs.get(name)];
    const picked = pick(base.get(name), a, b);
    if (picked === 'conflict') conflicts.push(name);
    const block = picked === 'conflict' ? marked(a ?? '', b ?? '') : picked;
    if (block !== undefined) blocks.set(name, block);
  }
  return { blocks, conflicts };
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
  /** What follows the stages; only in a dvc.lock. */
  readonly after: string;
}

const EMPTY: SplitLock = { header: '', version: undefined, blocks: new Map(), after: '' };
const DVC_HEADER = /^schema: /m;

function splitDvc(text: string): SplitLock | undefined {
  const split = splitDvcLockfile(text);
  if (split === undefined) return undefined;
  const header = split.before.slice(0, -'stages:\n'.length);
  return { header, version: /^schema: (.*)$/m.exec(header)?.[1], blocks: split.blocks, after: split.after };
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
  return { header, version: /^lockfile: (.*)$/m.exec(header)?.[1], blocks, after: '' };
}
