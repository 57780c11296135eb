import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { hexOf } from '../base/hash.ts';
import type { ArtifactStore, StoredFile } from './artifact-store.ts';
import { contentTypeOf } from './content-type.ts';

export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Answers with a file, a part of it or the word that the client has it already. */
export async function sendFile(
  store: ArtifactStore,
  file: StoredFile,
  { incoming, outgoing }: Exchange,
): Promise<void> {
  const hex = hexOf(file.digest);
  const tag = `"${hex}"`;
  outgoing.setHeader('etag', tag);
  outgoing.setHeader('repr-digest', `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`);
  outgoing.setHeader('accept-ranges', 'bytes');
  // Kept by the client, and asked about each time: the name may mean other content tomorrow.
  outgoing.setHeader('cache-control', 'private, no-cache');
  if (holds(incoming.headers['if-none-match'], tag)) {
    outgoing.writeHead(304).end();
    return;
  }
  const ranged = incoming.headers['if-range'] === undefined || incoming.headers['if-range'] === tag;
  const range = ranged ? readRange(incoming.headers.range, file.size) : undefined;
  if (range === 'unsatisfiable') {
    outgoing.writeHead(416, { 'content-range': `bytes */${file.size}`, 'content-length': 0 }).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: file.size - 1 };
  const headers = {
    'content-type': contentTypeOf(file.path),
    'content-disposition': disposition(file.path),
    'content-security-policy': "default-src 'none'; sandbox",
    'content-length': end - start + 1,
    ...(range !== undefined && { 'content-range': `bytes ${start}-${end}/${file.size}` }),
  };
  if (incoming.method === 'HEAD' || file.size === 0) {
    outgoing.writeHead(200, headers).end();
    return;
  }
  // Opened before anything is said, so that what is wrong can still be said.
  const content = await store.open(file, { start, end });
  outgoing.writeHead(range === undefined ? 200 : 206, headers);
  await pipeline(content, outgoing);
}

function holds(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === tag);
}

/** One range of bytes; undefined, which is all of it, for several or for what is none. */
function readRange(header: string | undefined, size: number) {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start > end || start >= size ? 'unsatisfiable' : { start, end };
}

/** Never shown in place, whatever it is; a client takes no directory from the name. */
function disposition(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const plain = name.replace(/[^\w.+-]/g, '_');
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replace(/['()*]/g, hexed)}`;
}

function hexed(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
