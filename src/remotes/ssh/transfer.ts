import { open } from 'node:fs/promises';
import { forEachBounded } from '../bounded.ts';
import type { Sending } from '../remote.ts';
import { requestFault, type Session } from './session.ts';

/** Bytes of one request, and how many are under way for one file: as many bytes may be on a long line. */
const PIECE = 128 * 1024;
const AHEAD = 16;

interface Opened {
  readonly handle: Buffer;
  readonly size: number;
  readonly key: string;
}

/** The bytes in their order. Asks for what comes next while what came is being used, so that a long line is full. */
export async function* piecesOf(session: Session, { handle, size, key }: Opened): AsyncGenerator<Buffer, void> {
  const coming: Promise<Buffer>[] = [];
  let asked = 0;
  try {
    for (;;) {
      for (; asked < size && coming.length < AHEAD; asked += PIECE) {
        const piece = pieceOf(session, handle, [asked, Math.min(size, asked + PIECE)]);
        // It is waited for only in its turn.
        piece.catch(() => undefined);
        coming.push(piece);
      }
      const next = coming.shift();
      if (next === undefined) return;
      yield await next;
    }
  } catch (error) {
    throw requestFault(error, `${key} broke off`);
  } finally {
    await session.ask((sftp, done) => sftp.close(handle, done)).catch(() => undefined);
  }
}

/** A server may give fewer bytes than it was asked for. */
async function pieceOf(session: Session, handle: Buffer, [from, to]: readonly [number, number]): Promise<Buffer> {
  const piece = Buffer.allocUnsafe(to - from);
  let had = 0;
  while (had < piece.length) {
    had += await session.ask<number>((sftp, done) =>
      sftp.read(handle, piece, had, piece.length - had, from + had, done),
    );
  }
  return piece;
}

export async function sendPieces(session: Session, handle: Buffer, { path, size, signal }: Sending): Promise<void> {
  const file = await open(path);
  function* places(): Generator<number, void> {
    for (let place = 0; place < size; place += PIECE) yield place;
  }
  try {
    await forEachBounded(places(), { jobs: AHEAD, signal }, async (place) => {
      const length = Math.min(PIECE, size - place);
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, place);
      await session.ask((sftp, done) => sftp.write(handle, buffer, 0, bytesRead, place, done));
    });
    signal.throwIfAborted();
  } finally {
    await file.close();
  }
}
