import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.ts';

type Table = CreateTableBuilder<string, string>;

/** What runs that are logged by clients need: names, tags of experiments, data sets, models, and search by metric. */
export function addTracking(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  return [
    ...experimentColumns(db, dialect),
    ...runColumns(db, dialect),
    ...params(db, dialect),
    ...metrics(db, dialect),
    ...latestMetrics(db, dialect),
    ...datasets(db, dialect),
    ...models(db, dialect),
  ];
}

function experimentColumns(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const tags = db.schema
    .createTable('experiment_tags')
    .addColumn('experiment_id', dialect.integer, (c) =>
      c.notNull().references('experiments.experiment_id').onDelete('cascade'),
    )
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('experiment_tags_key', ['experiment_id', 'key']);
  return [
    db.schema.alterTable('experiments').addColumn('artifact_location', 'text').compile().sql,
    tags.modifyEnd(dialect.clustered).compile().sql,
  ];
}

function runColumns(db: Kysely<unknown>, { integer }: Dialect): readonly string[] {
  const runs = () => db.schema.alterTable('runs');
  const inExperiment = db.schema
    .createIndex('runs_of_experiment')
    .on('runs')
    .columns(['experiment_id', 'lifecycle_stage', 'start_time desc', 'run_id']);
  const children = db.schema
    .createIndex('runs_by_parent')
    .on('runs')
    .column('parent_run_id')
    .where(sql.ref('parent_run_id'), 'is not', null);
  return [
    runs().addColumn('origin', 'text', (c) => c.notNull().defaultTo('repro')),
    runs().addColumn('name', 'text'),
    runs().addColumn('user_id', 'text'),
    runs().addColumn('deleted_time', integer),
    runs().addColumn('artifact_uri', 'text'),
    inExperiment,
    children,
  ].map((statement) => statement.compile().sql);
}

/** A param is found by its key, and has one value: the last one that was recorded. */
function params(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const table = ofRun(db.schema.createTable('params_by_key'), dialect)
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('position', dialect.integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('params_by_key_key', ['run', 'key']);
  return rebuilt(db, dialect, {
    from: 'params',
    to: table,
    columns: ['run', 'key', 'value', 'position'],
    keep: 'last',
  });
}

/** The key of a point is all that it says, so that saying it again changes nothing; in its order histories are read. */
function metrics(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const table = point(db.schema.createTable('metrics_by_key'), dialect)
    .addColumn('position', dialect.integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('metrics_by_key_key', ['run', 'key', 'timestamp', 'step', 'value', 'is_nan']);
  return rebuilt(db, dialect, { from: 'metrics', to: table, columns: [...POINT, 'position'], keep: 'first' });
}

function latestMetrics(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const table = point(db.schema.createTable('latest_metrics_by_key'), dialect)
    .addColumn('position', dialect.integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('latest_metrics_by_key_key', ['run', 'key']);
  const byValue = db.schema
    .createIndex('latest_metrics_by_value')
    .on('latest_metrics')
    .columns(['key', 'is_nan', 'value', 'run']);
  const columns = [...POINT, 'position'];
  return [
    ...rebuilt(db, dialect, { from: 'latest_metrics', to: table, columns, keep: 'first' }),
    byValue.compile().sql,
  ];
}

const POINT = ['run', 'key', 'timestamp', 'step', 'value', 'is_nan'];

function point(table: Table, dialect: Dialect): Table {
  return pointColumns(
    ofRun(table, dialect).addColumn('key', 'text', (c) => c.notNull()),
    dialect,
  );
}

function pointColumns(table: Table, { integer, real }: Dialect): Table {
  return table
    .addColumn('timestamp', integer, (c) => c.notNull())
    .addColumn('step', integer, (c) => c.notNull())
    .addColumn('value', real, (c) => c.notNull())
    .addColumn('is_nan', integer, (c) => c.notNull());
}

function ofRun(table: Table, { integer }: Dialect): Table {
  return table.addColumn('run', integer, (c) => c.notNull().references('runs.run').onDelete('cascade'));
}

interface Rebuilt {
  readonly from: string;
  readonly to: Table;
  readonly columns: readonly string[];
  readonly keep: 'first' | 'last';
}

/** The rows of a table under another primary key; of rows with the same key one is kept. */
function rebuilt(db: Kysely<unknown>, dialect: Dialect, { from, to, columns, keep }: Rebuilt): readonly string[] {
  const create = to.modifyEnd(dialect.clustered).compile().sql;
  const temporary = `${from}_by_key`;
  const list = sql.join(columns.map((column) => sql.ref(column)));
  const copy = sql`insert into ${sql.table(temporary)} (${list}) select ${list} from ${sql.table(from)}
    where true order by run, position ${sql.raw(keep === 'first' ? 'asc' : 'desc')} on conflict do nothing`;
  return [
    create,
    copy.compile(db).sql,
    db.schema.dropTable(from).compile().sql,
    db.schema.alterTable(temporary).renameTo(from).compile().sql,
  ];
}

function datasets(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const { integer } = dialect;
  const described = db.schema
    .createTable('datasets')
    .addColumn('dataset', dialect.rowNumber, (c) => c.primaryKey())
    .addColumn('experiment_id', integer, (c) => c.notNull().references('experiments.experiment_id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('source_type', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('schema', 'text')
    .addColumn('profile', 'text')
    .addUniqueConstraint('datasets_identity', ['experiment_id', 'name', 'digest']);
  const used = (table: Table) =>
    ofRun(table, dialect).addColumn('dataset', integer, (c) =>
      c.notNull().references('datasets.dataset').onDelete('cascade'),
    );
  const inputs = used(db.schema.createTable('dataset_inputs'))
    .addColumn('position', integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('dataset_inputs_key', ['run', 'dataset']);
  const tags = used(db.schema.createTable('dataset_input_tags'))
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('dataset_input_tags_key', ['run', 'dataset', 'key']);
  return [
    described.compile().sql,
    inputs.modifyEnd(dialect.clustered).compile().sql,
    tags.modifyEnd(dialect.clustered).compile().sql,
    db.schema.createIndex('dataset_inputs_by_dataset').on('dataset_inputs').columns(['dataset', 'run']).compile().sql,
  ];
}

/** No foreign keys to models: a run may speak of one that is registered elsewhere. */
function models(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const { integer } = dialect;
  const ofModel = (table: string) =>
    ofRun(db.schema.createTable(table), dialect)
      .addColumn('model_id', 'text', (c) => c.notNull())
      .addColumn('position', integer, (c) => c.notNull());
  const inputs = ofModel('model_inputs').addPrimaryKeyConstraint('model_inputs_key', ['run', 'model_id']);
  const outputs = ofModel('model_outputs')
    .addColumn('step', integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('model_outputs_key', ['run', 'model_id', 'step']);
  const text = ['model_id', 'run_id', 'key', 'dataset_name', 'dataset_digest'];
  const named = text.reduce(
    (table, column) => table.addColumn(column, 'text', (c) => c.notNull()),
    db.schema.createTable('logged_model_metrics') as Table,
  );
  const measured = pointColumns(named, dialect).addPrimaryKeyConstraint('logged_model_metrics_key', [
    'model_id',
    'key',
    'timestamp',
    'step',
    'run_id',
  ]);
  return [inputs, outputs, measured].map((table) => table.modifyEnd(dialect.clustered).compile().sql);
}
