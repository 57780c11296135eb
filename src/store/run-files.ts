import { readdirSync, readFileSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { Digest } from '../base/brand.ts';
import { isErrno } from '../base/error.ts';
import { hexOf } from '../base/hash.ts';
import { isSealed, unseal } from './sealed.ts';

/** The run cache as files, as they go to other places and come from there. Keys begin with `runs/`. */
export interface RunFiles {
  keys(): readonly string[];
  has(key: string): boolean;
  fileOf(key: string): { readonly path: string; readonly size: number } | undefined;
  read(key: string): Uint8Array | undefined;
  /** What a record says, by its bytes; undefined for one that is damaged. */
  decode(bytes: Uint8Array): string | undefined;
  remove(key: string): void;
  /** False for what cannot be a record of a run by that key. */
  write(key: string, bytes: Uint8Array): boolean;
}

const KEY = {
  native: /^runs\/[0-9a-f]{2}\/[0-9a-f]{62}\.run$/,
  dvc: /^runs\/([0-9a-f]{2})\/\1[0-9a-f]{62}\/[0-9a-f]{64}$/,
} as const;

/** Where the run cache has what came of these inputs; the suffix keeps the name from looking like an object's. */
export function runFileKey(fingerprint: Digest): string {
  const hex = hexOf(fingerprint);
  return `runs/${hex.slice(0, 2)}/${hex.slice(2)}.run`;
}

export function openRunFiles(cacheDir: string, scheme: keyof typeof KEY): RunFiles {
  const at = (key: string) => join(cacheDir, key);
  const isKey = (key: string) => KEY[scheme].test(key);
  return {
    keys: () => namesBelow(cacheDir, 'runs').filter(isKey),
    has: (key) => statSync(at(key), { throwIfNoEntry: false }) !== undefined,
    fileOf: (key) => {
      const stat = statSync(at(key), { throwIfNoEntry: false });
      return stat === undefined ? undefined : { path: at(key), size: stat.size };
    },
    read: (key) => {
      try {
        return readFileSync(at(key));
      } catch (error) {
        if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
        throw error;
      }
    },
    decode: (bytes) => {
      const payload = scheme === 'native' ? unseal(bytes) : bytes;
      return payload === undefined ? undefined : new TextDecoder().decode(payload);
    },
    remove: (key) => {
      rmSync(at(key), { force: true });
      // DVC has a directory for each key.
      if (scheme === 'dvc') removeIfEmpty(dirname(at(key)));
    },
    write: (key, bytes) => {
      if (!isKey(key) || (scheme === 'native' && !isSealed(bytes))) return false;
      writeFileAtomic(at(key), bytes, { durable: false, doing: `cannot write to the cache ${cacheDir}` });
      return true;
    },
  };
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!isErrno(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) throw error;
  }
}

function namesBelow(directory: string, prefix: string): readonly string[] {
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(join(directory, prefix));
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const name = `${prefix}/${entry.name}`;
    return entry.isDirectory() ? namesBelow(directory, name) : [name];
  });
}

function readEntries(directory: string) {
  return readdirSync(directory, { withFileTypes: true });
}
