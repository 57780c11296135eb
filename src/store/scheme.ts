import { decodeDvcTree, encodeDvcTree } from './dvc-tree.ts';
import { decodeTree, encodeTree, type TreeEntry } from './tree.ts';

/** Whose objects a cache holds. */
export type SchemeName = 'native' | 'dvc';

/** What objects are called and how a directory is listed, by lockstep's own rules or by DVC's. */
export interface Scheme {
  readonly algorithm: 'sha256' | 'md5';
  /** Bytes of a digest. */
  readonly width: number;
  /** Behind the name of a directory's listing. */
  readonly suffix: string;
  /** Whether a listing knows links, executable files and empty directories; else links are followed, the rest is lost. */
  readonly keepsKinds: boolean;
  encode(entries: readonly TreeEntry[]): string;
  /** Undefined when the text is not a listing; never throws. */
  decode(text: string): readonly TreeEntry[] | undefined;
}

export const SCHEMES: Readonly<Record<SchemeName, Scheme>> = {
  native: {
    algorithm: 'sha256',
    width: 32,
    suffix: '.tree',
    keepsKinds: true,
    encode: encodeTree,
    decode: decodeTree,
  },
  dvc: {
    algorithm: 'md5',
    width: 16,
    suffix: '.dir',
    keepsKinds: false,
    encode: encodeDvcTree,
    decode: decodeDvcTree,
  },
};
