import type { CreateTableBuilder, Kysely } from 'kysely';
import type { Dialect } from '../dialect.ts';

type Table = CreateTableBuilder<string, string>;

/** Models that runs log, and the registry: models by name, their versions, aliases, and who became what when. */
export function addModels(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  return [...loggedModels(db, dialect), ...registry(db, dialect)].map((statement) => statement.compile().sql);
}

function loggedModels(db: Kysely<unknown>, dialect: Dialect) {
  const models = texts(
    texts(db.schema.createTable('logged_models') as Table, ['model_id', 'name', 'artifact_location']),
    ['status', 'lifecycle_stage'],
  )
    .addColumn('experiment_id', dialect.integer, (c) => c.notNull().references('experiments.experiment_id'))
    .addColumn('model_type', 'text')
    .addColumn('source_run_id', 'text')
    .addPrimaryKeyConstraint('logged_models_key', ['model_id']);
  return [
    times(models, dialect),
    pairs(db, dialect, { table: 'logged_model_tags', of: ['model_id'] }),
    pairs(db, dialect, { table: 'logged_model_params', of: ['model_id'] }),
    db.schema
      .createIndex('logged_models_of_experiment')
      .on('logged_models')
      .columns(['experiment_id', 'lifecycle_stage', 'creation_time']),
  ];
}

function registry(db: Kysely<unknown>, dialect: Dialect) {
  const { integer } = dialect;
  const named = (table: string) => texts(db.schema.createTable(table) as Table, ['name']);
  const models = times(named('registered_models'), dialect)
    .addColumn('description', 'text')
    .addPrimaryKeyConstraint('registered_models_key', ['name']);
  const aliases = texts(named('registered_model_aliases'), ['alias'])
    .addColumn('version', integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('registered_model_aliases_key', ['name', 'alias']);
  const versions = times(texts(named('model_versions'), ['current_stage', 'source']), dialect)
    .addColumn('version', integer, (c) => c.notNull())
    .addColumn('description', 'text')
    .addColumn('storage_location', 'text')
    // Where the server keeps the content itself: from then on it is not to change.
    .addColumn('pinned_path', 'text')
    .addColumn('run_id', 'text')
    .addColumn('run_link', 'text')
    .addColumn('model_id', 'text')
    .addColumn('deleted_time', integer)
    .addPrimaryKeyConstraint('model_versions_key', ['name', 'version']);
  const history = texts(db.schema.createTable('model_history') as Table, ['name', 'what'])
    .addColumn('entry', dialect.rowNumber, (c) => c.primaryKey())
    .addColumn('version', integer, (c) => c.notNull())
    .addColumn('was', 'text')
    .addColumn('now', 'text')
    .addColumn('time', integer, (c) => c.notNull());
  return [
    models,
    pairs(db, dialect, { table: 'registered_model_tags', of: ['name'] }),
    aliases,
    versions,
    versionTags(db, dialect),
    history,
    db.schema.createIndex('model_history_of').on('model_history').columns(['name', 'entry']),
    db.schema.createIndex('model_versions_of_run').on('model_versions').column('run_id'),
  ];
}

function versionTags(db: Kysely<unknown>, dialect: Dialect) {
  return texts(db.schema.createTable('model_version_tags') as Table, ['name', 'key', 'value'])
    .addColumn('version', dialect.integer, (c) => c.notNull())
    .addPrimaryKeyConstraint('model_version_tags_key', ['name', 'version', 'key'])
    .modifyEnd(dialect.clustered);
}

function pairs(db: Kysely<unknown>, dialect: Dialect, { table, of }: { table: string; of: readonly string[] }) {
  return texts(db.schema.createTable(table) as Table, [...of, 'key', 'value'])
    .addPrimaryKeyConstraint(`${table}_key`, [...of, 'key'])
    .modifyEnd(dialect.clustered);
}

function texts(table: Table, columns: readonly string[]): Table {
  return columns.reduce((begun, column) => begun.addColumn(column, 'text', (c) => c.notNull()), table);
}

function times(table: Table, { integer }: Dialect): Table {
  return table
    .addColumn('creation_time', integer, (c) => c.notNull())
    .addColumn('last_updated_time', integer, (c) => c.notNull());
}
