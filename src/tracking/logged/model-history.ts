import { sql } from 'kysely';
import { z } from 'zod';
import { insertRows } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { invalid } from './keys.ts';
import { writableRun } from './run-head.ts';

const HISTORY_TAG = 'mlflow.log-model.history';

const Model = z.looseObject({
  artifact_path: z.string(),
  flavors: z.record(z.string(), z.unknown()),
  utc_time_created: z.string(),
  run_id: z.string(),
});

const History = z.array(z.unknown());

/** What clients before MLflow 3 say of a model that they have uploaded: one more entry of a tag. */
export async function logModelHistory(
  tracking: TrackingDatabase,
  { runId, model }: { readonly runId: string; readonly model: string },
): Promise<void> {
  const entry = readModel(model);
  await tracking.write(async (trx) => {
    const { run } = await writableRun(trx, runId);
    const known = await trx
      .selectFrom('tags')
      .select('value')
      .where('run', '=', run)
      .where('key', '=', HISTORY_TAG)
      .executeTakeFirst();
    const history = History.safeParse(jsonOf(known?.value ?? '[]'));
    const value = JSON.stringify([...(history.success ? history.data : []), entry]);
    await insertRows(trx, tracking.dialect, {
      table: 'tags',
      columns: ['run', 'key', 'value'],
      rows: [[run, HISTORY_TAG, value]],
      conflict: sql`on conflict (run, key) do update set value = excluded.value`,
    });
  });
}

function readModel(text: string): unknown {
  const json = jsonOf(text);
  if (json === undefined) throw invalid(`Malformed model info. \n ${text.slice(0, 200)} \n is not valid JSON.`);
  const model = Model.safeParse(json);
  if (model.success) return model.data;
  const missing = model.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw invalid(`Model json is missing mandatory fields: ${missing}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
