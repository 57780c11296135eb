import { type Kysely, sql } from 'kysely';
import { CLIENT_POSITION } from '../client-position.ts';
import type { Dialect } from '../dialect.ts';
import { literalOfText, textOfLiteral } from '../param-literal.ts';
import { saysTheSame } from '../same-param.ts';
import type { Database } from '../schema.ts';
import { insertRows, isAnyOf, KEEP_FIRST } from '../statements.ts';
import type { TrackingDatabase } from '../tracking-database.ts';
import { checkKey, cut, invalid, LONGEST_PARAM } from './keys.ts';
import { appendPoints, type LoggedPoint, positionAt } from './points.ts';
import { type WritableRun, writableRun } from './run-head.ts';
import { checkTags, type KeyValue, setTags } from './tags.ts';

export interface Batch {
  readonly runId: string;
  readonly metrics: readonly LoggedPoint[];
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly now: number;
}

/** All of the batch or nothing of it. */
export async function logBatch(tracking: TrackingDatabase, batch: Batch): Promise<void> {
  checkBatch(batch);
  const { dialect } = tracking;
  await tracking.write(async (trx) => {
    const run = await writableRun(trx, batch.runId);
    await logParams(trx, dialect, { run, ...batch });
    await appendPoints(trx, dialect, { logged: [{ run, points: batch.metrics }], now: batch.now });
    await setTags(trx, dialect, { run, tags: batch.tags });
  });
}

function checkBatch({ metrics, params, tags }: Batch): void {
  const seen = new Set<string>();
  for (const { key } of metrics) {
    if (seen.has(key)) continue;
    seen.add(key);
    checkKey(key, `metrics[${metrics.findIndex((metric) => metric.key === key)}].name`);
  }
  for (const [i, { key }] of params.entries()) checkKey(key, `params[${i}].key`);
  checkTags(tags);
  const keys = params.map(({ key }) => key);
  const duplicates = keys.filter((key, i) => keys.indexOf(key) !== i);
  if (duplicates.length > 0) {
    const list = [...new Set(duplicates)].map((key) => `'${key}'`).join(', ');
    throw invalid(
      `Duplicate parameter keys have been submitted: [${list}]. Please ensure the request contains only one param value per param key.`,
    );
  }
}

interface ParamsOfRun {
  readonly run: WritableRun;
  readonly params: readonly KeyValue[];
  readonly now: number;
}

/**
 * A param has one value for ever: the same again is nothing new, another is refused. What a pipeline declares is no
 * value of the script's: one that differs is kept beside it.
 */
async function logParams(trx: Kysely<Database>, dialect: Dialect, { run, params, now }: ParamsOfRun): Promise<void> {
  if (params.length === 0) return;
  const keys = params.map(({ key }) => key);
  const known = await trx
    .selectFrom('params')
    .leftJoin('logged_params', (join) =>
      join.onRef('logged_params.run', '=', 'params.run').onRef('logged_params.key', '=', 'params.key'),
    )
    .select(['params.key', 'params.value', 'params.position', 'logged_params.value as logged'])
    .where('params.run', '=', run.run)
    .where(isAnyOf(dialect, sql.ref('params.key'), keys))
    .execute();
  const declared = new Map(
    known.filter((row) => row.position < CLIENT_POSITION && row.logged === null).map(({ key, value }) => [key, value]),
  );
  await logDifferences(trx, dialect, { run, params, declared });
  const texts = new Map(known.map(({ key, value, logged }) => [key, textOfLiteral(logged ?? value)]));
  const given = params
    .filter(({ key }) => !declared.has(key))
    .map(({ key, value }) => ({ key, value: cut(value, LONGEST_PARAM) }));
  const changed = given.filter(({ key, value }) => texts.has(key) && texts.get(key) !== value);
  if (changed.length > 0) throw paramsChanged(run, changed, texts);
  const fresh = given.filter(({ key }) => !texts.has(key));
  await insertRows(trx, dialect, {
    table: 'params',
    columns: ['run', 'key', 'value', 'position'],
    rows: fresh.map(({ key, value }, i) => [run.run, key, literalOfText(value), positionAt(now) + i]),
    conflict: KEEP_FIRST,
  });
}

async function logDifferences(
  trx: Kysely<Database>,
  dialect: Dialect,
  { run, params, declared }: Omit<ParamsOfRun, 'now'> & { readonly declared: ReadonlyMap<string, string> },
): Promise<void> {
  const logged = params
    .filter(({ key }) => declared.has(key))
    .map(({ key, value }) => ({ key, value: literalOfText(cut(value, LONGEST_PARAM)) }));
  const different = logged.filter(({ key, value }) => !saysTheSame(declared.get(key) ?? '', value));
  await insertRows(trx, dialect, {
    table: 'logged_params',
    columns: ['run', 'key', 'value'],
    rows: different.map(({ key, value }) => [run.run, key, value]),
    conflict: KEEP_FIRST,
  });
}

function paramsChanged(run: WritableRun, changed: readonly KeyValue[], texts: ReadonlyMap<string, string>): Error {
  const [first, ...more] = changed;
  if (first !== undefined && more.length === 0) {
    return invalid(
      `Changing param values is not allowed. Param with key='${first.key}' was already logged with value='${texts.get(first.key)}' for run ID='${run.run_id}'. Attempted logging new value '${first.value}'.`,
    );
  }
  const list = changed.map(
    ({ key, value }) => `{'key': '${key}', 'old_value': '${texts.get(key)}', 'new_value': '${value}'}`,
  );
  return invalid(
    `Changing param values is not allowed. Params were already logged='[${list.join(', ')}]' for run ID='${run.run_id}'.`,
  );
}
