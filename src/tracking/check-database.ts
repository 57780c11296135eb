import { existsSync } from 'node:fs';
import SqliteFile from 'better-sqlite3';

/** What is wrong with a database file, in SQLite's words; null where all is well, or nothing is there. */
export function checkDatabase(file: string): string | null {
  if (!existsSync(file)) return null;
  let sqlite: SqliteFile.Database | undefined;
  try {
    sqlite = new SqliteFile(file, { readonly: true, timeout: 10_000 });
    const rows = sqlite.pragma('quick_check') as readonly { readonly quick_check: string }[];
    const said = rows.map(({ quick_check }) => quick_check).filter((text) => text !== 'ok');
    return said.length === 0 ? null : said.join('; ');
  } catch (error) {
    if (error instanceof SqliteFile.SqliteError && /CORRUPT|NOTADB|IOERR/.test(error.code)) return error.message;
    throw error;
  } finally {
    sqlite?.close();
  }
}
