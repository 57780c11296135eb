import { DVC_IGNORE_FILE } from './dvc-ignore.ts';
import { decodeDvcTree, encodeDvcTree } from './dvc-tree.ts';
import { type DvcPlaces, dvcLayoutOf, type Layout, layoutOf } from './layout.ts';
import { decodeTree, encodeTree, type TreeEntry } from './tree.ts';

/** How content is named and kept: all in which lockstep's own cache and DVC's differ. */
export interface Scheme {
  readonly layout: Layout;
  /** The text of a listing. */
  encode(entries: readonly TreeEntry[]): string;
  /** Undefined when the text is not a listing, or names what is not in the directory; never throws. */
  decode(text: string): readonly TreeEntry[] | undefined;
  readonly directories: DirectoryTraits;
}

/** What of a directory is its content. */
export interface DirectoryTraits {
  /**
   * Whether it is its files and nothing else: a link to a file is that file, while links to directories, empty
   * directories and executable bits do not count.
   */
  readonly onlyFiles: boolean;
  /** Names that are passed over. */
  readonly litter: ReadonlySet<string>;
  /** Names of files that cannot stand in a directory that is content. */
  readonly refused: ReadonlySet<string>;
}

/**
 * What interpreters and desktops leave behind in any directory they look into. Counted as content, it would make every
 * stage whose dep is a directory of Python modules change its own input by importing them.
 */
const LITTER: ReadonlySet<string> = new Set(['__pycache__', '.ipynb_checkpoints', '.DS_Store']);

export function nativeScheme(cacheDir: string): Scheme {
  return {
    layout: layoutOf(cacheDir),
    encode: encodeTree,
    decode: decodeTree,
    directories: { onlyFiles: false, litter: LITTER, refused: new Set() },
  };
}

/** What DVC and lockstep write for the same data are the same files. */
export function dvcScheme(places: DvcPlaces): Scheme {
  return {
    layout: dvcLayoutOf(places),
    encode: encodeDvcTree,
    decode: decodeDvcTree,
    directories: { onlyFiles: true, litter: new Set(), refused: new Set([DVC_IGNORE_FILE]) },
  };
}

/** A listing by its text, for whoever has no cache at hand. */
export function decodeListing(name: 'native' | 'dvc', text: string): readonly TreeEntry[] | undefined {
  return name === 'dvc' ? decodeDvcTree(text) : decodeTree(text);
}
