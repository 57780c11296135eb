import type { Digest } from '../base/brand.ts';
import type { Algorithm } from '../base/hash.ts';

/** Bytes that a digest has in tables of fixed rows; shorter ones are filled up with zeros. */
export const DIGEST_BYTES = 32;

const LENGTH: Readonly<Record<Algorithm, number>> = { sha256: 32, md5: 16 };

/** The digest that stands at a place among bytes. */
export function digestAt(bytes: Uint8Array, at: number, algorithm: Algorithm): Digest {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset + at, LENGTH[algorithm]).toString('hex');
  return `${algorithm}:${hex}` as Digest;
}
