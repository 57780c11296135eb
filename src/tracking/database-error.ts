import { LockstepError } from '../base/error.ts';

/** What better-sqlite3 threw, as a stoppage that names the file and the way out; anything else as it is. */
export function explainDatabaseError(error: unknown, file: string): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  if (code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_CORRUPT')) return corrupt(file, error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new LockstepError('busy', `${file} is locked by another process`, {
      hint: 'try again when it is done; lsof shows who has the file open',
      cause: error,
    });
  }
  if (DISK_CODES.some((prefix) => code.startsWith(prefix))) {
    return new LockstepError('disk', `${file} cannot be read or written: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return error;
}

const DISK_CODES = ['SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_CANTOPEN', 'SQLITE_READONLY', 'SQLITE_PERM'];

function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

function corrupt(file: string, cause: unknown): LockstepError {
  return new LockstepError('corrupt-database', `${file} is damaged: ${(cause as Error).message}`, {
    hint: `${moveAside(file)} and run again: the pipeline does not need it, only the history of runs is in there`,
    cause,
  });
}

export function newerSchema(file: string, versions: { readonly found: number; readonly known: number }): LockstepError {
  const { found, known } = versions;
  return new LockstepError('corrupt-database', `${file} has schema ${found}, this lockstep knows up to ${known}`, {
    hint: `a newer lockstep wrote it: update this one, or ${moveAside(file)} to begin a new history`,
  });
}

export function foreignDatabase(file: string): LockstepError {
  return new LockstepError('corrupt-database', `${file} is a database of another program`, {
    hint: `${moveAside(file)} to begin a new history of runs`,
  });
}

/** Only the database: SQLite itself drops a journal that it finds beside a new, empty one. */
function moveAside(file: string): string {
  const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
  return `move it aside (mv ${quote(file)} ${quote(`${file}.old`)})`;
}
