import { relativeTo } from '../base/project-path.ts';
import { type DvcLockEntry, resolveLocked, sameParams, toLockEntry } from '../pipeline/dvc/lock-entry.ts';
import { lockedEntry } from '../pipeline/dvc/lock-format.ts';
import { parseDvcEntry } from '../pipeline/dvc/parse-lockfile.ts';
import { isRemembered, type RunTraits, runKey, runOf } from '../pipeline/dvc/run-cache.ts';
import { literalOfValue } from '../pipeline/dvc/value.ts';
import type { Inputs } from '../pipeline/fingerprint.ts';
import type { LockEntry } from '../pipeline/lock-entry.ts';
import type { NodeOf } from '../pipeline/lock-format.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { DvcRunFiles } from '../store/dvc-run-files.ts';

/** What DVC, or lockstep in its stead, remembered of a stage with these inputs. */
export function recallDvcRun(files: DvcRunFiles, stage: Stage, inputs: Inputs): LockEntry | undefined {
  const key = dvcRunKey(stage, inputs);
  if (key === undefined) return undefined;
  const wanted = questionOf(stage, inputs);
  for (const text of files.read(key)) {
    const found = parseDvcEntry('', text);
    // The key leaves out params called `size` and `nfiles`: it may belong to a run with other values of them.
    if (found === undefined || !hasParamsOf(found, wanted)) continue;
    const { entry } = toLockEntry(found, {
      wdir: stage.wdir,
      env: stage.env,
      resolve: (path) => resolveLocked(stage.wdir, path),
      persists: () => false,
    });
    if (stage.outs.every((out) => entry.outs.has(out.path))) return entry;
  }
  return undefined;
}

/** Where DVC would look for results of these inputs; undefined for a stage whose results it does not remember. */
export function dvcRunKey(stage: Stage, inputs: Inputs): string | undefined {
  const wanted = questionOf(stage, inputs);
  return isRemembered(wanted, traitsOf(stage)) ? runKey(wanted) : undefined;
}

export function rememberDvcRun(
  files: DvcRunFiles,
  stage: Stage,
  { entry, nodeOf }: { readonly entry: LockEntry; readonly nodeOf: NodeOf },
): void {
  const locked = lockedEntry(entry, { nodeOf, stage });
  const run = isRemembered(locked, traitsOf(stage)) ? runOf(locked) : undefined;
  if (run !== undefined) files.write(run);
}

/** The entry that is looked for; of its outs only the paths are known. */
function questionOf(stage: Stage, inputs: Inputs): DvcLockEntry {
  const { deps, params, cmd } = lockedEntry({ ...inputs, outs: new Map() }, { stage });
  return { cmd, deps, params, outs: outTexts(stage).map((path) => ({ path })) };
}

/** The outs in the words of the stage. */
function outTexts({ wdir, outs, written }: Stage): readonly string[] {
  return written?.outs.map(([, text]) => text) ?? outs.map((out) => relativeTo(wdir, out.path));
}

function hasParamsOf(found: DvcLockEntry, wanted: DvcLockEntry): boolean {
  const values = new Map(
    wanted.params.map((one) => [one.file, new Map(one.values.map(([key, value]) => [key, literalOfValue(value)]))]),
  );
  return (
    found.params.length === values.size &&
    found.params.every((one) => sameParams(one, values.get(one.file) ?? new Map()))
  );
}

function traitsOf(stage: Stage): RunTraits {
  const paths = (outs: Stage['outs']) => outs.map((out) => out.path);
  return {
    // DVC knows no environment of a stage, so a result that depends on one is none that it could look up.
    alwaysChanged: stage.alwaysChanged || Object.keys(stage.env).length > 0,
    persistent: paths(stage.outs.filter((out) => out.persist)),
    uncached: paths(stage.outs.filter((out) => !out.cache && out.kind === 'out')),
    elsewhere: [],
  };
}

/** Where DVC keeps the results of what went into a lock entry; undefined for what it cannot hash. */
export function dvcKeyOf(stage: Stage, entry: LockEntry): string | undefined {
  return runKey(lockedEntry(entry, { stage }));
}
