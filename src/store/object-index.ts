import { type BigIntStats, closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { Digest } from '../base/brand.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { hexOf } from '../base/hash.ts';
import type { ObjectKind } from './layout.ts';

/**
 * Which objects were found whole, by their stat: an append-only file of fixed records, shared by all processes that
 * use the cache. A record is
 *
 *     0 mark (4) · 4 check (4) · 8 kind (8) · 16 digest (32) · 48 size (8) · 56 inode (8) · 64 mtime (8) · 72 ctime (8)
 *
 * little-endian, times in nanoseconds. A record cut off by a crash makes the ones behind it stand askew, so a reader
 * that finds no mark where it should be looks on byte by byte. A lost record costs one hashing, never a wrong answer.
 */
export interface ObjectIndex {
  /** Whether the object was found whole when it had this stat. */
  vouches(digest: Digest, kind: ObjectKind, stat: BigIntStats): boolean;
  /** Whether the object was ever found whole. */
  lists(digest: Digest, kind: ObjectKind): boolean;
  /** Remembers objects found whole; written by the next `save`. */
  record(digest: Digest, kind: ObjectKind, stat: BigIntStats): void;
  /** The same for a record that `encodeRecord` made, perhaps on another thread. */
  take(record: Uint8Array): void;
  /** Appends what was recorded. A cache that cannot be written to is no error: the records are lost. */
  save(): void;
}

export const RECORD = 80;
const MARK = 0x6a624f4c;

export function openObjectIndex(path: string): ObjectIndex {
  let table: Table | undefined;
  const load = (): Table => {
    table ??= readTable(path);
    return table;
  };
  const fresh: Uint8Array[] = [];
  const take = (record: Uint8Array): void => {
    table?.add(Buffer.from(record.buffer, record.byteOffset, record.length));
    fresh.push(record);
  };
  return {
    vouches(digest, kind, stat) {
      const wanted = encodeRecord(digest, kind, stat);
      return load().find(wanted)?.equals(wanted) ?? false;
    },
    lists: (digest, kind) => load().find(identify(digest, kind)) !== undefined,
    record: (digest, kind, stat) => take(encodeRecord(digest, kind, stat)),
    take,
    save() {
      if (fresh.length === 0) return;
      const records = Buffer.concat(fresh.splice(0));
      ignoringDenial(() => {
        mkdirSync(dirname(path), { recursive: true });
        append(path, records);
      });
    },
  };
}

/** Records by digest and kind: the bytes side by side, and slots that point into them, a tenth of what a Map takes. */
class Table {
  #records: Buffer;
  #count = 0;
  #slots: Int32Array;

  constructor(capacity: number) {
    this.#records = Buffer.alloc(Math.max(capacity, 64) * RECORD);
    this.#slots = slotsFor(this.#records.length / RECORD);
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): Buffer {
    return this.#records.subarray(0, this.#count * RECORD);
  }

  find(record: Buffer): Buffer | undefined {
    const at = this.#slots[this.#slotOf(record)] ?? -1;
    return at < 0 ? undefined : this.#at(at);
  }

  /** The newest record of an object stands for it. */
  add(record: Buffer): void {
    const slot = this.#slotOf(record);
    const at = this.#slots[slot] ?? -1;
    if (at >= 0) {
      record.copy(this.#records, at * RECORD);
      return;
    }
    if ((this.#count + 1) * RECORD > this.#records.length) this.#grow();
    record.copy(this.#records, this.#count * RECORD);
    this.#slots[this.#slotOf(record)] = this.#count;
    this.#count += 1;
  }

  #at(index: number): Buffer {
    return this.#records.subarray(index * RECORD, (index + 1) * RECORD);
  }

  #slotOf(record: Buffer): number {
    const mask = this.#slots.length - 1;
    let slot = record.readUInt32LE(16) & mask;
    for (;;) {
      const at = this.#slots[slot] ?? -1;
      if (at < 0 || record.compare(this.#records, at * RECORD + 8, at * RECORD + 48, 8, 48) === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #grow(): void {
    const larger = Buffer.alloc(this.#records.length * 2);
    this.#records.copy(larger);
    this.#records = larger;
    this.#slots = slotsFor(larger.length / RECORD);
    for (let index = 0; index < this.#count; index++) this.#slots[this.#slotOf(this.#at(index))] = index;
  }
}

function slotsFor(capacity: number): Int32Array {
  return new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2))).fill(-1);
}

function readTable(path: string): Table {
  const bytes = readIndex(path);
  const table = new Table(Math.floor(bytes.length / RECORD));
  let seen = 0;
  let at = 0;
  while (at + RECORD <= bytes.length) {
    if (bytes.readUInt32LE(at) === MARK && bytes.readUInt32LE(at + 4) === checkOf(bytes, at)) {
      table.add(bytes.subarray(at, at + RECORD));
      seen += 1;
      at += RECORD;
    } else {
      at += 1;
    }
  }
  if (seen > 1000 && seen > 2 * table.count) {
    ignoringDenial(() => writeFileAtomic(path, table.bytes, { durable: false }));
  }
  return table;
}

function readIndex(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES')) return Buffer.alloc(0);
    throw error;
  }
}

function identify(digest: Digest, kind: ObjectKind): Buffer {
  const record = Buffer.alloc(RECORD);
  record.writeUInt32LE(MARK, 0);
  record[8] = kind === 'tree' ? 1 : 0;
  record.write(hexOf(digest), 16, 'hex');
  return record;
}

export function encodeRecord(digest: Digest, kind: ObjectKind, stat: BigIntStats): Buffer {
  const record = identify(digest, kind);
  record.writeBigUInt64LE(stat.size, 48);
  record.writeBigUInt64LE(stat.ino, 56);
  record.writeBigInt64LE(stat.mtimeNs, 64);
  record.writeBigInt64LE(stat.ctimeNs, 72);
  record.writeUInt32LE(checkOf(record, 0), 4);
  return record;
}

/** FNV-1a over the record's words: enough to tell a record from half of one. */
function checkOf(bytes: Buffer, at: number): number {
  let check = 0x811c9dc5;
  for (let offset = at + 8; offset < at + RECORD; offset += 4) {
    check = Math.imul(check ^ bytes.readInt32LE(offset), 0x01000193);
  }
  return check >>> 0;
}

/** One write in append mode, so that records of several processes do not mix. */
function append(path: string, records: Buffer): void {
  const fd = openSync(path, 'a');
  try {
    writeSync(fd, records);
  } finally {
    closeSync(fd);
  }
}

function ignoringDenial(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (
      !(error instanceof LockstepError) &&
      !isErrno(error, 'EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT', 'ENOENT')
    ) {
      throw error;
    }
  }
}
