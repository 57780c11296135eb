import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Transaction } from 'kysely';
import { temporaryName } from '../base/atomic-file.ts';
import type { Digest } from '../base/brand.ts';
import { RequestError } from '../tracking/request-error.ts';
import type { Database } from '../tracking/schema.ts';
import type { TrackingDatabase } from '../tracking/tracking-database.ts';
import { type ArtifactContent, type ArtifactContents, type ByteRange, directoryContents } from './artifact-contents.ts';
import { removeStale } from './stale-files.ts';

export interface StoredFile extends ArtifactContent {
  readonly path: string;
}

export interface ListedFile {
  /** Its name in the directory that was listed. */
  readonly name: string;
  /** Undefined for a directory. */
  readonly size: number | undefined;
}

/** Artifacts by path, checked before (`artifactPath`). Content is kept by its digest, so a path leads nowhere on disk. */
export interface ArtifactStore {
  /** Whole or not at all, and durable when it resolves. */
  put(path: string, content: AsyncIterable<Uint8Array>): Promise<StoredFile>;
  find(path: string): Promise<StoredFile | undefined>;
  open(file: StoredFile, range?: ByteRange): Promise<Readable>;
  /** One level, by name; nothing for a file or where nothing is. */
  list(path: string): Promise<readonly ListedFile[]>;
  /** A file, or a directory with all in it. Whether there was one. */
  remove(path: string): Promise<boolean>;
  /** The same as a part of something larger: the names go with `trx`, and `drop` is for afterwards. */
  forget(trx: Transaction<Database>, path: string): Promise<readonly string[]>;
  /** Removes content that no name is left of. */
  drop(digests: readonly string[]): Promise<void>;
}

export interface ArtifactStoreOptions {
  /** Where files come in, and where their content is kept as well unless `contents` says otherwise. */
  readonly directory: string;
  readonly contents?: ArtifactContents | undefined;
  readonly tracking: TrackingDatabase;
  readonly now: () => number;
  /** Whether something that may not change any more rests on this path or on what is below it. */
  readonly isPinned: (trx: Transaction<Database>, path: string) => Promise<boolean>;
}

export function openArtifactStore(options: ArtifactStoreOptions): ArtifactStore {
  const { directory, contents = directoryContents(directory), tracking, now, isPinned } = options;
  const incoming = join(directory, 'incoming');
  mkdirSync(incoming, { recursive: true, mode: 0o700 });
  removeStale(incoming, now());
  // Only after the names are gone for good: content without a name does no harm, a name without content does.
  const dropUnused = (digests: readonly string[]) =>
    tracking.write(async (trx) => {
      for (const digest of new Set(digests)) {
        const user = await trx
          .selectFrom('artifact_files')
          .where('digest', '=', digest)
          .select('path')
          .executeTakeFirst();
        if (user === undefined) await contents.drop(digest as Digest);
      }
    });
  const forget = async (trx: Transaction<Database>, path: string) => {
    const rows = [await rowOf(trx, path), ...(await below(trx, path).selectAll().execute())];
    const there = rows.filter((row) => row !== undefined);
    if (there.length === 0) return [];
    await refusePinned(isPinned(trx, path));
    await trx.deleteFrom('artifact_files').where('path', '=', path).execute();
    const [from, to] = rangeBelow(path);
    await trx.deleteFrom('artifact_files').where('path', '>=', from).where('path', '<', to).execute();
    return there.map(({ digest }) => digest);
  };
  // Writers wait for each other: nobody drops this content between the look at it and the row that holds it.
  const nameFile = async (trx: Transaction<Database>, file: StoredFile, temporary: string): Promise<Named> => {
    const { path, digest, size } = file;
    const before = await rowOf(trx, path);
    if (before?.digest === digest) return { do: 'go-on', replaced: undefined };
    await refusePinned(isPinned(trx, path));
    await refuseInTheWay(trx, path);
    if (!(await contents.settle(file, temporary))) return { do: 'send-again' };
    const row = { digest, size, stored_time: now() };
    await trx
      .insertInto('artifact_files')
      .values({ path, ...row })
      .onConflict((conflict) => conflict.column('path').doUpdateSet(row))
      .execute();
    return { do: 'go-on', replaced: before?.digest };
  };
  return {
    async put(path, content) {
      const temporary = join(incoming, temporaryName());
      try {
        const file = { path, ...(await receive(temporary, content)) };
        let named: Named;
        do {
          await contents.send(file, temporary);
          named = await tracking.write((trx) => nameFile(trx, file, temporary));
        } while (named.do === 'send-again');
        if (named.replaced !== undefined) await dropUnused([named.replaced]);
        return file;
      } finally {
        rmSync(temporary, { force: true });
      }
    },
    async find(path) {
      const row = await rowOf(tracking.db, path);
      return row === undefined ? undefined : { path, digest: row.digest as Digest, size: row.size };
    },
    open: (file, range) => contents.open(file, range),
    async list(path) {
      const rows = await below(tracking.db, path).select(['path', 'size']).orderBy('path').execute();
      const start = path === '' ? 0 : path.length + 1;
      const found = new Map<string, ListedFile>();
      for (const row of rows) {
        const [name = '', ...deeper] = row.path.slice(start).split('/');
        found.set(name, { name, size: deeper.length > 0 ? undefined : row.size });
      }
      return [...found.values()];
    },
    async remove(path) {
      const gone = await tracking.write((trx) => forget(trx, path));
      await dropUnused(gone);
      return gone.length > 0;
    },
    forget,
    drop: dropUnused,
  };
}

type Named = { readonly do: 'send-again' } | { readonly do: 'go-on'; readonly replaced: string | undefined };

type Connection = Pick<Transaction<Database>, 'selectFrom'>;

function rowOf(db: Connection, path: string) {
  return db.selectFrom('artifact_files').where('path', '=', path).selectAll().executeTakeFirst();
}

/** `0` is the character that follows the slash. */
function rangeBelow(path: string): readonly [from: string, to: string] {
  return path === '' ? ['', '\u{10ffff}'] : [`${path}/`, `${path}0`];
}

function below(db: Connection, path: string) {
  const [from, to] = rangeBelow(path);
  return db.selectFrom('artifact_files').where('path', '>=', from).where('path', '<', to);
}

/** Written in pieces of this size while the next one comes in and is hashed. */
const PIECE = 2 ** 20;

/** Content whole, on the disk and named by its digest. */
export async function receive(
  temporary: string,
  content: AsyncIterable<Uint8Array>,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  const handle = await open(temporary, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let size = 0;
    let held: Uint8Array[] = [];
    let heldSize = 0;
    let writing: Promise<void> = Promise.resolve();
    for await (const chunk of content) {
      held.push(chunk);
      heldSize += chunk.length;
      size += chunk.length;
      if (heldSize >= PIECE) {
        await writing;
        writing = writeAll(handle, held);
        // Awaited at the next piece; until then a failure must not count as unheard.
        writing.catch(() => {});
        [held, heldSize] = [[], 0];
      }
      hash.update(chunk);
    }
    await writing;
    await writeAll(handle, held);
    await handle.datasync();
    return { digest: `sha256:${hash.digest('hex')}` as Digest, size };
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  if (chunks.length === 0) return;
  const wanted = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const { bytesWritten } = await handle.writev(chunks);
  if (bytesWritten === wanted) return;
  // A full disk takes a part; writing the rest says why.
  const rest = Buffer.concat(chunks).subarray(bytesWritten);
  await handle.writeFile(rest);
}

async function refusePinned(pinned: Promise<boolean>): Promise<void> {
  if (!(await pinned)) return;
  throw new RequestError(
    'RESOURCE_CONFLICT',
    'These artifacts belong to a registered model version and do not change any more',
  );
}

/** What is downloaded must fit a directory: no name is a file and a directory at once. */
async function refuseInTheWay(trx: Transaction<Database>, path: string): Promise<void> {
  const parts = path.split('/');
  const above = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
  const file =
    above.length === 0
      ? undefined
      : await trx.selectFrom('artifact_files').where('path', 'in', above).select('path').executeTakeFirst();
  const inside = await below(trx, path).select('path').limit(1).executeTakeFirst();
  if (file === undefined && inside === undefined) return;
  throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path: a file cannot be a directory, too');
}
