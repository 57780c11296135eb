import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../dialect.ts';

/** What the server keeps for itself: which content each artifact path names, and who may come in. */
export function addServer(db: Kysely<unknown>, dialect: Dialect): readonly string[] {
  // Paths are listed as ranges, which are what they seem only in the order of bytes.
  const path = sql`text${dialect.byBytes}`;
  const files = db.schema
    .createTable('artifact_files')
    .addColumn('path', path, (c) => c.primaryKey().notNull())
    .addColumn('digest', 'text', (c) => c.notNull())
    .addColumn('size', dialect.integer, (c) => c.notNull())
    .addColumn('stored_time', dialect.integer, (c) => c.notNull());
  const tokens = db.schema
    .createTable('access_tokens')
    .addColumn('token_id', 'text', (c) => c.primaryKey().notNull())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('secret_digest', 'text', (c) => c.notNull())
    .addColumn('creation_time', dialect.integer, (c) => c.notNull());
  return [
    files.modifyEnd(dialect.clustered).compile().sql,
    db.schema.createIndex('artifact_files_by_digest').on('artifact_files').column('digest').compile().sql,
    tokens.compile().sql,
  ];
}
