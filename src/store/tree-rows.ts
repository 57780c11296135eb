import type { BigIntStats } from 'node:fs';
import type { Digest } from '../base/brand.ts';
import { type Algorithm, hexOf } from '../base/hash.ts';
import { digestAt } from './digest-bytes.ts';
import { racyLimit } from './file-stat.ts';

/**
 * What was found below a directory, in the order of the walk: paths beside rows of fixed size, 70,000 of which take
 * 5 MB where as many objects with bigints would take 40. A row is
 *
 *     0 mtime (8) · 8 ctime (8) · 16 inode (8) · 24 size (8) · 32 mode (4) · 36 flags (4) · 40 digest (32)
 */
export class TreeRows {
  readonly paths: string[];
  readonly #algorithm: Algorithm;
  #bytes: Buffer;
  #words: Uint32Array;
  /** Map from path to row, made when the order of a walk turns out to differ. */
  #places: Map<string, number> | undefined;

  constructor(algorithm: Algorithm, paths: string[] = [], bytes: Buffer = Buffer.alloc(64 * ROW)) {
    this.#algorithm = algorithm;
    this.paths = paths;
    this.#bytes = bytes;
    this.#words = wordsOf(bytes);
  }

  get count(): number {
    return this.paths.length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.count * ROW);
  }

  push(path: string, stat: BigIntStats): number {
    const row = this.paths.push(path) - 1;
    if (this.count * ROW > this.#bytes.length) this.#grow();
    this.setStat(row, stat);
    return row;
  }

  setStat(row: number, stat: BigIntStats): void {
    loadScratch(stat);
    this.#words.set(scratchWords, row * WORDS);
  }

  /** Whether the row was made of this very stat. */
  matches(row: number, stat: BigIntStats): boolean {
    loadScratch(stat);
    const at = row * WORDS;
    for (let word = 0; word < STAT_WORDS; word++) {
      if (this.#words[at + word] !== scratchWords[word]) return false;
    }
    return true;
  }

  /** The row of a path, looked for first at the place where an unchanged walk would have it. */
  find(path: string, expected: number): number | undefined {
    if (this.paths[expected] === path) return expected;
    this.#places ??= new Map(this.paths.map((known, row) => [known, row]));
    return this.#places.get(path);
  }

  /** Whether the stat vouches for the digest. */
  isTrusted(row: number): boolean {
    return ((this.#words[row * WORDS + FLAGS] ?? 0) & TRUSTED) !== 0;
  }

  digestOf(row: number): Digest | null {
    if (((this.#words[row * WORDS + FLAGS] ?? 0) & HAS_DIGEST) === 0) return null;
    const at = row * ROW + DIGEST;
    return digestAt(this.#bytes, at, this.#algorithm);
  }

  setDigest(row: number, digest: Digest | null, options: { readonly trusted: boolean }): void {
    this.#words[row * WORDS + FLAGS] = (digest === null ? 0 : HAS_DIGEST) | (options.trusted ? TRUSTED : 0);
    if (digest !== null) this.#bytes.write(hexOf(digest), row * ROW + DIGEST, 'hex');
  }

  /** For a digest as bytes; see setDigest. */
  setHash(row: number, hash: Uint8Array, options: { readonly trusted: boolean }): void {
    this.#words[row * WORDS + FLAGS] = HAS_DIGEST | (options.trusted ? TRUSTED : 0);
    this.#bytes.set(hash, row * ROW + DIGEST);
  }

  /** Whether a change made after `since` could hide behind the row's stat (see isRacy). */
  isRacy(row: number, since: number): boolean {
    const limit = racyLimit(since);
    return this.#bytes.readBigInt64LE(row * ROW) >= limit || this.#bytes.readBigInt64LE(row * ROW + 8) >= limit;
  }

  copyDigest(row: number, from: TreeRows, fromRow: number): void {
    this.#words[row * WORDS + FLAGS] = from.#words[fromRow * WORDS + FLAGS] ?? 0;
    from.#bytes.copy(this.#bytes, row * ROW + DIGEST, fromRow * ROW + DIGEST, (fromRow + 1) * ROW);
  }

  sizeOf(row: number): number {
    return Number(this.#bytes.readBigUInt64LE(row * ROW + 24));
  }

  isExecutable(row: number): boolean {
    return (this.#bytes.readUInt32LE(row * ROW + 32) & 0o100) !== 0;
  }

  #grow(): void {
    const larger = Buffer.alloc(this.#bytes.length * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
    this.#words = wordsOf(larger);
  }
}

export const ROW = 72;
const WORDS = ROW / 4;
const STAT_WORDS = 9;
const FLAGS = 9;
const DIGEST = 40;
const TRUSTED = 1;
const HAS_DIGEST = 2;

/** A stat's numbers as words, written here so that comparing them makes no garbage. */
const scratch = new ArrayBuffer(40);
const scratchLongs = new BigInt64Array(scratch);
const scratchWords = new Uint32Array(scratch);

function loadScratch(stat: BigIntStats): void {
  scratchLongs[0] = stat.mtimeNs;
  scratchLongs[1] = stat.ctimeNs;
  scratchLongs[2] = stat.ino;
  scratchLongs[3] = stat.size;
  scratchLongs[4] = stat.mode;
}

function wordsOf(bytes: Buffer): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
}
