import { sql } from 'kysely';
import { LockstepError } from '../base/error.ts';
import { groupBy } from './group-by.ts';
import type { Run } from './run.ts';
import { type RunHead, type RunParts, runOf } from './run-rows.ts';
import { allRows, listedIn, type OpenDatabase } from './sqlite-open.ts';
import type { RunQuery } from './tracking-store.ts';

// A status is written into the statement: for a bound one SQLite does not use the index of just these runs.

export function listRuns(open: OpenDatabase, query: RunQuery): readonly Run[] {
  return open.sqlite.transaction(() => {
    let runs = heads(open).orderBy('start_time', 'desc').orderBy('run', 'desc');
    if (query.stage !== undefined) runs = runs.where(CALLED, '=', query.stage);
    if (query.status !== undefined) runs = runs.where('status', '=', sql.lit(query.status));
    if (query.parent !== undefined) runs = runs.where('parent_run_id', '=', query.parent);
    if (query.parents !== true) runs = runs.where(CALLED, 'is not', null);
    if (query.clients === false) runs = runs.where('origin', '=', 'repro');
    if (query.limit !== undefined) runs = runs.limit(query.limit);
    return complete(open, allRows(open, runs), query.latestMetrics === true ? 'latest_metrics' : 'metrics');
  })();
}

/** What a run is of: its stage, and where a client made it, its name. */
const CALLED = sql<string | null>`coalesce(stage, case origin when 'client' then name end)`;

const SHORTEST_PREFIX = 4;

export function findRun(open: OpenDatabase, idPrefix: string): Run | undefined {
  const prefix = idPrefix.toLowerCase();
  if (prefix.length < SHORTEST_PREFIX) {
    throw new LockstepError('usage', `'${idPrefix}' is too short for a run id`, {
      hint: `give at least ${SHORTEST_PREFIX} of its digits`,
    });
  }
  return open.sqlite.transaction(() => {
    // `g` comes after the hex digits, so this range is all ids that begin with the prefix, by index.
    const range = heads(open).where('run_id', '>=', prefix).where('run_id', '<', `${prefix}g`).limit(4);
    const found = allRows(open, range);
    if (found.length > 1) {
      const some = found.slice(0, 3).map((head) => head.run_id);
      throw new LockstepError('usage', `several runs begin with '${idPrefix}'`, {
        hint: `give more digits: ${some.join(', ')}${found.length > some.length ? ', …' : ''}`,
      });
    }
    return complete(open, found, 'metrics')[0];
  })();
}

function heads({ db }: OpenDatabase) {
  return db
    .selectFrom('runs')
    .leftJoin('environments', 'environments.environment', 'runs.environment')
    .where('lifecycle_stage', '=', 'active')
    .select(CALLED.as('stage'))
    .select(['run', 'run_id', 'parent_run_id', 'file', 'status', 'start_time', 'end_time', 'record'])
    .select(['command', 'git_sha', 'git_branch', 'git_remote_url', 'git_dirty', 'git_patch', 'git_omitted']);
}

/** Reads the parts of many runs with one question per table. */
function complete(open: OpenDatabase, runs: readonly RunHead[], points: 'metrics' | 'latest_metrics'): readonly Run[] {
  const { db } = open;
  const wanted = listedIn(runs.map((head) => head.run));
  const params = db.selectFrom('params').where('run', 'in', wanted).orderBy('run').orderBy('position').selectAll();
  const metrics = db
    .selectFrom(points)
    .where('run', 'in', wanted)
    .orderBy('run')
    .orderBy('position')
    .orderBy('timestamp')
    .orderBy('step')
    .selectAll();
  const inputs = db.selectFrom('inputs').where('run', 'in', wanted).orderBy('run').orderBy('position').selectAll();
  const artifacts = db
    .selectFrom('artifacts')
    .where('run', 'in', wanted)
    .orderBy('run')
    .orderBy('position')
    .selectAll();
  const tags = db.selectFrom('tags').where('run', 'in', wanted).orderBy('run').orderBy('key').selectAll();
  const parts = {
    params: byRun(allRows(open, params)),
    metrics: byRun(allRows(open, metrics)),
    inputs: byRun(allRows(open, inputs)),
    artifacts: byRun(allRows(open, artifacts)),
    tags: byRun(allRows(open, tags)),
  };
  return runs.map((head) => runOf(head, partsOf(parts, head.run)));
}

type PartsByRun = { readonly [Part in keyof RunParts]: ReadonlyMap<number, RunParts[Part]> };

function partsOf(parts: PartsByRun, run: number): RunParts {
  return {
    params: parts.params.get(run) ?? [],
    metrics: parts.metrics.get(run) ?? [],
    inputs: parts.inputs.get(run) ?? [],
    artifacts: parts.artifacts.get(run) ?? [],
    tags: parts.tags.get(run) ?? [],
  };
}

function byRun<Row extends { readonly run: number }>(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  return groupBy(rows, ({ run }) => run);
}
