import type { Kysely } from 'kysely';
import type { Dialect } from '../dialect.ts';

/** What a version of a model came from and how far it is from the one before; who changed stages and aliases. */
export function addVersionProvenance(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const provenance = db.schema
    .createTable('model_version_provenance')
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('version', dialect.integer, (c) => c.notNull())
    .addColumn('semantic_version', 'text', (c) => c.notNull())
    .addColumn('bump', 'text')
    .addColumn('proposed', 'text')
    .addColumn('reasons', 'text', (c) => c.notNull())
    .addColumn('run_id', 'text', (c) => c.notNull())
    .addColumn('lineage', 'text', (c) => c.notNull())
    .addColumn('files', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('model_version_provenance_key', ['name', 'version']);
  return [provenance, db.schema.alterTable('model_history').addColumn('who', 'text')].map(
    (statement) => statement.compile().sql,
  );
}
