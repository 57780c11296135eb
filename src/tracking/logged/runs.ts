import { randomUUID } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { RunId } from '../../base/brand.ts';
import type { ExperimentRow } from '../schema.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { activeExperiment, rootOf } from './experiments.ts';
import { invalid } from './keys.ts';
import { moveRuns } from './lifecycle.ts';
import type { LoggedRun } from './read-runs.ts';
import { findHead, type RunHeadRow, writableRun } from './run-head.ts';
import { randomRunName } from './run-name.ts';
import { checkTags, type KeyValue, lastOfEach, NAME_TAG, PARENT_TAG, setTags, writeTags } from './tags.ts';

export interface NewRun {
  readonly experimentId: string;
  readonly userId: string | undefined;
  readonly name: string | undefined;
  readonly startTime: number;
  readonly tags: readonly KeyValue[];
  readonly artifactRoot: string;
}

/** What was written, without asking for it. */
export async function createRun(tracking: TrackingDatabase, given: NewRun): Promise<LoggedRun> {
  checkTags(given.tags);
  const name = nameOf(given);
  const values = lastOfEach([...given.tags, { key: NAME_TAG, value: name }]);
  const tags = [...values].map(([key, value]) => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const head = await tracking.write(async (trx) => {
    const experiment = await activeExperiment(trx, given.experimentId);
    const row = rowOf(given, { experiment, name, parent: values.get(PARENT_TAG) ?? null });
    const { run } = await trx.insertInto('runs').values(row).returning('run').executeTakeFirstOrThrow();
    await writeTags(trx, tracking.dialect, { run: { ...row, run }, tags });
    const { artifact_location } = experiment;
    return { ...row, run, artifact_location, run_name: name, end_time: null, lifecycle_stage: 'active', git_sha: null };
  });
  return { head, tags, metrics: [], params: [], datasets: [], modelInputs: [], modelOutputs: [] };
}

interface Placed {
  readonly experiment: Selectable<ExperimentRow>;
  readonly name: string;
  readonly parent: string | null;
}

function rowOf(given: NewRun, { experiment, name, parent }: Placed) {
  const runId = randomUUID().replaceAll('-', '') as RunId;
  return {
    run_id: runId,
    experiment_id: experiment.experiment_id,
    parent_run_id: parent,
    status: 'RUNNING',
    start_time: given.startTime,
    origin: 'client' as const,
    name,
    user_id: given.userId ?? '',
    artifact_uri: `${rootOf(experiment, given.artifactRoot)}/${runId}/artifacts`,
  };
}

function nameOf({ name, tags }: NewRun): string {
  const tag = tags.findLast(({ key }) => key === NAME_TAG)?.value;
  if (name !== undefined && name !== '' && tag !== undefined && tag !== name) {
    throw invalid(
      `Both 'run_name' argument and '${NAME_TAG}' tag are specified, but with different values (run_name='${name}', ${NAME_TAG}='${tag}').`,
    );
  }
  return (name === '' ? undefined : name) ?? (tag === '' ? undefined : tag) ?? randomRunName();
}

export interface RunChange {
  readonly runId: string;
  readonly status: string | undefined;
  readonly endTime: number | undefined;
  readonly name: string | undefined;
}

export async function updateRun(tracking: TrackingDatabase, change: RunChange): Promise<RunHeadRow> {
  return await tracking.write(async (trx) => {
    const run = await writableRun(trx, change.runId);
    const { status, endTime, name } = change;
    if (status !== undefined || endTime !== undefined) {
      // When a stage's run ends, and how, is for the exit code to say.
      await trx
        .updateTable('runs')
        .set({ ...(status === undefined ? {} : { status }), ...(endTime === undefined ? {} : { end_time: endTime }) })
        .where('run', '=', run.run)
        .where('origin', '=', 'client')
        .execute();
    }
    if (name !== undefined && name !== '') {
      await setTags(trx, tracking.dialect, { run, tags: [{ key: NAME_TAG, value: name }] });
    }
    return await findHead(trx, change.runId);
  });
}

/** Only a stage's run changes its experiment: a client that chooses one creates its own runs there. */
export async function adoptRun(
  tracking: TrackingDatabase,
  { runId, experimentId }: { readonly runId: string; readonly experimentId: string },
): Promise<void> {
  await tracking.write(async (trx) => {
    const { experiment_id } = await activeExperiment(trx, experimentId);
    await trx
      .updateTable('runs')
      .set({ experiment_id })
      .where('run_id', '=', runId)
      .where('origin', '=', 'repro')
      .execute();
  });
}

/** Doing it again changes nothing. */
export async function moveRun(
  tracking: TrackingDatabase,
  { runId, to, now }: { readonly runId: string; readonly to: 'active' | 'deleted'; readonly now: number },
): Promise<void> {
  await tracking.write(async (trx) => {
    const head = await findHead(trx, runId);
    if (head.lifecycle_stage === to) return;
    await moveRuns(trx, { to, now }).where('run', '=', head.run).execute();
  });
}
