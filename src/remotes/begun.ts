import { Readable } from 'node:stream';

/**
 * A stream of which the first bytes have come, so that an object that is not there is missing before anything is read
 * of it. What goes wrong with it later is translated, too.
 */
export async function begun(
  stream: AsyncIterable<Uint8Array>,
  faultOf: (error: unknown) => unknown,
): Promise<Readable> {
  const pieces = stream[Symbol.asyncIterator]();
  const next = async () => {
    try {
      return await pieces.next();
    } catch (error) {
      throw faultOf(error);
    }
  };
  const first = await next();
  async function* all(): AsyncGenerator<Uint8Array, void> {
    try {
      for (let piece = first; piece.done !== true; piece = await next()) yield piece.value;
    } finally {
      await pieces.return?.();
    }
  }
  return Readable.from(all(), { objectMode: false });
}
