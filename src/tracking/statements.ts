import { CompiledQuery, type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Dialect } from './dialect.ts';
import type { Database } from './schema.ts';

/** Texts of inserts by table, columns and number of rows: making one for many rows takes longer than executing it. */
const texts = new Map<string, string>();

export interface Rows {
  readonly table: keyof Database;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** Ends the statement: what becomes of rows that are there. */
  readonly conflict: RawBuilder<unknown>;
}

export async function insertRows(db: Kysely<Database>, dialect: Dialect, insert: Rows): Promise<void> {
  let from = 0;
  for (const size of dialect.insertSizes) {
    for (; insert.rows.length - from >= size; from += size) {
      const values = insert.rows.slice(from, from + size).flat();
      await db.executeQuery(CompiledQuery.raw(insertText(db, { ...insert, dialect, size }), values));
    }
  }
}

function insertText(
  db: Kysely<Database>,
  {
    table,
    columns,
    conflict,
    dialect,
    size,
  }: Omit<Rows, 'rows'> & { readonly dialect: Dialect; readonly size: number },
): string {
  const key = [dialect.name, table, size, ...columns].join(' ');
  const known = texts.get(key);
  if (known !== undefined) return known;
  const row = sql`(${sql.join(columns.map(() => sql.val(null)))})`;
  const list = sql.join(columns.map((column) => sql.ref(column)));
  const rows = sql.join(Array.from({ length: size }, () => row));
  const text = sql`insert into ${sql.table(table)} (${list}) values ${rows} ${conflict}`.compile(db).sql;
  texts.set(key, text);
  return text;
}

export const KEEP_FIRST = sql`on conflict do nothing`;

/** One parameter however many values, so that the statement's text is always the same. */
export function isAnyOf(
  dialect: Dialect,
  column: RawBuilder<unknown>,
  values: readonly (string | number)[],
): RawBuilder<SqlBool> {
  if (values.length === 0) return sql`1 = 0`;
  if (dialect.name === 'sqlite') return sql`${column} in (select value from json_each(${JSON.stringify(values)}))`;
  const type = typeof values[0] === 'number' ? sql`bigint[]` : sql`text[]`;
  return sql`${column} = any(${values}::${type})`;
}
