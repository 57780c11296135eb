import { rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { diskError } from '../base/atomic-file.ts';
import type { Sink } from './hash-file.ts';
import type { Layout } from './layout.ts';

/** A temporary file in the cache that becomes an object, filled while its bytes are hashed. */
export interface LargeObject extends Sink {
  readonly path: string;
  /** Closes the file; the bytes may still be on their way to the disk. */
  finish(): Promise<void>;
  discard(): Promise<void>;
}

/** Bytes after which the disk is set to work, so that the sync at the end finds little left to do. */
const WRITEBACK = 32 * 1024 * 1024;

export async function openLargeObject(path: string, { modes, cacheDir }: Layout): Promise<LargeObject> {
  const doing = `cannot write to the cache ${cacheDir}`;
  let file: FileHandle;
  try {
    file = await open(path, 'wx', modes.object);
    if (modes.exact) await file.chmod(modes.object);
  } catch (error) {
    throw diskError(error, doing);
  }
  let unsynced = 0;
  let syncing: Promise<void> | undefined;
  return {
    path,
    async write(chunk) {
      try {
        await writeWhole(file, chunk);
      } catch (error) {
        throw diskError(error, doing);
      }
      unsynced += chunk.length;
      if (unsynced < WRITEBACK || syncing !== undefined) return;
      unsynced = 0;
      // A failure shows again, and is reported, in the sync that decides.
      syncing = file
        .datasync()
        .catch(() => undefined)
        .finally(() => {
          syncing = undefined;
        });
    },
    async finish() {
      await syncing;
      await file.close();
    },
    async discard() {
      await syncing;
      await file.close();
      rmSync(path, { force: true });
    },
  };
}

async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) written += (await file.write(chunk, written)).bytesWritten;
}
