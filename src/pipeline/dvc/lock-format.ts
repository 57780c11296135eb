import type { Literal, ProjectPath } from '../../base/brand.ts';
import { digestOf, hexOf } from '../../base/hash.ts';
import { relativeTo } from '../../base/project-path.ts';
import type { LockEntry, ReadLockEntry } from '../lock-entry.ts';
import { DVC_LOCK, type LockFormat, type LockOwner, type NodeOf, type Unwritten } from '../lock-format.ts';
import type { ParamsNode } from '../params.ts';
import type { Stage, WrittenPaths } from '../stage.ts';
import { type DvcLockEntry, type DvcLocked, lockedOf, resolveLocked, toLockEntry } from './lock-entry.ts';
import {
  formatDvcEntry,
  formatDvcLockfile,
  rewriteDvcLockfile,
  type SplitDvcLock,
  splitDvcLockfile,
} from './lockfile.ts';
import { parseDvcLockfile } from './parse-lockfile.ts';
import { sameCommand } from './same-command.ts';
import { type DvcValue, literalOfValue, mapOf, valueOfLiteral } from './value.ts';

/** An entry as it was read, as JSON: values as literals, and without what only DVC understands. */
interface EntryJson {
  readonly cmd: DvcLockEntry['cmd'];
  readonly deps: readonly DvcLocked[];
  readonly params: readonly (readonly [file: string, values: readonly (readonly [string, Literal])[]])[];
  readonly outs: readonly DvcLocked[];
}

type Json = readonly (readonly [name: string, entry: EntryJson])[];

/** dvc.lock. It says nothing of wdir, environment and persistent outs: those are remembered beside it. */
export const dvcLock: LockFormat = {
  read(file, text) {
    const { lockfile, diagnostics } = parseDvcLockfile(file, text);
    if (lockfile === undefined) return { json: undefined, diagnostics };
    const json: Json = [...lockfile.entries].map(([name, entry]) => [name, jsonOf(entry)]);
    return { json, diagnostics };
  },
  bind(json, owner) {
    const entries = (json as Json).map(([name, written]): [string, ReadLockEntry] => {
      return [name, bindEntry(name, written, owner)];
    });
    return { entries: new Map(entries) };
  },
  edit({ text, json }, owner) {
    const around = text === '' ? rewriteDvcLockfile([]) : (splitDvcLockfile(text) ?? laidOutAnew(text));
    const blocks = new Map(around.blocks);
    const written = new Map(json as Json);
    const unwritten = new Map([...owner.unwritten].filter(([name]) => written.has(name)));
    return {
      set(name, entry, nodeOf) {
        const locked = lockedEntry(entry, { nodeOf, stage: owner.stages.get(name) });
        const json = jsonOf(locked);
        const persist = [...entry.outs].filter(([, out]) => out.persist).map(([path]) => path);
        unwritten.set(name, { entry: fingerprint(json), wdir: entry.wdir, env: entry.env, persist });
        // Another layout of the same entry is nobody's change.
        if (JSON.stringify(written.get(name)) === JSON.stringify(json)) return false;
        written.set(name, json);
        blocks.set(name, formatDvcEntry(name, locked));
        return true;
      },
      drop(name) {
        for (const map of [blocks, written, unwritten]) map.delete(name);
      },
      text: () => formatDvcLockfile(inTurn(blocks, around.blocks, owner.order), around),
      json: () => [...written],
      unwritten: () => unwritten,
    };
  },
};

/** Entries that stood there keep their places; new ones follow in the order in which DVC would have come to them. */
function inTurn(
  blocks: ReadonlyMap<string, string>,
  standing: ReadonlyMap<string, string>,
  order: readonly string[] = [],
): Iterable<readonly [string, string]> {
  const place = new Map(order.map((name, index) => [name, index]));
  const rank = (name: string) => (standing.has(name) ? -1 : (place.get(name) ?? order.length));
  return [...blocks].sort(([a], [b]) => rank(a) - rank(b));
}

/** Of a text that somebody wrote by hand, comments and layout are lost with the first change. */
function laidOutAnew(text: string): SplitDvcLock {
  const { lockfile } = parseDvcLockfile(DVC_LOCK as ProjectPath, text);
  return rewriteDvcLockfile(lockfile?.entries ?? [], lockfile?.datasets);
}

interface Locking {
  readonly nodeOf?: NodeOf;
  /** The stage as its file has it, if it is still there. */
  readonly stage: Stage | undefined;
}

/** An entry in DVC's form: paths in the words of the stage, which are those that its command sees from its wdir. */
export function lockedEntry(entry: LockEntry, { nodeOf = () => undefined, stage }: Locking): DvcLockEntry {
  const written = stage?.wdir === entry.wdir ? stage.written : undefined;
  const inWords = wordsOf(entry.wdir, written);
  const params = [...entry.params].filter(([, values]) => values.size > 0);
  const known: KnownValues = new Map();
  return {
    cmd: entry.cmd,
    deps: inWords('deps', entry.deps).map(([text, content]) => lockedOf(text, content)),
    params: params.map(([file, values]) => ({
      file: relativeTo(entry.wdir, file),
      values: [...values].map(([key, literal]) => [key, inOrder(nodeOf(file, key), literal, known)] as const),
    })),
    outs: inWords('outs', entry.outs).map(([text, out]) => lockedOf(text, out.content)),
  };
}

/** Puts for each path the text, or the texts, that the stage has for it. */
function wordsOf(wdir: ProjectPath, written: WrittenPaths | undefined) {
  return <T>(kind: keyof WrittenPaths, values: ReadonlyMap<ProjectPath, T>): (readonly [string, T])[] => {
    const texts = new Map<ProjectPath, string[]>();
    for (const [path, text] of written?.[kind] ?? []) texts.set(path, [...(texts.get(path) ?? []), text]);
    return [...values].flatMap(([path, value]) => {
      return (texts.get(path) ?? [relativeTo(wdir, path)]).map((text) => [text, value] as const);
    });
  };
}

/** The value with its maps' keys in the order of the file, if that still holds this value. */
function inOrder(node: ParamsNode | undefined, literal: Literal, known: KnownValues): DvcValue {
  const value = node === undefined ? undefined : valueOfNode(node, known);
  return value !== undefined && literalOfValue(value) === literal ? value : valueOfLiteral(literal);
}

/** One part of a file stays one value where several params have it: DVC writes it once, with an anchor. */
type KnownValues = Map<ParamsNode, DvcValue>;

function valueOfNode(node: ParamsNode, known: KnownValues): DvcValue {
  if (typeof node === 'string') return valueOfLiteral(node);
  const value = known.get(node) ?? newValueOf(node, known);
  known.set(node, value);
  return value;
}

function newValueOf(node: Exclude<ParamsNode, Literal>, known: KnownValues): DvcValue {
  if (isNodeList(node)) return node.map((item) => valueOfNode(item, known));
  return mapOf(Object.entries(node).map(([key, member]) => [key, valueOfNode(member, known)] as const));
}

function isNodeList(node: ParamsNode): node is readonly ParamsNode[] {
  return Array.isArray(node);
}

function jsonOf({ cmd, deps, params, outs }: DvcLockEntry): EntryJson {
  return {
    cmd,
    deps: deps.map(plainLocked).sort(byPath),
    params: params
      .map(({ file, values }) => {
        return [file, values.map(([key, value]) => [key, literalOfValue(value)] as const).sort(byKey)] as const;
      })
      .sort(byKey),
    outs: outs.map(plainLocked).sort(byPath),
  };
}

function byPath(a: DvcLocked, b: DvcLocked): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function plainLocked({ path, hash, md5, etag, checksum, size, nfiles, isexec }: DvcLocked): DvcLocked {
  const fields = { path, hash, md5, etag, checksum, size, nfiles, isexec };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as DvcLocked;
}

function fingerprint(json: EntryJson): string {
  return hexOf(digestOf(JSON.stringify(json)));
}

function bindEntry(name: string, written: EntryJson, owner: LockOwner): ReadLockEntry {
  const stage = owner.stages.get(name);
  const { wdir, env, persist } = unwrittenOf(name, written, owner);
  const cmd = stage !== undefined && sameCommand(written.cmd, stage.cmd) ? stage.cmd : written.cmd;
  const resolve = (path: string) => resolveLocked(wdir, path);
  const { entry, legacy } = toLockEntry(
    { ...written, cmd, params: [] },
    { wdir, env, resolve, persists: (out) => persist.includes(out) },
  );
  const params = new Map<ProjectPath, ReadonlyMap<string, Literal>>();
  for (const [file, values] of written.params) {
    const path = resolve(file);
    if (path !== undefined) params.set(path, new Map(values));
  }
  return { entry: { ...entry, params }, edited: false, ...(legacy.size > 0 && { legacy }) };
}

/** As it was when lockstep wrote the entry; what DVC wrote is taken to fit the stage as it is now. */
function unwrittenOf(name: string, written: EntryJson, owner: LockOwner): Omit<Unwritten, 'entry'> {
  const known = owner.unwritten.get(name);
  if (known !== undefined && known.entry === fingerprint(written)) return known;
  const stage = owner.stages.get(name);
  if (stage === undefined) return { wdir: owner.directory, env: {}, persist: [] };
  return { wdir: stage.wdir, env: stage.env, persist: stage.outs.filter((out) => out.persist).map((out) => out.path) };
}
