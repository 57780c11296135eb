import { hashSync } from 'hasha';
import type { Digest } from './brand.ts';

/** What a digest is made by; md5 is what DVC's files name their data by. */
export type Algorithm = 'sha256' | 'md5';

/** The digest of a text's UTF-8 bytes, or of some bytes at hand. */
export function digestOf(data: string | Uint8Array, algorithm: Algorithm = 'sha256'): Digest {
  return `${algorithm}:${hashSync(data, { algorithm })}` as Digest;
}

/** The hex part of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1);
}

export function algorithmOf(digest: Digest): Algorithm {
  return digest.startsWith('md5:') ? 'md5' : 'sha256';
}

const DIGEST = /^(sha256:[0-9a-f]{64}|md5:[0-9a-f]{32})$/;

export function isDigest(text: string): text is Digest {
  return DIGEST.test(text);
}
