import { join } from 'node:path';
import { digestOf, hexOf } from '../base/hash.ts';
import { keepNewest } from './prune.ts';
import { readSealed, writeSealedIfPossible } from './sealed.ts';

/** What was made of a text, by the text: parsing thousands of lines of YAML takes longer than all else a command does. */
export interface ParseCache {
  /** Undefined when unknown. The caller checks the shape: `kind` names what was made and its version, `lock/1`. */
  get(kind: string, text: string): unknown;
  /** The value must survive JSON. */
  set(kind: string, text: string, value: unknown): void;
}

/** More than the pipeline, lock and params files of a large project: what is dropped is parsed again each time. */
const KEEP = 2000;

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
      writeSealedIfPossible(fileOf(kind, text), Buffer.from(JSON.stringify(value)));
      if (!pruned) keepNewest(folder, KEEP);
      pruned = true;
    },
  };
}
