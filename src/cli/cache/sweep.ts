import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../base/brand.ts';
import { LockstepError } from '../../base/error.ts';
import { makeDurable } from '../../store/durable.ts';
import type { Stock, StoredObject } from '../../store/stock.ts';
import type { Store } from '../../store/store.ts';
import type { Project } from '../project.ts';
import { allRunFiles, type RunFilesOf, readRecord } from '../remotes/run-records.ts';
import { type Amount, add, entriesOf, none, sizeBelow } from './amount.ts';
import { type Closure, closeOver, keyOf } from './closure.ts';
import type { Root } from './roots.ts';

/** What nobody needs, in the order in which it has to go. */
export interface SweepPlan {
  readonly needs: Closure;
  readonly records: readonly { readonly of: RunFilesOf; readonly key: string }[];
  readonly objects: readonly { readonly stock: Stock; readonly doomed: readonly StoredObject[] }[];
  readonly kept: number;
  readonly amounts: Readonly<Record<'files' | 'directories' | 'records', Amount>>;
}

export interface SweepWish {
  readonly roots: readonly Root[];
  /** Milliseconds since the epoch; what was made or touched since then stays. */
  readonly before: number;
}

/** Looks at every object and every record of the run cache; changes nothing. */
export async function planSweep(project: Project, { roots, before }: SweepWish): Promise<SweepPlan> {
  const store = project.store();
  const needs = closeOver(store, roots, recentListings(store, before));
  const amounts = { files: none(), directories: none(), records: none() };
  const removed = new Set<string>();
  let kept = 0;
  const objects = store.stocks().map((stock) => {
    const doomed: StoredObject[] = [];
    for (const object of stock.list()) {
      const found = needs.has(object) ? undefined : stock.look(object);
      if (found === undefined || found.changed >= before) {
        kept += 1;
        continue;
      }
      doomed.push(object);
      removed.add(keyOf(object));
      add(object.kind === 'tree' ? amounts.directories : amounts.files, found.size);
    }
    return { stock, doomed };
  });
  const records = await voidRecords(project, removed);
  for (const { bytes } of records) add(amounts.records, bytes);
  return { needs, records, objects, kept, amounts };
}

function* recentListings(store: Store, before: number): Generator<Digest, void> {
  if (before === Number.POSITIVE_INFINITY) return;
  for (const stock of store.stocks()) {
    for (const object of stock.list()) {
      if (object.kind === 'tree' && (stock.look(object)?.changed ?? 0) >= before) yield object.digest;
    }
  }
}

/** Records that name what goes: nothing could be restored by them any more. */
async function voidRecords(project: Project, removed: ReadonlySet<string>) {
  const found: { readonly of: RunFilesOf; readonly key: string; readonly bytes: number }[] = [];
  for (const of of allRunFiles(project)) {
    for (const key of of.files.keys()) {
      const bytes = of.files.read(key);
      const record = bytes === undefined ? undefined : await readRecord(of, bytes);
      if (record?.outs.some((out) => removed.has(keyOf(out))) !== true) continue;
      found.push({ of, key, bytes: bytes?.length ?? 0 });
    }
  }
  return found;
}

/**
 * Removes what the plan says; the cache must be held. Records go before the objects that they name, listings before
 * their files, so that a process that is killed meanwhile leaves nothing that names what is gone.
 */
export async function sweep(project: Project, plan: SweepPlan, signal: AbortSignal): Promise<Amount> {
  for (const { of, key } of plan.records) {
    if (signal.aborted) throw new LockstepError('interrupted', 'interrupted');
    of.files.remove(key);
  }
  if (plan.records.length > 0) await makeDurable([join(project.cacheDir, 'runs')].filter(isThere), project.cacheDir);
  const unfinished = none();
  for (const { stock, doomed } of plan.objects) {
    await stock.remove(doomed, signal);
    const { files, bytes } = stock.removeUnfinished();
    unfinished.count += files;
    unfinished.bytes += bytes;
  }
  return unfinished;
}

/** What was moved out of the way, and what was found corrupt, if it is older than that. */
export function sweepTrash(
  project: Project,
  { before, dry }: { readonly before: number; readonly dry: boolean },
): Amount {
  const places = [
    join(project.root, '.lockstep', 'trash'),
    ...project
      .store()
      .stocks()
      .map(({ layout }) => layout.corrupt),
  ];
  const amount = none();
  for (const path of [...new Set(places)].flatMap((place) => entriesOf(place))) {
    if ((lstatSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0) >= before) continue;
    const { count, bytes } = sizeBelow(path);
    amount.count += count;
    amount.bytes += bytes;
    if (!dry) rmSync(path, { recursive: true, force: true });
  }
  return amount;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
