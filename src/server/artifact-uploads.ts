import { randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryName } from '../base/atomic-file.ts';
import { hexOf } from '../base/hash.ts';
import { RequestError } from '../tracking/request-error.ts';
import { receive } from './artifact-store.ts';
import { removeStale } from './stale-files.ts';

export interface Part {
  readonly number: number;
  /** What `putPart` gave. */
  readonly etag: string;
}

/** Files that come in several requests. Their parts wait on disk, so an upload outlives the server that began it. */
export interface ArtifactUploads {
  /** The upload's id, which nobody can guess. */
  begin(upload: { readonly path: string; readonly count: number }): string;
  /** Replaces a part of the same number; gives its entity tag. */
  putPart(id: string, number: number, content: AsyncIterable<Uint8Array>): Promise<string>;
  /** Throws unless these are all of its parts, each as it was sent, and the upload is one to that path. */
  content(upload: {
    readonly id: string;
    readonly path: string;
    readonly parts: readonly Part[];
  }): AsyncIterable<Buffer>;
  end(id: string, path: string): void;
}

export function openUploads(directory: string, now: () => number): ArtifactUploads {
  const placeOf = (id: string) => {
    const place = join(directory, id);
    if (/^[0-9a-f]{32}$/.test(id) && targetOf(place) !== undefined) return place;
    throw new RequestError('RESOURCE_DOES_NOT_EXIST', 'There is no such upload');
  };
  const checked = (id: string, path: string) => {
    const place = placeOf(id);
    const target = targetOf(place);
    if (target?.path === path) return { place, count: target.count };
    throw new RequestError('INVALID_PARAMETER_VALUE', 'This upload was begun for another path');
  };
  return {
    begin({ path, count }) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      removeStale(directory, now());
      const id = randomBytes(16).toString('hex');
      mkdirSync(join(directory, id), { mode: 0o700 });
      writeFileSync(join(directory, id, TARGET), `${count} ${path}`, { mode: 0o600 });
      return id;
    },
    async putPart(id, number, content) {
      const place = placeOf(id);
      const temporary = join(place, temporaryName());
      try {
        const { digest } = await receive(temporary, content);
        const earlier = partsIn(place).get(number);
        renameSync(temporary, join(place, `${number}-${hexOf(digest)}`));
        if (earlier !== undefined && earlier !== hexOf(digest)) rmSync(join(place, `${number}-${earlier}`));
        return `"${hexOf(digest)}"`;
      } finally {
        rmSync(temporary, { force: true });
      }
    },
    content({ id, path, parts }) {
      const { place, count } = checked(id, path);
      if (parts.length !== count) {
        throw new RequestError('INVALID_PARAMETER_VALUE', `The upload has ${count} parts, not ${parts.length}`);
      }
      const there = partsIn(place);
      const files = [...parts]
        .sort((a, b) => a.number - b.number)
        .map(({ number, etag }, i) => {
          const hex = there.get(number);
          if (number === i + 1 && hex !== undefined && etag.replaceAll('"', '') === hex) return `${number}-${hex}`;
          throw new RequestError('INVALID_PARAMETER_VALUE', `Part ${i + 1} of the upload is not the one that was sent`);
        });
      return joined(files.map((file) => join(place, file)));
    },
    end(id, path) {
      rmSync(checked(id, path).place, { recursive: true, force: true });
    },
  };
}

/** Holds how many parts there will be, and the path that the upload is for. */
const TARGET = 'target';

function targetOf(place: string): { readonly count: number; readonly path: string } | undefined {
  try {
    const [, count, path = ''] = /^(\d+) (.*)$/s.exec(readFileSync(join(place, TARGET), 'utf8')) ?? [];
    return { count: Number(count), path };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The digests of the parts by their numbers. */
function partsIn(place: string): ReadonlyMap<number, string> {
  const names = readdirSync(place).map((name) => /^(\d+)-([0-9a-f]{64})$/.exec(name));
  return new Map(names.flatMap((found) => (found === null ? [] : [[Number(found[1]), found[2] ?? '']])));
}

async function* joined(files: readonly string[]): AsyncGenerator<Buffer> {
  for (const file of files) yield* createReadStream(file, { highWaterMark: 2 ** 20 });
}
