import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.ts';

/** Experiments, runs and what is recorded of each, as statements to be executed in this order. */
export function createRuns(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  return [
    experiments(db, dialect),
    defaultExperiment(db),
    environments(db, dialect),
    runs(db, dialect),
    ...runIndexes(db),
    ...runParts(db, dialect),
  ];
}

function experiments(db: Kysely<unknown>, { integer, rowNumber }: Dialect): string {
  return db.schema
    .createTable('experiments')
    .addColumn('experiment_id', rowNumber, (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('lifecycle_stage', 'text', (c) => c.notNull().defaultTo('active'))
    .addColumn('creation_time', integer)
    .addColumn('last_update_time', integer)
    .compile().sql;
}

/** MLflow's clients take it for granted that there is an experiment 0 of this name. */
function defaultExperiment(db: Kysely<unknown>): string {
  return sql`insert into experiments (experiment_id, name) values (0, 'Default')`.compile(db).sql;
}

function environments(db: Kysely<unknown>, { clustered }: Dialect): string {
  return db.schema
    .createTable('environments')
    .addColumn('environment', 'text', (c) => c.primaryKey())
    .addColumn('record', 'text', (c) => c.notNull())
    .modifyEnd(clustered)
    .compile().sql;
}

function runs(db: Kysely<unknown>, { integer, rowNumber }: Dialect): string {
  return db.schema
    .createTable('runs')
    .addColumn('run', rowNumber, (c) => c.primaryKey())
    .addColumn('run_id', 'text', (c) => c.notNull().unique())
    .addColumn('experiment_id', integer, (c) => c.notNull().references('experiments.experiment_id'))
    .addColumn('parent_run_id', 'text')
    .addColumn('stage', 'text')
    .addColumn('file', 'text')
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('start_time', integer, (c) => c.notNull())
    .addColumn('end_time', integer)
    .addColumn('lifecycle_stage', 'text', (c) => c.notNull().defaultTo('active'))
    .addColumn('command', 'text')
    .addColumn('git_sha', 'text')
    .addColumn('git_branch', 'text')
    .addColumn('git_remote_url', 'text')
    .addColumn('git_dirty', integer)
    .addColumn('git_patch', 'text')
    .addColumn('git_omitted', 'text')
    .addColumn('environment', 'text', (c) => c.references('environments.environment'))
    .compile().sql;
}

function runIndexes(db: Kysely<unknown>): readonly string[] {
  const newestFirst = db.schema.createIndex('runs_by_time').on('runs').columns(['start_time', 'run']);
  // Holds all that `lastDurations` asks for, so that it reads no row of the table itself.
  const finished = db.schema
    .createIndex('runs_finished')
    .on('runs')
    .columns(['file', 'stage', 'start_time', 'end_time', 'run_id'])
    .where(sql.ref('status'), '=', sql.lit('FINISHED'));
  // Asked for at the start of every repro, and hardly ever more than a few.
  const running = db.schema
    .createIndex('runs_running')
    .on('runs')
    .columns(['start_time', 'run'])
    .where(sql.ref('status'), '=', sql.lit('RUNNING'));
  return [newestFirst, running, finished].map((index) => index.compile().sql);
}

function runParts(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const { integer } = dialect;
  const params = listed(db, dialect, 'params').addColumn('key', 'text', (c) => c.notNull());
  const inputs = listed(db, dialect, 'inputs').addColumn('path', 'text', (c) => c.notNull());
  const artifacts = listed(db, dialect, 'artifacts').addColumn('path', 'text', (c) => c.notNull());
  const digestAndSize = (table: CreateTableBuilder<string, string>) =>
    table.addColumn('digest', 'text', (c) => c.notNull()).addColumn('size', integer, (c) => c.notNull());
  return [
    clustered(
      dialect,
      params.addColumn('value', 'text', (c) => c.notNull()),
    ),
    clustered(dialect, points(listed(db, dialect, 'metrics'), dialect)),
    clustered(dialect, points(listed(db, dialect, 'latest_metrics'), dialect)),
    tags(db, dialect),
    clustered(dialect, digestAndSize(inputs).addColumn('producer', 'text')),
    clustered(
      dialect,
      digestAndSize(artifacts)
        .addColumn('kind', 'text', (c) => c.notNull())
        .addColumn('stored', integer, (c) => c.notNull()),
    ),
    db.schema.createIndex('artifacts_by_digest').on('artifacts').columns(['digest', 'run']).compile().sql,
  ];
}

function tags(db: Kysely<unknown>, dialect: Dialect): string {
  const { integer } = dialect;
  const table = db.schema
    .createTable('tags')
    .addColumn('run', integer, (c) => c.notNull().references('runs.run').onDelete('cascade'))
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('tags_key', ['run', 'key']);
  return clustered(dialect, table);
}

/** A list of a run, clustered by run: reading a run's rows is one range, and so is deleting them. */
function listed(db: Kysely<unknown>, { integer }: Dialect, table: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(table)
    .addColumn('run', integer, (c) => c.notNull().references('runs.run').onDelete('cascade'))
    .addColumn('position', integer, (c) => c.notNull())
    .addPrimaryKeyConstraint(`${table}_key`, ['run', 'position']);
}

function points(
  table: CreateTableBuilder<string, string>,
  { integer, real }: Dialect,
): CreateTableBuilder<string, string> {
  return table
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('value', real, (c) => c.notNull())
    .addColumn('is_nan', integer, (c) => c.notNull())
    .addColumn('step', integer, (c) => c.notNull())
    .addColumn('timestamp', integer, (c) => c.notNull());
}

function clustered(dialect: Dialect, table: CreateTableBuilder<string, string>): string {
  return table.modifyEnd(dialect.clustered).compile().sql;
}
