import type { Literal, ProjectPath, StageId } from '../base/brand.ts';
import { type Content, sameContent } from '../base/content.ts';
import type { Diagnostic } from '../base/error.ts';
import { digestOf } from '../base/hash.ts';
import { comparePaths, directoryOf } from '../base/project-path.ts';
import { type InputChange, inputChanges, outChanges } from './entry-changes.ts';
import type { LockState } from './lock-diff.ts';
import type { LockEntry, ReadLockEntry } from './lock-entry.ts';
import { type ParamsTree, selectParams } from './params.ts';
import type { ParamsRequest, Stage } from './stage.ts';

/** What the one who reviews a change of lockfiles must know, because the lockfile does not show it. */
export type LockWarning =
  /** The entry is not of what the pipeline file and the params files now ask for. */
  | { readonly warning: 'stale'; readonly stage: StageId; readonly changes: readonly InputChange[] }
  /** A stage without an entry. */
  | { readonly warning: 'not-locked'; readonly stage: StageId }
  /** An entry of a stage that is in no pipeline file. */
  | { readonly warning: 'gone'; readonly stage: StageId }
  | { readonly warning: 'edited'; readonly stage: StageId }
  /** Outs changed though no input did. */
  | { readonly warning: 'not-deterministic'; readonly stage: StageId; readonly paths: readonly ProjectPath[] }
  /** The stage was run with other bytes than those that the maker's entry says it wrote. */
  | { readonly warning: 'mismatch'; readonly stage: StageId; readonly path: ProjectPath; readonly maker: StageId }
  /** A file that could not be read, for example for its conflict markers; its stages are not compared. */
  | { readonly warning: 'unreadable'; readonly side: 'before' | 'after'; readonly diagnostic: Diagnostic };

export interface Reviewed {
  readonly before: LockState;
  readonly after: LockState;
  /** The params files of the later state, as far as they are known. */
  readonly params: ReadonlyMap<ProjectPath, ParamsTree>;
  /** Directories whose later lockfile is DVC's, in which a map of params is one value. */
  readonly nested?: ReadonlySet<ProjectPath>;
}

export function findWarnings({ before, after, params, nested = new Set() }: Reviewed): readonly LockWarning[] {
  const warnings: LockWarning[] = [];
  const ids = [...new Set([...after.locked.keys(), ...after.declared.keys()])].sort(comparePaths);
  const makers = makersOf(after);
  for (const stage of ids) {
    const declared = after.declared.get(stage);
    const locked = after.locked.get(stage);
    if (locked === undefined) {
      warnings.push({ warning: 'not-locked', stage });
      continue;
    }
    if (locked.edited) warnings.push({ warning: 'edited', stage });
    if (declared === undefined) warnings.push({ warning: 'gone', stage });
    else
      warnings.push(...staleness(declared, locked.entry, { params, nested: nested.has(directoryOf(declared.file)) }));
    warnings.push(...mismatches(stage, locked.entry, makers));
    warnings.push(...nondeterminism(stage, before.locked.get(stage)?.entry, locked.entry));
  }
  return warnings;
}

interface KnownParams {
  readonly params: Reviewed['params'];
  readonly nested: boolean;
}

function staleness(stage: Stage, entry: LockEntry, known: KnownParams): LockWarning[] {
  // A frozen stage keeps its result whatever changes.
  if (stage.frozen) return [];
  const changes = inputChanges(entry, expectedEntry(stage, entry, known));
  return changes.length === 0 ? [] : [{ warning: 'stale', stage: stage.id, changes }];
}

const UNSEEN: Content = { kind: 'file', digest: digestOf(''), size: 0, exec: false };

/** The entry that the stage's definition calls for, with the bytes that the lock has. */
function expectedEntry(stage: Stage, entry: LockEntry, known: KnownParams): LockEntry {
  const outs = stage.outs.map(({ path, persist }) => {
    return [path, { content: entry.outs.get(path)?.content ?? UNSEEN, persist }] as const;
  });
  return {
    cmd: stage.cmd,
    wdir: stage.wdir,
    env: stage.env,
    params: expectedParams(stage.params, entry, known),
    deps: new Map(stage.deps.map((path) => [path, entry.deps.get(path) ?? UNSEEN] as const)),
    outs: new Map(outs),
  };
}

function expectedParams(
  requests: readonly ParamsRequest[],
  entry: LockEntry,
  { params, nested }: KnownParams,
): LockEntry['params'] {
  const expected = new Map<ProjectPath, Map<string, Literal>>();
  for (const { file, keys } of requests) {
    const tree = params.get(file);
    const locked = [...(entry.params.get(file) ?? [])];
    // A params file that is not at hand, because a stage makes it for example, is taken to be as it was.
    const values =
      tree === undefined ? locked.filter(([key]) => asked(key, keys)) : selectParams(tree, keys, { nested }).values;
    expected.set(file, new Map([...(expected.get(file) ?? []), ...values]));
  }
  return expected;
}

function asked(key: string, keys: readonly string[] | null): boolean {
  return keys === null || keys.some((asked) => key === asked || key.startsWith(`${asked}.`));
}

interface Maker {
  readonly stage: StageId;
  readonly content: Content;
}

function makersOf(state: LockState): ReadonlyMap<ProjectPath, Maker> {
  const makers = new Map<ProjectPath, Maker>();
  for (const [stage, { entry }] of state.locked) {
    // What a stage that is gone once wrote may since be written by another.
    if (!state.declared.has(stage)) continue;
    for (const [path, { content }] of entry.outs) makers.set(path, { stage, content });
  }
  return makers;
}

function mismatches(stage: StageId, entry: LockEntry, makers: ReadonlyMap<ProjectPath, Maker>): LockWarning[] {
  return [...entry.deps].flatMap(([path, content]): LockWarning[] => {
    const maker = makers.get(path);
    if (maker === undefined || maker.stage === stage || sameContent(maker.content, content)) return [];
    return [{ warning: 'mismatch', stage, path, maker: maker.stage }];
  });
}

function nondeterminism(stage: StageId, was: ReadLockEntry['entry'] | undefined, now: LockEntry): LockWarning[] {
  if (was === undefined || inputChanges(was, now).length > 0) return [];
  // A persistent out goes on from where it was, so it may well become another one.
  const paths = outChanges(was, now).map((change) => change.path);
  const persistent = [...now.outs.values()].some((out) => out.persist);
  return paths.length === 0 || persistent ? [] : [{ warning: 'not-deterministic', stage, paths }];
}
