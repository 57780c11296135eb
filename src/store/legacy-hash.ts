import { closeSync, openSync, readSync } from 'node:fs';
import { hashingStream } from 'hasha';
import type { Digest } from '../base/brand.ts';
import { isText } from './text.ts';

/** DVC decides for each piece of this size anew whether it is text. */
const PIECE = 1024 * 1024;

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

function withLineFeeds(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}
