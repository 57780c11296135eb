import type { ProjectPath } from '../../base/brand.ts';
import { algorithmOf } from '../../base/hash.ts';
import { contains, resolveInProject } from '../../base/project-path.ts';
import type { LockEntry, ReadLockEntry } from '../../pipeline/lock-entry.ts';
import { isDataFile } from '../../pipeline/lock-format.ts';
import type { Stage } from '../../pipeline/stage.ts';
import { listRevisions } from '../../provenance/git-files.ts';
import type { Asked } from '../../remotes/asked.ts';
import { type Loaded, labelOf, lockedEntry } from '../../repro/loaded.ts';
import { select } from '../../repro/select.ts';
import type { OptionValues } from '../command.ts';
import { type RevisionSource, revisionSource } from '../diff-source.ts';
import type { Project } from '../project.ts';
import { stagesOfRevision } from '../tracked-outs.ts';

/** Which data, as options of `push`, `fetch`, `pull` and `status --cloud`. */
export const WHICH_DATA = {
  remote: { type: 'string', short: 'r', value: 'NAME', help: 'another remote than the default one' },
  jobs: { type: 'string', short: 'j', value: 'N', help: 'so many objects at the same time' },
  'all-branches': { type: 'boolean', short: 'a', help: 'also the data of the tips of all branches' },
  'all-tags': { type: 'boolean', short: 'T', help: 'also the data of all tags' },
  'all-commits': { type: 'boolean', short: 'A', help: 'also the data of all commits' },
  'with-deps': { type: 'boolean', short: 'd', help: 'also the data that the targets depend on' },
  recursive: { type: 'boolean', short: 'R', help: 'targets are directories: all data below them' },
  glob: { type: 'boolean', help: 'targets are patterns' },
} as const;

export type WhichData = Omit<OptionValues<typeof WHICH_DATA>, 'remote' | 'jobs'>;

/** A lock entry whose data is asked for. */
export interface AskedEntry {
  readonly stage: Stage;
  readonly entry: LockEntry;
}

export interface AskedData {
  /** Of the workspace's lockfiles. */
  readonly entries: readonly AskedEntry[];
  /** Name of the one remote that an out is kept at, or undefined for the one that is used → what is asked of it. */
  readonly byRemote: ReadonlyMap<string | undefined, readonly Asked[]>;
}

export interface DataQuestion {
  readonly targets: readonly string[];
  readonly which: WhichData;
  /** Whether what is not to be pushed (`push: false`) is left out. */
  readonly pushing: boolean;
}

/** The outs that lockfiles name: of the workspace, and of the revisions that are asked for. */
export async function askedData(project: Project, loaded: Loaded, question: DataQuestion): Promise<AskedData> {
  const byRemote = new Map<string | undefined, Asked[]>();
  const algorithm = project.tools.scheme === 'dvc' ? 'md5' : 'sha256';
  const add = (stage: Stage, locked: ReadLockEntry | undefined, isWanted: PathFilter, label: string): void => {
    for (const { path, cache, push, remote } of stage.outs) {
      const content = locked?.entry.outs.get(path)?.content;
      // Of a time when the project was kept otherwise.
      if (!cache || content === undefined || algorithmOf(content.digest) !== algorithm) continue;
      if (question.pushing && !push) continue;
      const only = isWanted(path);
      if (only === 'none') continue;
      const asked = byRemote.get(remote) ?? [];
      byRemote.set(remote, asked);
      asked.push({ content, path, neededBy: label, ...(only !== 'all' && content.kind === 'tree' && { only }) });
    }
  };
  const { stages, isWanted } = stagesAsked(project, loaded, question);
  const entries: AskedEntry[] = [];
  for (const stage of stages) {
    const locked = lockedEntry(loaded, stage);
    add(stage, locked, isWanted, labelOf(loaded, stage.id));
    if (locked !== undefined) entries.push({ stage, entry: locked.entry });
  }
  for (const { name, stage, locked } of await stagesOfRevisions(project, question.which)) {
    add(stage, locked, isWanted, `${labelOf(loaded, stage.id)} of ${name}`);
  }
  return { entries, byRemote };
}

/** Of an out: all of it, none, or some of its files. */
type PathFilter = (path: ProjectPath) => 'all' | 'none' | ((path: string) => boolean);

function stagesAsked(project: Project, loaded: Loaded, { targets, which }: DataQuestion) {
  const all = [...loaded.stages.values()];
  if (targets.length === 0) return { stages: all, isWanted: () => 'all' as const };
  if (which.recursive === true) {
    const places = targets.flatMap((target) => resolveInProject(project.here, target) ?? []);
    const isBelow = (path: ProjectPath) => places.some((place) => contains(place, path));
    const stages = all.filter(({ file, outs }) => isBelow(file) || outs.some(({ path }) => isBelow(path)));
    return { stages, isWanted: () => 'all' as const };
  }
  const { named, wanted } = select(loaded, project.here, { targets, glob: which.glob === true });
  const isAll = which['with-deps'] === true;
  const ids = isAll ? wanted : named;
  const stages = all.filter(({ id }) => ids.has(id));
  return { stages, isWanted: isAll ? () => 'all' as const : filterBy(project, stages, targets) };
}

/** Where all targets are paths of outs, or of files in them, only these are meant. */
export function filterBy(
  { here }: Pick<Project, 'here'>,
  stages: readonly Stage[],
  targets: readonly string[],
): PathFilter {
  const outs = stages.flatMap((stage) => stage.outs.map(({ path }) => path));
  const paths = targets.flatMap((target) => {
    const path = resolveInProject(here, target);
    const isPath = path !== undefined && !isDataFile(path) && outs.some((out) => contains(out, path));
    return isPath ? [path] : [];
  });
  if (paths.length < targets.length) return () => 'all';
  return (out) => {
    const about = paths.filter((path) => contains(out, path) || contains(path, out));
    if (about.length === 0) return 'none';
    if (about.some((path) => contains(path, out))) return 'all';
    return (file) => about.some((path) => contains(path, `${out}/${file}` as ProjectPath));
  };
}

async function stagesOfRevisions(project: Project, which: WhichData) {
  const found = [];
  for await (const source of revisionsAsked(project, which)) {
    for (const one of await stagesOfRevision(project, source)) found.push({ name: source.name, ...one });
  }
  return found;
}

/** Which revisions, as options. */
export interface WhichRevisions {
  readonly 'all-branches'?: boolean;
  readonly 'all-tags'?: boolean;
  readonly 'all-commits'?: boolean;
  readonly rev?: readonly string[];
}

/** Each commit once, under the first name that leads to it. */
export async function* revisionsAsked(
  project: Pick<Project, 'root' | 'tools'>,
  which: WhichRevisions,
): AsyncGenerator<RevisionSource, void> {
  const place = { cwd: project.root, env: project.tools.env };
  const names = [
    ...(which.rev ?? []),
    ...(which['all-branches'] === true ? await listRevisions(place, 'branches') : []),
    ...(which['all-tags'] === true ? await listRevisions(place, 'tags') : []),
    ...(which['all-commits'] === true ? await listRevisions(place, 'commits') : []),
  ];
  const seen = new Set<string | null>();
  for (const name of names) {
    const source = await revisionSource(place, name);
    if (seen.has(source.commit)) continue;
    seen.add(source.commit);
    yield source;
  }
}
