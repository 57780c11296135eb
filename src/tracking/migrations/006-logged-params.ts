import type { Kysely } from 'kysely';
import type { Dialect } from '../dialect.ts';

/** What a script logged as a param where its pipeline declares another value: neither may take the other's place. */
export function addLoggedParams(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  const table = db.schema
    .createTable('logged_params')
    .addColumn('run', dialect.integer, (c) => c.notNull().references('runs.run').onDelete('cascade'))
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('logged_params_key', ['run', 'key']);
  return [table.modifyEnd(dialect.clustered).compile().sql];
}
