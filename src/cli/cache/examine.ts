import type { Digest } from '../../base/brand.ts';
import type { ObjectName } from '../../store/integrity.ts';
import type { StoredObject } from '../../store/stock.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import { allRunFiles, type RunFilesOf, readRecord } from '../remotes/run-records.ts';
import { showProgress } from '../remotes/transfer-progress.ts';
import { type Amount, add, none } from './amount.ts';
import { closeOver, keyOf } from './closure.ts';
import { neederText, type Root } from './roots.ts';

/** An object that is not as it should be, and all that needs it. */
export interface Fault extends ObjectName {
  /** A corrupt one was set aside: it is missing from now on. */
  readonly fault: 'corrupt' | 'missing';
  /** What needs it; empty for a corrupt object that nobody misses. */
  readonly needs: readonly Need[];
}

export interface Need {
  /** For a file of a directory, with its path in it. */
  readonly path: string;
  /** The path of the out that it belongs to. */
  readonly out: string;
  readonly by: Root['by'];
}

export interface Examined {
  /** Objects whose bytes were read. */
  readonly checked: number;
  readonly seen: Seen;
  readonly faults: readonly Fault[];
  /** Objects of earlier runs that are no more, and by how many runs they are named. They may have been given up. */
  readonly lost: { readonly objects: number; readonly runs: number };
  /** What neither lockfiles nor runs nor models need. */
  readonly unneeded: Amount;
  readonly damagedRecords: readonly { readonly of: RunFilesOf; readonly key: string }[];
}

/** Reads every object, and holds what there is against what is needed. */
export async function examine(project: Project, context: Context, roots: readonly Root[]): Promise<Examined> {
  const { shelves, corrupt } = await checkAll(project, context);
  const needs = closeOver(project.store(), roots);
  const present = new Set<string>();
  const unneeded = none();
  let checked = 0;
  for (const { stock, objects } of shelves) {
    checked += objects.length;
    for (const object of objects) {
      const key = keyOf(object);
      if (corrupt.has(key)) continue;
      present.add(key);
      if (!needs.has(object)) add(unneeded, stock.look(object)?.size ?? 0);
    }
  }
  const seen = { present, corrupt };
  const damagedRecords = await findDamagedRecords(project);
  return { checked, seen, ...findFaults(project, roots, seen), unneeded, damagedRecords };
}

async function checkAll(project: Project, context: Context) {
  const shelves = project
    .store()
    .stocks()
    .map((stock) => ({ stock, objects: [...stock.list()] }));
  const corrupt = new Map<string, StoredObject>();
  const progress = showProgress(context, 'checking');
  try {
    for (const { objects } of shelves) progress.expect(objects.length, 0);
    for (const { stock, objects } of shelves) {
      for (const object of await stock.check(objects, { signal: context.signal, onChecked: progress.finished })) {
        corrupt.set(keyOf(object), object);
      }
    }
  } finally {
    progress.end();
  }
  return { shelves, corrupt };
}

/** What was found, by key. */
export interface Seen {
  readonly present: ReadonlySet<string>;
  readonly corrupt: ReadonlyMap<string, ObjectName>;
}

/** What is needed and not there, and what is corrupt. */
export function findFaults(project: Project, roots: readonly Root[], { present, corrupt }: Seen) {
  const found = new Map<string, { object: ObjectName; needs: Need[] }>();
  for (const [key, object] of corrupt) found.set(key, { object, needs: [] });
  const lost = new Set<string>();
  const losers = new Set<string>();
  const note = (object: ObjectName, root: Root, path: string): void => {
    const key = keyOf(object);
    if (present.has(key)) return;
    const known = found.get(key);
    if (known === undefined && root.by.kind === 'run') {
      lost.add(key);
      losers.add(root.by.run);
      return;
    }
    const needs = known?.needs ?? [];
    needs.push({ path, out: root.path, by: root.by });
    if (known === undefined) found.set(key, { object, needs });
  };
  // Runs last: an object that is missed elsewhere is missed by them, too, and not just lost.
  const inTurn = [...roots].sort((a, b) => Number(a.by.kind === 'run') - Number(b.by.kind === 'run'));
  const whole = new Set<Digest>();
  for (const root of inTurn) {
    if (!root.isKept || whole.has(root.digest)) continue;
    if (noteAll(project, root, { present, corrupt, note })) whole.add(root.digest);
  }
  const faults = [...found].map(
    ([
      key,
      {
        object: { digest, kind },
        needs,
      },
    ]): Fault => {
      return { digest, kind, fault: corrupt.has(key) ? 'corrupt' : 'missing', needs };
    },
  );
  return { faults, lost: { objects: lost.size, runs: losers.size } };
}

interface Noting extends Seen {
  readonly note: (object: ObjectName, root: Root, path: string) => void;
}

/** Notes all that a root needs and that is not here. Whether it is a directory of which nothing is missing. */
function noteAll(project: Project, root: Root, { present, corrupt, note }: Noting): boolean {
  const tree = { digest: root.digest, kind: 'tree' } as const;
  const isTree = present.has(keyOf(tree)) || corrupt.has(keyOf(tree)) || root.kind === 'tree';
  if (!isTree || root.kind === 'file') {
    note({ ...tree, kind: 'file' }, root, root.path);
    return false;
  }
  note(tree, root, root.path);
  const listing = project.store().listing(root.digest);
  if (typeof listing === 'string') return false;
  let isWhole = true;
  for (const entry of listing) {
    if (entry.kind !== 'file' && entry.kind !== 'exec') continue;
    const file = { digest: entry.digest, kind: 'file' } as const;
    if (present.has(keyOf(file))) continue;
    isWhole = false;
    note(file, root, `${root.path}/${entry.path}`);
  }
  return isWhole;
}

async function findDamagedRecords(project: Project) {
  const damaged: { of: RunFilesOf; key: string }[] = [];
  for (const of of allRunFiles(project)) {
    for (const key of of.files.keys()) {
      const bytes = of.files.read(key);
      if (bytes !== undefined && (await readRecord(of, bytes)) === undefined) damaged.push({ of, key });
    }
  }
  return damaged;
}

/** Paths of the project's own workspace at which the bytes should stand. */
export function ownNeeds({ needs }: Fault): readonly Need[] {
  return needs.filter(({ by }) => by.kind === 'stage' && by.revision === null && by.workspace === null);
}

/** Where the bytes stand, or stood. Among artifacts of runs only where no stage has them. */
export function pathsOf({ needs }: Fault): readonly string[] {
  const ofStages = needs.filter(({ by }) => by.kind === 'stage');
  return [...new Set((ofStages.length > 0 ? ofStages : needs).map(({ path }) => path))];
}

export function needersOf({ needs }: Fault): readonly string[] {
  return [...new Set(needs.map(({ by }) => neederText(by)))];
}
