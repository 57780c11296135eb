import { Document, isMap, parseDocument, Scalar, visit } from 'yaml';
import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import type { WrittenStage } from './schema-stage.ts';
import { dataOf } from './yaml-data.ts';
import {
  columnOf,
  endWithComments,
  isBlockMap,
  lineStart,
  linesOf,
  ownEntry,
  splice,
  startWithComments,
} from './yaml-lines.ts';
import { entryOf, follow, readSource, startOf, type YamlEntry, type YamlSource } from './yaml-source.ts';

/** A stage as it is to be written; keys in this order. */
export interface StageSpec extends WrittenStage {
  readonly name: string;
}

/** The text of a pipeline file with one more stage at its end. All other lines stay as they are. */
export function addStage(text: string, { name, ...stage }: StageSpec, options: { force?: boolean } = {}): string {
  const file = open(text);
  if (name in file.stages && options.force !== true) {
    throw new LockstepError('usage', `the pipeline already has a stage \`${name}\``, {
      hint: 'to replace it, add --force',
    });
  }
  const wanted = { ...file.data, stages: { ...file.stages, [name]: stage } };
  return edited(file, wanted, {
    lines: withStageLines(file, name, stage),
    document: (document) => {
      const stages = document.get('stages');
      if (isMap(stages) && stages.items.length === 0) stages.flow = false;
      document.setIn(['stages', name], document.createNode(stage));
    },
  });
}

/** The text of a pipeline file without a stage and the comments right above it. */
export function removeStage(text: string, name: string): string {
  const file = open(text);
  requireStage(file, name);
  const { [name]: _removed, ...stages } = file.stages;
  return edited(
    file,
    { ...file.data, stages },
    {
      lines: withoutStageLines(file, name),
      document: (document) => document.deleteIn(['stages', name]),
    },
  );
}

/** The text of a pipeline file in which a stage is frozen, or is no more. */
export function setFrozen(text: string, name: string, frozen: boolean): string {
  const file = open(text);
  const stage = requireStage(file, name);
  if ((stage.frozen ?? false) === frozen) return text;
  const { frozen: _was, ...rest } = stage;
  const thawed = [rest, { ...rest, frozen: false }];
  const wanted = (frozen ? [{ ...rest, frozen }] : thawed).map((one) => ({
    ...file.data,
    stages: { ...file.stages, [name]: one },
  }));
  return edited(file, wanted, {
    lines: withFrozenLines(file, name, frozen),
    document: (document) =>
      isMap(document.getIn(['stages', name]))
        ? document.setIn(['stages', name, 'frozen'], frozen)
        : document.setIn(['stages', name], document.createNode({ ...rest, frozen })),
  });
}

type Data = Readonly<Record<string, unknown>>;

interface OpenFile {
  readonly text: string;
  readonly source: YamlSource;
  readonly data: Data;
  readonly stages: Readonly<Record<string, Data>>;
  /** The entry `stages` at the top of the file. */
  readonly section: YamlEntry | undefined;
}

function open(text: string): OpenFile {
  const { source, diagnostics } = readSource('', text);
  const { data, diagnostics: more } = diagnostics.length > 0 ? { data: null, diagnostics: [] } : dataOf(source);
  const [first] = [...diagnostics, ...more];
  if (first !== undefined) {
    const where = first.place === undefined ? '' : `line ${first.place.line}, column ${first.place.column}: `;
    throw new LockstepError('bad-pipeline', `the pipeline file cannot be changed: ${where}${first.message}`);
  }
  const stages = isData(data) ? (data.stages ?? {}) : {};
  if ((data !== null && !isData(data)) || !isData(stages)) {
    throw new LockstepError('bad-pipeline', 'the pipeline file cannot be changed: it is no map with the key `stages`');
  }
  return {
    text,
    source,
    data: data ?? {},
    stages: stages as OpenFile['stages'],
    section: ownEntry(source.root, 'stages'),
  };
}

function isData(value: unknown): value is Data {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function requireStage(file: OpenFile, name: string): Data {
  const stage = file.stages[name];
  if (stage !== undefined) return stage;
  const group = /^[^@]+(?=@)/.exec(name)?.[0];
  if (group !== undefined && group in file.stages) {
    throw new LockstepError('usage', `\`${name}\` is made of \`${group}\`, and cannot be changed by itself`, {
      hint: `change \`${group}\` in an editor; it is the stages of the whole group that change`,
    });
  }
  const close = nearest(name, Object.keys(file.stages));
  throw new LockstepError('no-such-stage', `the pipeline has no stage \`${name}\``, {
    ...(close !== undefined && { hint: `did you mean \`${close}\`?` }),
  });
}

interface Edit {
  /** The text changed by lines; undefined where the layout allows no such change. */
  readonly lines: string | undefined;
  /** The same change by way of the parsed document, which is written anew and loses some layout. */
  readonly document: (document: Document) => void;
}

/** The changed text, by lines if that gives the data wanted. */
function edited(file: OpenFile, wanted: Data | readonly Data[], edit: Edit): string {
  const isWanted = (text: string) => [wanted].flat().some((data) => sameData(dataIn(text), data));
  if (edit.lines !== undefined && isWanted(edit.lines)) return edit.lines;
  const text = writtenAnew(file.text, edit.document);
  if (text !== undefined && isWanted(text)) return text;
  throw new LockstepError('usage', 'the pipeline file is written in a way that cannot be changed by a command', {
    hint: 'change it in an editor; anchors and aliases between stages are the usual cause',
  });
}

function writtenAnew(text: string, change: Edit['document']): string | undefined {
  const document = parseDocument(text, { merge: true, logLevel: 'silent' });
  try {
    change(document);
    return document.toString({ lineWidth: 0 });
  } catch {
    // The package refuses with a plain Error, for example an alias whose anchor was taken away.
    return undefined;
  }
}

function dataIn(text: string): unknown {
  const { source, diagnostics } = readSource('', text);
  if (diagnostics.length > 0) return undefined;
  const { data, usable } = dataOf(source);
  return usable && isData(data) ? { ...data, stages: data.stages ?? {} } : undefined;
}

/** Equal as data, whatever the order of keys; a key without a value is no key. */
function sameData(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) || Array.isArray(b) || !isData(a) || !isData(b)) {
    if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
    return a.length === b.length && a.every((item, index) => sameData(item, b[index]));
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => sameData(a[key], b[key]));
}

function withStageLines(file: OpenFile, name: string, stage: WrittenStage): string | undefined {
  const { text, source, section } = file;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  if (section === undefined) {
    if (source.root !== null && !isBlockMap(source.root)) return undefined;
    const before = text === '' || text.endsWith('\n') ? '' : eol;
    const block = blockOf(name, stage, { column: 2, step: 2, eol });
    return `${text}${before}stages:${eol}${block}`;
  }
  const stages = follow(source, section.value);
  if (!isBlockMap(stages)) {
    const { end } = linesOf(source, section);
    return insertLines(text, end, blockOf(name, stage, { column: 2, step: 2, eol }));
  }
  const entries = stages.items.map(entryOf);
  const last = entries.at(-1);
  if (last === undefined) return undefined;
  const column = columnOf(text, last.key);
  const block = blockOf(name, stage, { column, step: stepOf(source, last, column), eol });
  const old = ownEntry(stages, name);
  if (old !== undefined) return splice(text, linesOf(source, old), block);
  const { start, end } = linesOf(source, last);
  const apart = entries.length > 1 && lineAbove(text, startWithComments(text, start, column)).trim() === '';
  return insertLines(text, endWithComments(text, end, column), apart ? eol + block : block);
}

function insertLines(text: string, at: number, lines: string): string {
  const eol = lines.includes('\r\n') ? '\r\n' : '\n';
  const before = at === 0 || text[at - 1] === '\n' ? '' : eol;
  return splice(text, { start: at, end: at }, before + lines);
}

function lineAbove(text: string, start: number): string {
  return start === 0 ? '-' : text.slice(lineStart(text, start - 1), start);
}

interface Layout {
  /** Blanks before the name. */
  readonly column: number;
  /** Blanks that a level is indented by. */
  readonly step: number;
  readonly eol: string;
}

function blockOf(name: string, stage: WrittenStage, { column, step, eol }: Layout): string {
  const block = new Document({ [name]: stage });
  if (step !== 2) visit(block, { Scalar: (_key, scalar) => quoteIfBlankLed(scalar) });
  const lines = block.toString({ indent: step, lineWidth: 0, nullStr: '' }).split('\n');
  const indented = lines.map((line) => (line === '' ? '' : ' '.repeat(column) + line));
  return indented.join(eol);
}

/** The package writes the indicator of a block scalar that begins with a blank as if each level were two blanks. */
function quoteIfBlankLed(scalar: Scalar): void {
  if (typeof scalar.value === 'string' && /^\n*[ \t]/.test(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
}

function stepOf(source: YamlSource, entry: YamlEntry, column: number): number {
  const stage = entry.value;
  const [inner] = isBlockMap(stage) ? stage.items.map(entryOf) : [];
  return inner === undefined ? 2 : Math.max(1, columnOf(source.text, inner.key) - column);
}

function withoutStageLines({ text, source, section }: OpenFile, name: string): string | undefined {
  const stages = section?.value;
  const entry = isBlockMap(stages) ? ownEntry(stages, name) : undefined;
  if (entry === undefined) return undefined;
  const column = columnOf(text, entry.key);
  const lines = linesOf(source, entry);
  const start = startWithComments(text, lines.start, column);
  const end = endWithComments(text, lines.end, column + 1);
  // Of the blank lines before and after, one is enough.
  const apart = /^[ \t]*\r?\n/.exec(text.slice(end))?.[0] ?? '';
  const doubled = lineAbove(text, start).trim() === '' ? apart.length : 0;
  return splice(text, { start, end: end + doubled }, '');
}

function withFrozenLines({ text, source, section }: OpenFile, name: string, frozen: boolean): string | undefined {
  const entry = ownEntry(section?.value, name);
  const stage = entry?.value;
  if (entry === undefined || !isMap(stage)) return undefined;
  const old = ownEntry(stage, 'frozen');
  if (old?.value) {
    if (!frozen && isBlockMap(stage)) return splice(text, linesOf(source, old), '');
    return splice(text, { start: startOf(old.value), end: old.value.range?.[1] ?? 0 }, String(frozen));
  }
  if (!frozen) return undefined;
  const end = (stage.range?.[1] ?? 0) - 1;
  if (!isBlockMap(stage)) {
    return splice(text, { start: end, end }, ', frozen: true');
  }
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const [first] = stage.items.map(entryOf);
  const indent = ' '.repeat(first === undefined ? 0 : columnOf(text, first.key));
  return insertLines(text, linesOf(source, entry).end, `${indent}frozen: true${eol}`);
}
