import type { Literal, ProjectPath } from '../base/brand.ts';
import { type Content, sameContent } from '../base/content.ts';
import type { LockEntry } from './lock-entry.ts';

/** One difference between what two runs of a stage were given. */
export type InputChange =
  | { readonly reason: 'command-changed'; readonly was: string; readonly now: string }
  | { readonly reason: 'wdir-changed'; readonly was: ProjectPath; readonly now: ProjectPath }
  | { readonly reason: 'env-changed'; readonly name: string; readonly was: string | null; readonly now: string | null }
  | { readonly reason: 'dep-changed'; readonly path: ProjectPath; readonly was: Content; readonly now: Content }
  | { readonly reason: 'dep-added'; readonly path: ProjectPath }
  | { readonly reason: 'dep-removed'; readonly path: ProjectPath }
  | {
      readonly reason: 'param-changed';
      readonly file: ProjectPath;
      readonly key: string;
      readonly was: Literal;
      readonly now: Literal;
    }
  | { readonly reason: 'param-added'; readonly file: ProjectPath; readonly key: string; readonly now: Literal }
  | { readonly reason: 'param-removed'; readonly file: ProjectPath; readonly key: string; readonly was: Literal }
  | {
      readonly reason: 'outs-redefined';
      readonly added: readonly ProjectPath[];
      readonly removed: readonly ProjectPath[];
    };

/** An out that is not what it was; null where there was or is none. */
export interface OutChange {
  readonly path: ProjectPath;
  readonly was: Content | null;
  readonly now: Content | null;
}

/** Every difference of the inputs, the definition first. */
export function inputChanges(was: LockEntry, now: LockEntry): readonly InputChange[] {
  return [...definitionChanges(was, now), ...paramChanges(was, now), ...depChanges(was, now)];
}

export function outChanges(was: LockEntry | undefined, now: LockEntry | undefined): readonly OutChange[] {
  const changes: OutChange[] = [];
  for (const [path, before, after] of pairs(was?.outs ?? new Map(), now?.outs ?? new Map())) {
    if (before !== undefined && after !== undefined && sameContent(before.content, after.content)) continue;
    changes.push({ path, was: before?.content ?? null, now: after?.content ?? null });
  }
  return changes;
}

function definitionChanges(was: LockEntry, now: LockEntry): InputChange[] {
  const changes: InputChange[] = [];
  if (JSON.stringify(was.cmd) !== JSON.stringify(now.cmd)) {
    changes.push({ reason: 'command-changed', was: scriptText(was.cmd), now: scriptText(now.cmd) });
  }
  if (was.wdir !== now.wdir) changes.push({ reason: 'wdir-changed', was: was.wdir, now: now.wdir });
  for (const [name, before, after] of pairs(new Map(Object.entries(was.env)), new Map(Object.entries(now.env)))) {
    if (before !== after) changes.push({ reason: 'env-changed', name, was: before ?? null, now: after ?? null });
  }
  const outs = [...pairs(was.outs, now.outs)].filter(([, before, after]) => before?.persist !== after?.persist);
  const added = outs.filter(([, , after]) => after !== undefined).map(([path]) => path);
  const removed = outs.filter(([, , after]) => after === undefined).map(([path]) => path);
  if (outs.length > 0) changes.push({ reason: 'outs-redefined', added, removed });
  return changes;
}

function scriptText(cmd: string | readonly string[]): string {
  return typeof cmd === 'string' ? cmd : cmd.join('\n');
}

function* paramChanges(was: LockEntry, now: LockEntry): Iterable<InputChange> {
  const none: ReadonlyMap<string, Literal> = new Map();
  for (const [file, before, after] of pairs(was.params, now.params)) {
    for (const [key, old, young] of pairs(before ?? none, after ?? none)) {
      if (old === undefined) yield { reason: 'param-added', file, key, now: young as Literal };
      else if (young === undefined) yield { reason: 'param-removed', file, key, was: old };
      else if (old !== young) yield { reason: 'param-changed', file, key, was: old, now: young };
    }
  }
}

function* depChanges(was: LockEntry, now: LockEntry): Iterable<InputChange> {
  for (const [path, before, after] of pairs(was.deps, now.deps)) {
    if (before === undefined) yield { reason: 'dep-added', path };
    else if (after === undefined) yield { reason: 'dep-removed', path };
    else if (!sameContent(before, after)) yield { reason: 'dep-changed', path, was: before, now: after };
  }
}

/** The members of two maps side by side. */
function* pairs<K, V>(was: ReadonlyMap<K, V>, now: ReadonlyMap<K, V>): Iterable<[K, V | undefined, V | undefined]> {
  for (const [key, value] of was) yield [key, value, now.get(key)];
  for (const [key, value] of now) if (!was.has(key)) yield [key, undefined, value];
}
