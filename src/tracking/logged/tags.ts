import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.ts';
import { RequestError } from '../request-error.ts';
import type { Database } from '../schema.ts';
import { insertRows } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { checkKey, cut, LONGEST_TAG } from './keys.ts';
import { type WritableRun, writableRun } from './run-head.ts';

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** Tags that say what a column of the run says, too. */
export const NAME_TAG = 'mlflow.runName';
export const PARENT_TAG = 'mlflow.parentRunId';
export const COMMIT_TAG = 'mlflow.source.git.commit';

export function checkTags(tags: readonly KeyValue[]): void {
  for (const [i, { key }] of tags.entries()) checkKey(key, `tags[${i}].key`);
}

interface TagsOfRun {
  readonly run: WritableRun;
  readonly tags: readonly KeyValue[];
}

export async function setTags(trx: Kysely<Database>, dialect: Dialect, { run, tags }: TagsOfRun): Promise<void> {
  const values = lastOfEach(tags);
  await writeTags(trx, dialect, { run, tags: [...values].map(([key, value]) => ({ key, value })) });
  const name = values.get(NAME_TAG);
  const parent = values.get(PARENT_TAG);
  if (name === undefined && parent === undefined) return;
  await trx
    .updateTable('runs')
    .set({ ...(name === undefined ? {} : { name }), ...(parent === undefined ? {} : { parent_run_id: parent }) })
    .where('run', '=', run.run)
    .execute();
}

/** Of tags with the same key the last one counts. */
export function lastOfEach(tags: readonly KeyValue[]): ReadonlyMap<string, string> {
  return new Map(tags.map(({ key, value }) => [key, cut(value, LONGEST_TAG)]));
}

/** The tags alone, each key once; `setTags` also writes the columns that say the same. */
export async function writeTags(trx: Kysely<Database>, dialect: Dialect, { run, tags }: TagsOfRun): Promise<void> {
  await insertRows(trx, dialect, {
    table: 'tags',
    columns: ['run', 'key', 'value'],
    rows: tags.map(({ key, value }) => [run.run, key, value]),
    conflict: sql`on conflict (run, key) do update set value = excluded.value`,
  });
}

export async function deleteTag(tracking: TrackingDatabase, tag: { runId: string; key: string }): Promise<void> {
  await tracking.write(async (trx) => {
    const { run } = await writableRun(trx, tag.runId);
    const { numDeletedRows } = await trx
      .deleteFrom('tags')
      .where('run', '=', run)
      .where('key', '=', tag.key)
      .executeTakeFirstOrThrow();
    if (Number(numDeletedRows) === 0) {
      const message = `No tag with name: ${tag.key} in run with id ${tag.runId}`;
      throw new RequestError('RESOURCE_DOES_NOT_EXIST', message);
    }
    if (tag.key === PARENT_TAG) {
      await trx.updateTable('runs').set({ parent_run_id: null }).where('run', '=', run).execute();
    }
  });
}
