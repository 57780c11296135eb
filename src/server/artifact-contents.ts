import { constants, linkSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Digest } from '../base/brand.ts';
import { hexOf } from '../base/hash.ts';

/** What a file holds. */
export interface ArtifactContent {
  readonly digest: Digest;
  readonly size: number;
}

/** Bytes from one to another of a file; both ends count. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The content of artifacts by its digest, each once. What is there is whole, and stays when the machine goes down. */
export interface ArtifactContents {
  /** Brings a file that has come in whole to where it belongs, if that takes long. */
  send(content: ArtifactContent, file: string): Promise<void>;
  /** Asked while nobody drops anything: sees to it that the content is there. False if it has to be sent again. */
  settle(content: ArtifactContent, file: string): Promise<boolean>;
  open(content: ArtifactContent, range?: ByteRange): Promise<Readable>;
  /** Nothing there is as good as dropped. */
  drop(digest: Digest): Promise<void>;
}

/** Where content is below its root. */
export function contentKey(digest: Digest): string {
  const hex = hexOf(digest);
  return `sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
}

/** In a directory of the file system that the files come in on. */
export function directoryContents(directory: string): ArtifactContents {
  const placeOf = (digest: Digest) => join(directory, contentKey(digest));
  return {
    async send() {
      // Giving it its name takes no time.
    },
    async settle({ digest }, file) {
      nameFile(file, placeOf(digest));
      return true;
    },
    async open({ digest }, range) {
      // A link in place of an object is nobody's work but an intruder's.
      const handle = await open(placeOf(digest), constants.O_RDONLY | constants.O_NOFOLLOW);
      return handle.createReadStream({ ...range, highWaterMark: 2 ** 19 });
    },
    async drop(digest) {
      rmSync(placeOf(digest), { force: true });
    },
  };
}

function nameFile(temporary: string, object: string): void {
  mkdirSync(dirname(object), { recursive: true, mode: 0o700 });
  try {
    // The same content is there already, or this is it.
    linkSync(temporary, object);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') return;
    renameSync(temporary, object);
  }
}
