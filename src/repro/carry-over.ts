import { mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Literal, ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { LockEntry, LockedOut } from '../pipeline/lock-entry.ts';
import type { Out, Stage } from '../pipeline/stage.ts';
import { type Loaded, lockedEntry } from './loaded.ts';
import { createParamsReader, type ParamsReader } from './params-reader.ts';
import type { Tools } from './tools.ts';

export interface CarryOver {
  readonly from: Tools;
  /** Of the same project, kept by the other scheme. */
  readonly to: Tools;
  readonly loaded: Loaded;
  /** The stages as they are declared in the new pipeline files, by those of the old. */
  readonly stages: ReadonlyMap<StageId, Stage>;
}

export interface CarriedOver {
  readonly entries: ReadonlyMap<StageId, LockEntry>;
  /** Entries that could not be proven anew, and what of each is nowhere any more. */
  readonly lost: ReadonlyMap<StageId, string>;
  readonly params: ParamsReader;
}

/**
 * The lock entries of a project with the digests of another scheme. Each content is read once: from the disk, where
 * that still holds it, else from the cache. What neither has cannot be named anew, and its entry is left behind.
 */
export async function carryOver(task: CarryOver): Promise<CarriedOver> {
  const carrier = createCarrier(task);
  const entries = new Map<StageId, LockEntry>();
  const lost = new Map<StageId, string>();
  try {
    for (const id of task.loaded.graph.order) {
      const was = task.loaded.stages.get(id);
      const now = task.stages.get(id);
      const locked = was === undefined ? undefined : lockedEntry(task.loaded, was);
      if (was === undefined || now === undefined || locked === undefined) continue;
      const carried = locked.edited ? 'its entry was edited by hand' : await carrier.carry(locked.entry, { was, now });
      if (typeof carried === 'string') lost.set(id, carried);
      else entries.set(id, carried);
    }
    await task.to.store.flush();
  } finally {
    carrier.close();
  }
  return { entries, lost, params: carrier.params };
}

/** Which entries would be left behind, by the same rules; nothing is written. */
export async function findLost({ from, loaded }: Pick<CarryOver, 'from' | 'loaded'>): Promise<CarriedOver['lost']> {
  const lost = new Map<StageId, string>();
  for (const [id, stage] of loaded.stages) {
    const locked = lockedEntry(loaded, stage);
    if (locked === undefined) continue;
    const { deps, outs } = locked.entry;
    const contents = [...deps, ...[...outs].map(([path, out]) => [path, out.content] as const)];
    for (const [path, content] of contents) {
      if ((await whereIs(from, path, content)) === 'nowhere') lost.set(id, nowhere(path));
    }
    if (locked.edited) lost.set(id, 'its entry was edited by hand');
  }
  return lost;
}

async function whereIs(from: Tools, path: ProjectPath, content: Content): Promise<'disk' | 'cache' | 'nowhere'> {
  const onDisk = from.store.peek(path) ?? (await from.store.observe(path));
  if (onDisk !== 'missing' && onDisk.kind === content.kind && onDisk.digest === content.digest) return 'disk';
  return (await from.store.verify(content)) === 'intact' ? 'cache' : 'nowhere';
}

function nowhere(path: ProjectPath): string {
  return `${path} as it was is neither on disk nor in the cache`;
}

interface Declared {
  readonly was: Stage;
  readonly now: Stage;
}

interface Carrier {
  readonly params: ParamsReader;
  /** The entry, or why there is none. */
  carry(entry: LockEntry, declared: Declared): Promise<LockEntry | string>;
  close(): void;
}

function createCarrier({ from, to }: CarryOver): Carrier {
  const params = createParamsReader(to);
  const paramsBefore = createParamsReader(from);
  const scratch = join(to.tmp, 'carried');
  const known = new Map<string, Content>();
  let count = 0;

  async function contentNow(path: ProjectPath, content: Content, keep: boolean): Promise<Content | undefined> {
    const where = await whereIs(from, path, content);
    if (where === 'nowhere') return undefined;
    if (where === 'cache') return await contentOfCache(content);
    // A link into the one cache is no content of the other.
    if (keep) await from.store.unprotect(path);
    const seen = keep ? await to.store.save(path) : (to.store.peek(path) ?? (await to.store.observe(path)));
    return seen === 'missing' ? undefined : seen;
  }

  async function contentOfCache(content: Content): Promise<Content | undefined> {
    const key = JSON.stringify(content);
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    count += 1;
    mkdirSync(scratch, { recursive: true });
    const place = relative(to.root, join(scratch, String(count))) as ProjectPath;
    await from.store.checkout(content, place);
    await from.store.unprotect(place);
    const saved = await to.store.save(place);
    if (saved !== 'missing') known.set(key, saved);
    return saved === 'missing' ? undefined : saved;
  }

  async function carryParams(entry: LockEntry, { was, now }: Declared): Promise<LockEntry['params'] | undefined> {
    const before = await paramsBefore.read(was.params);
    const isSame = before.missing.length === 0 && keyOf(before.params) === keyOf(entry.params);
    if (isSame) return (await params.read(now.params)).params;
    return areLeaves(entry.params, now) ? entry.params : undefined;
  }

  return {
    params,
    async carry(entry, { was, now }) {
      if (JSON.stringify(entry.env) !== JSON.stringify(was.env)) return 'its environment was another one';
      const carriedParams = await carryParams(entry, { was, now });
      if (carriedParams === undefined) return 'its params were other ones';
      const deps = new Map<ProjectPath, Content>();
      for (const [path, content] of entry.deps) {
        const found = await contentNow(path, content, false);
        if (found === undefined) return nowhere(path);
        deps.set(path, found);
      }
      const outs = new Map<ProjectPath, LockedOut>();
      for (const [path, { content, persist }] of entry.outs) {
        const out = now.outs.find((one) => one.path === path);
        const found = await contentNow(path, content, out === undefined || isKept(out, to));
        if (found === undefined) return nowhere(path);
        outs.set(path, { content: found, persist });
      }
      const cmd = JSON.stringify(entry.cmd) === JSON.stringify(was.cmd) ? now.cmd : entry.cmd;
      return { cmd, wdir: entry.wdir, env: now.env, params: carriedParams, deps, outs };
    },
    close: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

/** Metrics and plots that git keeps are in lockstep's own cache, too, to be compared later. */
function isKept(out: Out, { scheme }: Tools): boolean {
  return out.cache || (scheme === 'native' && out.kind !== 'out');
}

function keyOf(params: LockEntry['params']): string {
  const files = [...params].filter(([, values]) => values.size > 0);
  return JSON.stringify(files.map(([file, values]) => [file, [...values].sort()]).sort());
}

/** Whether these are single values under the very keys that are asked for: both schemes write them alike. */
function areLeaves(params: LockEntry['params'], { params: requests }: Stage): boolean {
  return [...params].every(([file, values]) => {
    const asked = new Set(requests.filter((one) => one.file === file).flatMap(({ keys }) => keys ?? []));
    return [...values].every(([key, literal]) => asked.has(key) && !isMap(literal));
  });
}

function isMap(literal: Literal): boolean {
  return literal.startsWith('{');
}
