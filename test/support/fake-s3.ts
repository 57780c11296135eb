import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server was asked for. */
export interface Asked {
  readonly method: string;
  /** `list`, `part`, `upload`, `complete`, `abort`, `delete`, or `object`. */
  readonly what: string;
  /** Without the bucket. */
  readonly key: string;
  readonly headers: IncomingMessage['headers'];
  /** What is under that key. */
  readonly bytes: Buffer;
}

/** What a server does instead of what it is asked for; false for doing that. */
export type Mischief = (asked: Asked, response: ServerResponse, request: IncomingMessage) => boolean;

/** As much of S3 as the remote uses, in memory, for the faults that a real server would not commit on demand. */
export class FakeS3 implements AsyncDisposable {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, Map<number, Buffer>>();
  readonly asked: Asked[] = [];
  bucket = 'bucket';
  pageSize = 1000;
  mischief: Mischief = () => false;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often each thing was asked for, since the last look. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { method, what } of this.asked.splice(0)) {
      const name = what === 'object' ? method : what;
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://fake');
    const [, bucket = '', ...rest] = decodeURIComponent(url.pathname).split('/');
    const [key, query, method] = [rest.join('/'), url.searchParams, request.method ?? ''];
    const bytes = this.objects.get(key) ?? Buffer.alloc(0);
    const asked = { method, what: whatIsAsked(method, key, query), key, headers: request.headers, bytes };
    this.asked.push(asked);
    if (this.mischief(asked, response, request)) return;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // A request that breaks off changes nothing.
      return;
    }
    if (bucket !== this.bucket) return refuse(response, 404, 'NoSuchBucket');
    this.#do(asked, { query, body: Buffer.concat(chunks), response });
  }

  #do(asked: Asked, { query, body, response }: { query: URLSearchParams; body: Buffer; response: ServerResponse }) {
    const { key, method, what } = asked;
    const upload = this.uploads.get(query.get('uploadId') ?? '');
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    switch (what) {
      case 'list':
        return response.end(this.#listing(query));
      case 'upload':
        this.uploads.set(key, new Map());
        return response.end(xml('InitiateMultipartUploadResult', `<UploadId>${key}</UploadId>`));
      case 'part':
        if (upload === undefined) return refuse(response, 404, 'NoSuchUpload');
        upload.set(Number(query.get('partNumber')), body);
        return response.writeHead(200, { etag }).end();
      case 'complete':
        if (upload === undefined) return refuse(response, 404, 'NoSuchUpload');
        this.uploads.delete(key);
        this.objects.set(key, Buffer.concat([...upload].sort(([a], [b]) => a - b).map(([, part]) => part)));
        return response.end(xml('CompleteMultipartUploadResult', `<ETag>${etag}</ETag>`));
      case 'abort':
        this.uploads.delete(key);
        return response.writeHead(204).end();
      case 'delete':
        if (asked.headers['content-md5'] === undefined) return refuse(response, 400, 'MissingContentMD5');
        for (const [, name = ''] of body.toString().matchAll(/<Key>(.*?)<\/Key>/g)) this.objects.delete(name);
        return response.end(xml('DeleteResult', ''));
      default:
        if (method === 'PUT') {
          this.objects.set(key, body);
          return response.writeHead(200, { etag }).end();
        }
        return sendObject(response, asked, this.objects.get(key));
    }
  }

  #listing(query: URLSearchParams): string {
    const [prefix, after] = [
      query.get('prefix') ?? '',
      query.get('continuation-token') ?? query.get('start-after') ?? '',
    ];
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
    const page = names.slice(0, this.pageSize).map((name) => {
      return `<Contents><Key>${name}</Key><Size>${this.objects.get(name)?.length}</Size></Contents>`;
    });
    const goesOn = names.length > page.length;
    const token = goesOn ? `<NextContinuationToken>${names[page.length - 1]}</NextContinuationToken>` : '';
    return xml('ListBucketResult', `<IsTruncated>${goesOn}</IsTruncated>${token}${page.join('')}`);
  }
}

function whatIsAsked(method: string, key: string, query: URLSearchParams): string {
  if (query.has('uploads')) return 'upload';
  if (query.has('partNumber')) return 'part';
  if (query.has('uploadId')) return method === 'DELETE' ? 'abort' : 'complete';
  if (query.has('delete')) return 'delete';
  if (query.has('list-type')) return 'list';
  return key === '' ? 'bucket' : 'object';
}

function sendObject(response: ServerResponse, { method, key, headers }: Asked, bytes: Buffer | undefined) {
  if (key === '') return response.end();
  if (bytes === undefined) return refuse(response, 404, 'NoSuchKey');
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
  const part = first === undefined ? bytes : bytes.subarray(Number(first), Number(last) + 1);
  response.writeHead(first === undefined ? 200 : 206, { 'content-length': part.length });
  return response.end(method === 'HEAD' ? undefined : part);
}

/** Answers as S3 refuses. */
export function refuse(response: ServerResponse, status: number, code: string): void {
  const words = xml('Error', `<Code>${code}</Code><Message>The key s3cr3t-key is of no use here</Message>`);
  response.writeHead(status, { 'content-type': 'application/xml', connection: 'close' });
  response.end(response.req.method === 'HEAD' ? undefined : words);
}

function xml(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><${root}>${content}</${root}>`;
}
