import { type RawBuilder, sql } from 'kysely';

/** What differs between the databases, as facts that the builders of statements read. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** A primary key that numbers the rows itself. */
  readonly rowNumber: 'integer' | 'bigserial';
  /** 64 bits. */
  readonly integer: 'integer' | 'bigint';
  readonly real: 'real' | 'double precision';
  /** Ends `create table`: rows are kept in the order of the primary key where the database can do that. */
  readonly clustered: RawBuilder<unknown>;
  /** Rows that one insert takes, largest first: in SQLite long statements cost more than they save, elsewhere trips do. */
  readonly insertSizes: readonly number[];
  /** After a text that is ordered: by its bytes, whatever the database's language is. */
  readonly byBytes: RawBuilder<unknown>;
}

export const SQLITE: Dialect = {
  name: 'sqlite',
  rowNumber: 'integer',
  integer: 'integer',
  real: 'real',
  clustered: sql`without rowid`,
  insertSizes: [64, 8, 1],
  byBytes: sql``,
};

export const POSTGRES: Dialect = {
  name: 'postgres',
  rowNumber: 'bigserial',
  integer: 'bigint',
  real: 'double precision',
  clustered: sql``,
  insertSizes: [512, 64, 8, 1],
  byBytes: sql` collate "C"`,
};
