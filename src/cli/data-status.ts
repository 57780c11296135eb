import type { ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { comparePaths, contains } from '../base/project-path.ts';
import { isDataFile } from '../pipeline/lock-format.ts';
import { git } from '../provenance/git-process.ts';
import type { Loaded } from '../repro/loaded.ts';
import { defineCommand } from './command.ts';
import { resolveTargets } from './compared-states.ts';
import type { Context } from './context.ts';
import { compareHoldings, type DataChanges, type Held, holdingsOf } from './data-changes.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { type DataStatus, renderDataStatus } from './render-data-status.ts';
import { committedOuts, type TrackedOuts, trackedOuts } from './tracked-outs.ts';

export const command = defineCommand({
  usage: 'data status [targets…]',
  summary: 'Show how data differs between the last commit, the lockfiles and the workspace',
  details: 'Targets are outs, stages or .dvc files. Paths are those of the project.',
  options: {
    granular: { type: 'boolean', help: 'also the files in directories' },
    unchanged: { type: 'boolean', help: 'also what is the same everywhere' },
    'untracked-files': { type: 'boolean', help: 'also the files that neither git nor lockstep knows' },
    json: {
      type: 'boolean',
      help: '{"not_in_cache": […], "committed": {"modified", "added", "deleted", "renamed"}, "uncommitted": {…}}',
    },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'path',
  examples: ['lockstep data status', 'lockstep data status --granular --json data/images'],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const isWanted = filterOf(project, loaded, targets);
      const found = await examine(project, context, { loaded, isWanted, granular: given.granular === true });
      const status: DataStatus = {
        ...found,
        unchanged: given.unchanged === true ? found.unchanged : [],
        untracked: given['untracked-files'] === true ? await untrackedFiles(project, context, isWanted) : [],
      };
      if (given.json === true) context.stdout.write(`${JSON.stringify(statusJson(status))}\n`);
      else context.stdout.write(renderDataStatus(status, context.stdout, await isDirty(project, context)));
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

type IsWanted = (path: string) => boolean;

/** An out by its path or a path in it, by its stage, or by its `.dvc` file. */
function filterOf(project: Project, loaded: Loaded, targets: readonly string[]): IsWanted {
  if (targets.length === 0) return () => true;
  const paths = targets.flatMap((target): readonly ProjectPath[] => {
    const named = [...loaded.stages.values()].filter((stage) => loaded.labels.get(stage.id) === target);
    if (named.length > 0) return named.flatMap(({ outs }) => outs.map(({ path }) => path));
    const [path] = resolveTargets(project.here, [target]);
    if (path === undefined) return [];
    const tracked = isDataFile(path) ? loaded.pipelines.find(({ file }) => file === path) : undefined;
    return tracked?.stages.flatMap(({ outs }) => outs.map((out) => out.path)) ?? [path];
  });
  return (path) => paths.some((wanted) => contains(wanted, path.replace(/\/$/, '') as ProjectPath));
}

interface Question {
  readonly loaded: Loaded;
  readonly isWanted: IsWanted;
  readonly granular: boolean;
}

async function examine(project: Project, context: Context, { loaded, isWanted, granular }: Question) {
  const locked = trackedOuts(loaded);
  const lockedHeld = lockedOuts(project, locked, granular);
  const head = await committedOuts(project, { cwd: project.root, env: context.env });
  const committed = compare(lockedOuts(project, head, granular), lockedHeld, granular);
  const uncommitted = compare(lockedHeld, await presentOuts(project, locked, granular), granular);
  const same = new Set(committed.unchanged);
  const only = (changes: DataChanges): DataChanges => ({
    modified: changes.modified.filter(isWanted),
    added: changes.added.filter(isWanted),
    deleted: changes.deleted.filter(isWanted),
    renamed: changes.renamed.filter((rename) => isWanted(rename.new)),
    unknown: changes.unknown.filter(isWanted),
    unchanged: [],
  });
  return {
    notInCache: (await missingFrom(project, lockedHeld)).filter(isWanted).sort(comparePaths),
    committed: only(committed),
    uncommitted: only(uncommitted),
    unchanged: uncommitted.unchanged.filter((path) => same.has(path) && isWanted(path)),
  };
}

function lockedOuts(project: Project, outs: TrackedOuts, granular: boolean): readonly Held[] {
  return [...outs].flatMap(([path, content]): readonly Held[] => {
    if (content === undefined) return [];
    if (!granular || content.kind === 'file') return [{ path, content, files: 'not-asked' as const }];
    return [{ path, content, files: project.store().filesOf(content.digest) ?? ('unknown' as const) }];
  });
}

async function presentOuts(project: Project, outs: TrackedOuts, granular: boolean): Promise<readonly Held[]> {
  const held: Held[] = [];
  for (const path of outs.keys()) {
    const content = project.store().peek(path) ?? (await project.store().observe(path));
    if (content === 'missing') continue;
    const isOpen = granular && content.kind === 'tree';
    held.push({ path, content, files: isOpen ? project.store().filesIn(path) : 'not-asked' });
  }
  return held;
}

function compare(before: readonly Held[], after: readonly Held[], granular: boolean): DataChanges {
  const opaque = granular ? before.filter(({ files }) => files === 'unknown').map(({ path }) => `${path}/`) : [];
  return compareHoldings(holdingsOf(before), holdingsOf(after), new Set(opaque));
}

/** Outs, or, where they are known, the files in them, of which the cache has no whole copy. */
async function missingFrom(project: Project, outs: readonly Held[]): Promise<readonly string[]> {
  const missing: string[] = [];
  const isThere = async (content: Content) => (await project.store().verify(content)) === 'intact';
  for (const { path, content, files } of outs) {
    if (typeof files === 'string') {
      if (!(await isThere(content))) missing.push(content.kind === 'tree' ? `${path}/` : path);
      continue;
    }
    for (const [name, digest] of files) {
      if (!(await isThere({ kind: 'file', digest, size: 0, exec: false }))) missing.push(`${path}/${name}`);
    }
  }
  return missing;
}

async function untrackedFiles(project: Project, { env }: Context, isWanted: IsWanted): Promise<readonly string[]> {
  const listed = await git(['ls-files', '--others', '--exclude-standard', '-z'], { cwd: project.root, env });
  if (listed.kind !== 'done') return [];
  const paths = new TextDecoder().decode(listed.stdout).split('\0');
  return paths.filter((path) => path !== '' && isWanted(path));
}

async function isDirty(project: Project, { env }: Context): Promise<boolean> {
  const status = await git(['status', '--porcelain'], { cwd: project.root, env });
  return status.kind === 'done' && status.stdout.length > 0;
}

/** As DVC has it: what is empty is left out. */
function statusJson({ notInCache, committed, uncommitted, untracked, unchanged }: DataStatus): unknown {
  const all = {
    not_in_cache: notInCache,
    committed: changesJson(committed),
    uncommitted: changesJson(uncommitted),
    untracked,
    unchanged,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => Object.keys(value).length > 0));
}

function changesJson(changes: DataChanges): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(changes).filter(([, paths]) => paths.length > 0));
}
