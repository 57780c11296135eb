import { readFileSync } from 'node:fs';
import { hashSync } from 'hasha';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';

/** Bytes of the checksum in front. */
const SEAL = 32;

/**
 * A file of something that can be rebuilt: its SHA-256, then its bytes. Half a file, or another version's, is as good
 * as none, which is why it need not be synced. `doing` is what an error says could not be done.
 */
export function writeSealed(path: string, payload: Uint8Array, doing?: string): void {
  writeFileAtomic(path, Buffer.concat([checksum(payload), payload]), { durable: false, ...(doing && { doing }) });
}

/** For what only saves work: where it cannot be written, the work is done again. */
export function writeSealedIfPossible(path: string, payload: Uint8Array): void {
  try {
    writeSealed(path, payload);
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
  }
}

/** Undefined when missing or damaged. */
export function readSealed(path: string): Buffer | undefined {
  const bytes = readIfThere(path);
  return bytes === undefined ? undefined : unseal(bytes);
}

export function unseal<Bytes extends Uint8Array>(bytes: Bytes): Bytes | undefined {
  return isSealed(bytes) ? (bytes.subarray(SEAL) as Bytes) : undefined;
}

/** Whether the checksum in front is that of the rest. */
export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= SEAL && Buffer.compare(bytes.subarray(0, SEAL), checksum(bytes.subarray(SEAL))) === 0;
}

function checksum(payload: Uint8Array): Uint8Array {
  return hashSync(payload, { algorithm: 'sha256', encoding: 'buffer' });
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR', 'EIO')) return undefined;
    throw error;
  }
}
