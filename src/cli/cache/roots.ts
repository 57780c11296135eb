import type { Digest } from '../../base/brand.ts';
import { LockstepError } from '../../base/error.ts';
import { algorithmOf } from '../../base/hash.ts';
import { unreachable } from '../../base/unreachable.ts';
import type { LockEntry } from '../../pipeline/lock-entry.ts';
import type { Stage } from '../../pipeline/stage.ts';
import { type Loaded, labelOf } from '../../repro/loaded.ts';
import type { ObjectKind } from '../../store/layout.ts';
import type { Project } from '../project.ts';
import { revisionsAsked, type WhichRevisions } from '../remotes/asked-data.ts';
import { readRevision } from '../tracked-outs.ts';

/** Something that needs an object, and of a directory all that it lists. */
export interface Root {
  readonly digest: Digest;
  /** `either` where nobody wrote down which of the two it is. */
  readonly kind: ObjectKind | 'either';
  /** Where the bytes stand: a path of the project, or among the artifacts of a run. */
  readonly path: string;
  readonly by: Needer;
  /** Whether the cache is to have it. Of what is not kept it may have a copy all the same, which then stays. */
  readonly isKept: boolean;
}

export type Needer =
  | {
      readonly kind: 'stage';
      readonly label: string;
      /** Nothing runs to make it: data. */
      readonly isData: boolean;
      /** Null for the workspace as it is. */
      readonly revision: string | null;
      /** Null for the one that we are in. */
      readonly workspace: string | null;
    }
  | { readonly kind: 'run'; readonly run: string }
  | { readonly kind: 'model'; readonly name: string; readonly version: number };

/** What lockfiles and `.dvc` files of the workspace name. Throws `bad-lockfile` where one cannot be read. */
export async function workspaceRoots(project: Project, workspace: string | null = null): Promise<readonly Root[]> {
  const loaded = await loadIfAny(project);
  if (loaded === undefined) return [];
  const roots: Root[] = [];
  for (const { file, stages } of loaded.pipelines) {
    const declared = new Map(stages.map((stage) => [stage.name, stage]));
    for (const [name, { entry }] of loaded.locks.get(file)?.lockfile.entries ?? []) {
      const stage = declared.get(name);
      const label = stage === undefined ? name : labelOf(loaded, stage.id);
      const by = { kind: 'stage', label, isData: stage?.data === true, revision: null, workspace } as const;
      roots.push(...entryRoots(project, { entry, stage, by }));
    }
  }
  return roots;
}

/** The same of revisions of git. Throws `bad-lockfile` where a lockfile of one of them cannot be read. */
export async function revisionRoots(project: Project, which: WhichRevisions): Promise<readonly Root[]> {
  const roots: Root[] = [];
  for await (const source of revisionsAsked(project, which)) {
    const { stages, strays, mistakes } = await readRevision(project, source);
    if (mistakes.length > 0) {
      throw new LockstepError('bad-lockfile', `what ${source.name} needs cannot be told: a file of it cannot be read`, {
        diagnostics: mistakes,
        hint: `nothing was removed; leave ${source.name} out by naming the revisions with --rev`,
      });
    }
    const byOf = (label: string, isData: boolean) =>
      ({ kind: 'stage', label, isData, revision: source.name, workspace: null }) as const;
    for (const { stage, locked } of stages) {
      if (locked === undefined) continue;
      const by = byOf(stage.data === true ? stage.file : stage.name, stage.data === true);
      roots.push(...entryRoots(project, { entry: locked.entry, stage, by }));
    }
    for (const [id, { entry }] of strays) {
      roots.push(...entryRoots(project, { entry, stage: undefined, by: byOf(id, false) }));
    }
  }
  return roots;
}

/** A workspace may be a state without any pipeline, for a moment or for good. */
async function loadIfAny(project: Project): Promise<Loaded | undefined> {
  try {
    return await project.load();
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'no-project') return undefined;
    throw error;
  }
}

interface Locked {
  readonly entry: LockEntry;
  readonly stage: Stage | undefined;
  readonly by: Needer;
}

function entryRoots({ tools }: Project, { entry, stage, by }: Locked): readonly Root[] {
  const own = tools.scheme === 'dvc' ? 'md5' : 'sha256';
  return [...entry.outs].map(([path, { content }]) => {
    const declared = stage?.outs.find((out) => out.path === path);
    // Of a time when the project was kept otherwise, the cache of today has nothing or what is left.
    const isKept = algorithmOf(content.digest) === own && declared?.cache !== false;
    return { digest: content.digest, kind: content.kind, path, by, isKept };
  });
}

/** `train`, `train of v1.2`, `train in ../other`, `run 3fa9…`, `model churn, version 3`. */
export function neederText(by: Needer): string {
  switch (by.kind) {
    case 'stage': {
      const where = by.workspace === null ? '' : ` in ${by.workspace}`;
      return `${by.label}${by.revision === null ? '' : ` of ${by.revision}`}${where}`;
    }
    case 'run':
      return `run ${by.run.slice(0, 8)}`;
    case 'model':
      return `model ${by.name}, version ${by.version}`;
    default:
      return unreachable(by);
  }
}
