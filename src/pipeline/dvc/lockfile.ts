import { type DvcLockEntry, type DvcLocked, inDvcOrder } from './lock-entry.ts';
import { type DvcMap, type DvcValue, mapOf } from './value.ts';
import { yamlText } from './yaml-text.ts';

export const DVC_LOCK_SCHEMA = '2.0';

/** The text of a dvc.lock in blocks: unchanged ones are written as they were read, byte for byte. */
export interface SplitDvcLock {
  /** All up to the first stage, the line `stages:` included. */
  readonly before: string;
  /** Stage → its lines, in the order of the file. */
  readonly blocks: ReadonlyMap<string, string>;
  /** What follows the stages: `datasets:`. */
  readonly after: string;
}

const NEW_FILE = { before: `schema: '${DVC_LOCK_SCHEMA}'\nstages:\n`, after: '' };

/** The text of a dvc.lock. DVC keeps the order in which stages first came to it, and so must the caller. */
export function formatDvcLockfile(
  blocks: Iterable<readonly [name: string, block: string]>,
  around: Pick<SplitDvcLock, 'before' | 'after'> = NEW_FILE,
): string {
  const text = numberAnchors([...blocks].map(([, block]) => block)).join('');
  const before = text === '' ? around.before.replace(/stages:\n$/, 'stages: {}\n') : around.before;
  return before + text + around.after;
}

const ANCHOR = /(?<=^ +(?:- )*(?:[^\n]*: )?)([&*])id(\d{3,})(?=[ \n])/gm;

/** DVC's writer counts the anchors of a file through, from the first stage to the last. */
function numberAnchors(blocks: readonly string[]): readonly string[] {
  let before = 0;
  return blocks.map((block) => {
    if (!block.includes('&id')) return block;
    const own = [...new Set([...block.matchAll(ANCHOR)].map(([, , id]) => Number(id)))].sort((a, b) => a - b);
    const first = before + 1;
    before += own.length;
    return block.replace(ANCHOR, (_, mark, id) => {
      return `${mark}id${String(first + own.indexOf(Number(id))).padStart(3, '0')}`;
    });
  });
}

/** All of a file's text anew, for one that cannot be split; what DVC writes is kept, comments and layout are not. */
export function rewriteDvcLockfile(
  entries: Iterable<readonly [name: string, entry: DvcLockEntry]>,
  datasets?: DvcValue,
): SplitDvcLock {
  const blocks = new Map([...entries].map(([name, entry]) => [name, formatDvcEntry(name, entry)] as const));
  return { ...NEW_FILE, blocks, after: datasets === undefined ? '' : yamlText(mapOf([['datasets', datasets]])) };
}

/** The block of one stage, its name's line first. */
export function formatDvcEntry(name: string, entry: DvcLockEntry): string {
  return yamlText(mapOf([[name, entryMap(inDvcOrder(entry))]]), 2);
}

/** An entry as data, the way DVC hands it to its YAML writer and hashes it for the run cache. */
export function entryMap(entry: DvcLockEntry): DvcMap {
  const entries: (readonly [string, DvcValue])[] = [['cmd', entry.cmd]];
  if (entry.deps.length > 0) entries.push(['deps', entry.deps.map(lockedMap)]);
  const params = entry.params.map(({ file, values }) => [file, mapOf(values)] as const);
  if (params.length > 0) entries.push(['params', mapOf(params)]);
  if (entry.outs.length > 0) entries.push(['outs', entry.outs.map(lockedMap)]);
  return mapOf(entries);
}

function lockedMap(locked: DvcLocked): DvcMap {
  const { path, hash, files, md5, etag, checksum, size, nfiles, isexec, version_id, cloud, dataset } = locked;
  const count = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
  const sizes = { size: count(size), nfiles: count(nfiles) };
  const known = { path, hash, files, md5, etag, checksum, ...sizes, isexec, version_id, cloud, dataset };
  return mapOf(Object.entries(known).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}

// Lines begin after `\n` alone: what a regular expression with the flag `m` takes for a line can be the middle of a text.
const STAGES = /(?<![^\n])stages:(?: \{\})?\n/;
const MARKER = /(?<![^\n])(?:<<<<<<<|=======|>>>>>>>)[ \n]/;
const AFTER = /(?<![^\n])[^ \t\n#]/;
// A name too long for a simple key stands between `? ` and `:`, perhaps on several lines.
const SIMPLE = /^ {2}("(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^ \t\n#?:'"][^\n]*?|[?:][^ \t\n][^\n]*?):(?=[ \n])/;
const COMPLEX = /^ {2}\? ([^\n]*(?:\n {4}[^\n]*)*)\n {2}:/;
const BLOCK_START = /(?<![^\n]) {2}(?![ \t\n#]|: )/g;

/** The blocks of a dvc.lock as they stand; undefined for a text that is not laid out as DVC writes it. */
export function splitDvcLockfile(given: string): SplitDvcLock | undefined {
  const text = given.replaceAll('\r\n', '\n').replace(/[^\n]$/, '$&\n');
  const stages = STAGES.exec(text);
  if (stages === null || MARKER.test(text)) return undefined;
  const top = stages.index + stages[0].length;
  const rest = text.slice(top);
  const end = AFTER.exec(rest)?.index ?? rest.length;
  const body = rest.slice(0, end);
  const blocks = blocksOf(body);
  if (blocks === undefined) return undefined;
  return { before: `${text.slice(0, stages.index)}stages:\n`, blocks, after: rest.slice(end) };
}

function blocksOf(body: string): ReadonlyMap<string, string> | undefined {
  const starts = [...body.matchAll(BLOCK_START)].map(({ index }) => index);
  if ((starts[0] ?? body.length) !== 0) return undefined;
  const blocks = new Map<string, string>();
  for (const [position, start] of starts.entries()) {
    const block = body.slice(start, starts[position + 1] ?? body.length);
    const name = nameOf(block);
    if (name === undefined || blocks.has(name) || !isOnItsOwn(block)) return undefined;
    blocks.set(name, block);
  }
  return blocks;
}

function nameOf(block: string): string | undefined {
  const complex = COMPLEX.exec(block)?.[1];
  const written = complex ?? SIMPLE.exec(block)?.[1];
  if (written === undefined) return undefined;
  if (written.startsWith("'"))
    return written
      .slice(1, -1)
      .replaceAll("''", "'")
      .replace(/ *\n */g, ' ');
  if (written.startsWith('"')) return unescaped(written);
  return written.replace(/ *\n */g, ' ');
}

const ESCAPED: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};

/** The text of a double-quoted scalar of one line. */
function unescaped(quoted: string): string | undefined {
  if (quoted.includes('\n')) return undefined;
  return quoted
    .slice(1, -1)
    .replace(/\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g, (_all, x, u, long, one) => {
      const hex: string | undefined = x ?? u ?? long;
      return hex === undefined ? (ESCAPED[one] ?? one) : String.fromCodePoint(Number.parseInt(hex, 16));
    });
}

/** Whether a block stays whole when those around it change: each alias in it has its anchor there. */
function isOnItsOwn(block: string): boolean {
  const aliases = [...block.matchAll(/(?<![^\n]) *(?:- )*(?:[^\n]*: )?\*(\w+)\n/g)];
  return aliases.every(([, name = '']) => block.includes(`&${name}`));
}
