import { randomUUID } from 'node:crypto';
import type { RunId } from '../../base/brand.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { findExperiment, rootOf } from './experiments.ts';
import { invalid } from './keys.ts';
import { moveRuns } from './lifecycle.ts';
import { findHead, type RunHeadRow, writableRun } from './run-head.ts';
import { randomRunName } from './run-name.ts';
import { checkTags, type KeyValue, NAME_TAG, PARENT_TAG, setTags } from './tags.ts';

export interface NewRun {
  readonly experimentId: string;
  readonly userId: string | undefined;
  readonly name: string | undefined;
  readonly startTime: number;
  readonly tags: readonly KeyValue[];
  readonly artifactRoot: string;
}

export async function createRun(tracking: TrackingDatabase, given: NewRun): Promise<string> {
  checkTags(given.tags);
  const name = nameOf(given);
  const runId = randomUUID().replaceAll('-', '') as RunId;
  await tracking.write(async (trx) => {
    const experiment = await findExperiment(trx, given.experimentId);
    if (experiment.lifecycle_stage !== 'active') {
      const message = `The experiment ${experiment.experiment_id} must be in the 'active' state. Current state is ${experiment.lifecycle_stage}.`;
      throw invalid(message);
    }
    const { run } = await trx
      .insertInto('runs')
      .values({
        run_id: runId,
        experiment_id: experiment.experiment_id,
        parent_run_id: given.tags.findLast(({ key }) => key === PARENT_TAG)?.value ?? null,
        status: 'RUNNING',
        start_time: given.startTime,
        origin: 'client',
        name,
        user_id: given.userId ?? '',
        artifact_uri: `${rootOf(experiment, given.artifactRoot)}/${runId}/artifacts`,
      })
      .returning('run')
      .executeTakeFirstOrThrow();
    const rows = [...given.tags.filter(({ key }) => key !== NAME_TAG), { key: NAME_TAG, value: name }];
    const written = { run, run_id: runId, experiment_id: experiment.experiment_id };
    await setTags(trx, tracking.dialect, { run: written, tags: rows });
  });
  return runId;
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
      await trx
        .updateTable('runs')
        .set({ ...(status === undefined ? {} : { status }), ...(endTime === undefined ? {} : { end_time: endTime }) })
        .where('run', '=', run.run)
        .execute();
    }
    if (name !== undefined && name !== '') {
      await setTags(trx, tracking.dialect, { run, tags: [{ key: NAME_TAG, value: name }] });
    }
    return await findHead(trx, change.runId);
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
