import { closeSync, openSync, readSync } from 'node:fs';
import { hashingStream } from 'hasha';
import type { Digest } from '../base/brand.ts';

/** DVC decides for each piece of this size anew whether it is text. */
const PIECE = 1024 * 1024;
const LOOKED_AT = 512;
const TAB_TO_RETURN: ReadonlySet<number> = new Set([8, 9, 10, 12, 13]);

/** The MD5 that DVC before 3.0 named a file by: that of a text is taken as if its lines ended in line feeds. */
export function hashAsBeforeDvc3(path: string): Digest {
  const hash = hashingStream({ algorithm: 'md5' });
  const piece = Buffer.allocUnsafeSlow(PIECE);
  const fd = openSync(path, 'r');
  try {
    for (let length = fill(fd, piece); length > 0; length = fill(fd, piece)) {
      const bytes = piece.subarray(0, length);
      hash.update(isText(bytes) ? withLineFeeds(bytes) : bytes);
    }
  } finally {
    closeSync(fd);
  }
  return `md5:${hash.digest('hex')}` as Digest;
}

function fill(fd: number, piece: Buffer): number {
  let length = 0;
  while (length < PIECE) {
    const read = readSync(fd, piece, length, PIECE - length, null);
    if (read === 0) break;
    length += read;
  }
  return length;
}

function isText(bytes: Buffer): boolean {
  const start = bytes.subarray(0, LOOKED_AT);
  if (start.includes(0)) return false;
  let others = 0;
  for (const byte of start) if (!((byte >= 32 && byte < 127) || TAB_TO_RETURN.has(byte))) others += 1;
  return others <= 0.3 * start.length;
}

function withLineFeeds(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}
