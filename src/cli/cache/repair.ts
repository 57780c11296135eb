import type { ProjectPath } from '../../base/brand.ts';
import type { Content } from '../../base/content.ts';
import { algorithmOf } from '../../base/hash.ts';
import { fetchObjects } from '../../remotes/fetch.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import { overRemote } from '../remotes/open-line.ts';
import { remotesOf } from '../remotes/remote-config.ts';
import { keyOf } from './closure.ts';
import { type Examined, type Fault, findFaults, ownNeeds } from './examine.ts';
import type { Root } from './roots.ts';

export interface RepairWish {
  /** Undefined: the default one, if there is any. */
  readonly remote: string | undefined;
  readonly jobs: string | undefined;
}

/** Where the bytes of a fault came from. */
export type Source = 'workspace' | 'remote';

export interface Repaired {
  /** Also those that showed only once listings were back. */
  readonly faults: readonly Fault[];
  readonly sources: ReadonlyMap<Fault, Source>;
}

interface Place {
  readonly project: Project;
  readonly context: Context;
}

/**
 * Brings objects back, from files of the workspace that have the very bytes, else from a remote. Listings first: without
 * them nobody knows who needs the files that they name.
 */
export async function repair(place: Place, { roots, faults, seen }: Broken, wish: RepairWish): Promise<Repaired> {
  const listings = faults.filter(({ kind }) => kind === 'tree');
  const sources = await repairSome(place, listings, wish);
  const present = new Set([...seen.present, ...[...sources.keys()].map(keyOf)]);
  const files = findFaults(place.project, roots, { ...seen, present }).faults.filter(({ kind }) => kind === 'file');
  const more = await repairSome(place, files, wish);
  return { faults: [...listings, ...files], sources: new Map([...sources, ...more]) };
}

export interface Broken extends Pick<Examined, 'faults' | 'seen'> {
  readonly roots: readonly Root[];
}

async function repairSome(
  { project, context }: Place,
  faults: readonly Fault[],
  wish: RepairWish,
): Promise<ReadonlyMap<Fault, Source>> {
  const repaired = new Map<Fault, Source>();
  const needed = faults.filter(({ needs }) => needs.length > 0);
  for (const fault of needed) {
    if (await saveFromWorkspace(project, fault)) repaired.set(fault, 'workspace');
  }
  await project.store().flush();
  for (const fault of [...repaired.keys()]) if (!(await isWhole(project, fault))) repaired.delete(fault);
  const rest = needed.filter((fault) => !repaired.has(fault) && isData(project, fault));
  const remotes = remotesOf(project);
  if (rest.length === 0 || (wish.remote ?? remotes.standard) === undefined) return repaired;
  const line = { remotes, name: wish.remote, jobs: wish.jobs, verb: 'fetching' };
  await overRemote({ project, context }, line, async (over) => {
    const asked = rest.map((fault) => ({ content: contentOf(fault), path: fault.digest, neededBy: null }));
    await fetchObjects(over, asked);
  });
  for (const fault of rest) if (await isWhole(project, fault)) repaired.set(fault, 'remote');
  return repaired;
}

/** A path of the workspace that has the bytes; undefined where none has. */
export async function findInWorkspace(project: Project, fault: Fault): Promise<ProjectPath | undefined> {
  for (const { path } of ownNeeds(fault)) {
    const found = await project.store().observe(path as ProjectPath);
    if (found !== 'missing' && found.kind === fault.kind && found.digest === fault.digest) return path as ProjectPath;
  }
  return undefined;
}

async function saveFromWorkspace(project: Project, fault: Fault): Promise<boolean> {
  const path = await findInWorkspace(project, fault);
  if (path === undefined) return false;
  const saved = await project.store().save(path);
  return saved !== 'missing' && saved.digest === fault.digest;
}

/** Logs and patches of runs are kept beside DVC's data, and on no remote. */
function isData({ tools }: Project, { digest }: Fault): boolean {
  return algorithmOf(digest) === (tools.scheme === 'dvc' ? 'md5' : 'sha256');
}

async function isWhole(project: Project, { digest, kind }: Fault): Promise<boolean> {
  for (const stock of project.store().stocks()) {
    if (stock.layout.algorithm !== algorithmOf(digest)) continue;
    if ((await stock.reread({ digest, kind })) === 'intact') return true;
  }
  return false;
}

/** Sizes are told by nobody here; they matter to progress only. */
function contentOf({ digest, kind }: Fault): Content {
  return kind === 'tree' ? { kind, digest, size: 0, files: 0 } : { kind, digest, size: 0, exec: false };
}
