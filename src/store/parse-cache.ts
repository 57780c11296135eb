import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, LockstepError } from '../base/error.ts';
import { digestOf, hexOf } from '../base/hash.ts';
import { readSealed, writeSealed } from './sealed.ts';

/** What was made of a text, by the text: parsing thousands of lines of YAML takes longer than all else a command does. */
export interface ParseCache {
  /** Undefined when unknown. The caller checks the shape: `kind` names what was made and its version, `lock/1`. */
  get(kind: string, text: string): unknown;
  /** The value must survive JSON. */
  set(kind: string, text: string, value: unknown): void;
}

const KEEP = 200;

export function openParseCache(tmpDir: string): ParseCache {
  const folder = join(tmpDir, 'parsed');
  let pruned = false;
  const fileOf = (kind: string, text: string): string => join(folder, `${hexOf(digestOf(`${kind}\0${text}`))}.json`);
  return {
    get(kind, text) {
      const payload = readSealed(fileOf(kind, text));
      return payload === undefined ? undefined : JSON.parse(payload.toString());
    },
    set(kind, text, value) {
      try {
        if (!pruned) prune(folder);
        pruned = true;
        writeSealed(fileOf(kind, text), Buffer.from(JSON.stringify(value)));
      } catch (error) {
        // Where nothing can be written, everything is parsed each time.
        if (!(error instanceof LockstepError)) throw error;
      }
    },
  };
}

function prune(folder: string): void {
  const names = namesIn(folder);
  if (names.length < KEEP) return;
  const dated = names.map((name) => {
    const path = join(folder, name);
    return { path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 };
  });
  dated.sort((a, b) => b.time - a.time);
  for (const { path } of dated.slice(KEEP - 1)) rmSync(path, { force: true });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}
