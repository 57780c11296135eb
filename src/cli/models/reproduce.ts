import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest, ProjectPath } from '../../base/brand.ts';
import { LockstepError } from '../../base/error.ts';
import { addWorktree, applyPatch, hasTree, prefixOf, removeWorktree } from '../../provenance/scratch-worktree.ts';
import type { Loaded } from '../../repro/loaded.ts';
import { repro } from '../../repro/repro.ts';
import { select } from '../../repro/select.ts';
import type { Step } from '../../tracking/models/lineage.ts';
import type { Run } from '../../tracking/run.ts';
import type { Context } from '../context.ts';
import { openProject, type Project } from '../project.ts';
import { limitsOf } from '../repro.ts';
import { bringSources, furnish } from '../sweep/scratch.ts';
import { contentOf } from './model-files.ts';
import type { Registry } from './registry.ts';
import type { DescribedVersion } from './render-version.ts';

/**
 * Runs what made a version once more, from the code and data of that time, in a scratch work tree, and compares the
 * outs. Gives what speaks against the version; nothing if every byte came out the same.
 */
export async function reproduceVersion(
  context: Context,
  { project }: Pick<Registry, 'project'>,
  described: DescribedVersion,
): Promise<readonly string[]> {
  const { run, provenance } = described;
  if (run === undefined || run.stage === null || run.file === null || provenance === undefined) {
    return ['it is not the out of a stage that is on record, so it cannot be made again'];
  }
  const sha = run.code?.gitSha ?? null;
  const place = { cwd: project.root, env: context.env };
  if (sha === null || !(await hasTree(place, sha))) {
    return [sha === null ? 'its code was in no commit' : `git does not have the commit ${sha.slice(0, 12)} any more`];
  }
  const directory = join(project.tools.tmp, 'reproduce', run.id);
  try {
    await removeWorktree(place, directory);
    rmSync(directory, { recursive: true, force: true });
    await addWorktree(place, directory, sha);
    const patch = await patchOf(project, run);
    if (patch === 'lost') return ['the uncommitted changes of that time are not in the cache any more'];
    if (patch !== undefined) await applyPatch(place, directory, patch);
    const root = join(directory, await prefixOf(place));
    mkdirSync(root, { recursive: true });
    furnish(project, root);
    return await inScratch(context, {
      project,
      root,
      run,
      steps: [provenance.lineage.model, ...provenance.lineage.before],
    });
  } finally {
    await removeWorktree(place, directory);
    rmSync(directory, { recursive: true, force: true });
  }
}

async function patchOf({ tools }: Project, { code }: Run): Promise<Uint8Array | 'lost' | undefined> {
  const patch = code?.patch ?? null;
  return patch === null ? undefined : ((await tools.store.read(patch)) ?? 'lost');
}

interface Scratch {
  /** The user's own, which is only read. */
  readonly project: Project;
  readonly root: string;
  readonly run: Run;
  /** What made the model, and all that led to it. */
  readonly steps: readonly Step[];
}

async function inScratch(context: Context, { project, root, run, steps }: Scratch): Promise<readonly string[]> {
  const output = { write: () => {}, isTerminal: false, columns: 80, colors: false };
  const inner: Context = { ...context, cwd: root, stdout: output, stderr: output, ask: undefined, quiet: true };
  const scratch = await openProject(inner);
  try {
    const loaded = await scratch.load();
    bringSources(project, loaded, root);
    const absent = await bringRecorded(scratch, steps);
    if (absent.length > 0) return absent;
    const failed = await runAgain(inner, { scratch, loaded, run });
    if (failed.length > 0) return failed.map((stage) => `${stage} failed when it was run again`);
    const again = await newestRun(scratch, run);
    return again === undefined ? [`${run.stage} did not run again`] : differences(run, again);
  } finally {
    await scratch.close();
  }
}

/** Sees to it that every source has the bytes of that time, from the cache if need be; says which have not. */
async function bringRecorded({ tools: { store } }: Project, steps: readonly Step[]): Promise<readonly string[]> {
  const wanted = new Map<string, Digest>();
  for (const step of steps) {
    for (const { path, digest } of [...step.code, ...step.data.filter(({ made }) => !made)]) wanted.set(path, digest);
  }
  const absent: string[] = [];
  for (const [path, digest] of wanted) {
    const at = path as ProjectPath;
    const there = await store.observe(at);
    if (there !== 'missing' && there.digest === digest) continue;
    try {
      const content = contentOf(store, { digest, size: 0 });
      if (there !== 'missing') await store.clear(at);
      await store.checkout(content, at);
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      absent.push(`${path} is not what it was, and its bytes of that time are not in the cache`);
    }
  }
  return absent;
}

/** The stages that failed. */
async function runAgain(
  context: Context,
  { scratch, loaded, run }: { readonly scratch: Project; readonly loaded: Loaded; readonly run: Run },
): Promise<readonly string[]> {
  const targets = [`${run.file}:${run.stage}`];
  const { wanted } = select(loaded, scratch.here, { targets });
  const { summary } = await repro(scratch.tools, loaded, {
    wanted,
    forced: wanted,
    forceDownstream: false,
    allowMissing: false,
    keepGoing: false,
    ignoreErrors: false,
    limits: limitsOf(context, scratch.config, undefined),
    confirm: undefined,
    dry: false,
    commit: true,
    useRunCache: false,
    grace: scratch.config.grace * 1000,
    signal: context.signal,
    emit: () => {},
    command: 'models promote',
  });
  if (context.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
  return [...summary.failed, ...summary.blocked];
}

async function newestRun(scratch: Project, { stage, file }: Run): Promise<Run | undefined> {
  const runs = await (await scratch.tracking()).list({});
  return runs.find((one) => one.stage === stage && one.file === file && one.status === 'FINISHED');
}

function differences(run: Run, again: Run): readonly string[] {
  const made = new Map(again.artifacts.map(({ path, digest }) => [path, digest]));
  const differing = run.artifacts
    .filter(({ path, kind, digest }) => kind === 'out' && made.get(path) !== digest)
    .map(({ path }) => `${path} came out differently`);
  return differing.length === 0 ? [] : [...differing, ...environmentChanges(run, again)];
}

/** What may be the cause. */
function environmentChanges({ environment: then }: Run, { environment: now }: Run): readonly string[] {
  if (then === null || now === null) return [];
  const runtimes = changes(then.runtimes, now.runtimes);
  const packages = changes(then.packages, now.packages);
  return [...runtimes, ...packages.slice(0, 5)].map((change) => `the environment is another: ${change}`);
}

function changes(then: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): readonly string[] {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  return names
    .filter((name) => then[name] !== now[name])
    .map((name) => `${name} ${then[name] ?? 'absent'} → ${now[name] ?? 'absent'}`);
}
