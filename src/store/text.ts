import { closeSync, openSync, readSync } from 'node:fs';

const LOOKED_AT = 512;
const TAB_TO_RETURN: ReadonlySet<number> = new Set([8, 9, 10, 12, 13]);

/** Whether DVC takes bytes for text, by how they begin. */
export function isText(bytes: Buffer): boolean {
  const start = bytes.subarray(0, LOOKED_AT);
  if (start.includes(0)) return false;
  let others = 0;
  for (const byte of start) if (!((byte >= 32 && byte < 127) || TAB_TO_RETURN.has(byte))) others += 1;
  return others <= 0.3 * start.length;
}

export function isTextFile(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const start = Buffer.alloc(LOOKED_AT);
    return isText(start.subarray(0, readSync(fd, start, 0, LOOKED_AT, 0)));
  } finally {
    closeSync(fd);
  }
}
