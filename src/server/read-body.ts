import type { IncomingMessage } from 'node:http';
import { RequestError } from '../tracking/request-error.ts';
import { parseJson } from './json.ts';

const MIB = 2 ** 20;

/** MLflow says of a batch that it is at most 1,000,000 bytes. A data set's profile alone may be 16 MB. */
const LIMITS: Readonly<Record<string, number>> = { '/mlflow/runs/log-batch': MIB, '/mlflow/runs/log-inputs': 64 * MIB };
const LIMIT = 8 * MIB;

const READ_WITHIN = 60_000;

/** The fields of a request's body; none where it is empty or no JSON object, as MLflow has it. */
export async function readJsonBody(
  incoming: IncomingMessage,
  path: string,
): Promise<Readonly<Record<string, unknown>>> {
  const type = incoming.headers['content-type'];
  const empty = incoming.headers['content-length'] === '0' || !hasBody(incoming);
  // A page of another site can send a form or plain text unasked, but not this type: that is why it is required.
  if (type === undefined ? incoming.method === 'POST' || !empty : !/^application\/json *(;|$)/i.test(type)) {
    throw new RequestError('INVALID_PARAMETER_VALUE', "Bad Request. Content-Type must be one of ['application/json'].");
  }
  if (empty) return {};
  const bytes = await readBytes(incoming, LIMITS[path] ?? LIMIT);
  const value = parseJson(bytes.toString('utf8'));
  // Old clients send the text of the JSON as a JSON string.
  const fields = typeof value === 'string' ? parseJson(value) : value;
  return isFields(fields) ? fields : {};
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readBytes(incoming: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(incoming.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const slow = setTimeout(() => incoming.destroy(new Error('the body came too slowly')), READ_WITHIN);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(slow);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function tooLarge(limit: number): RequestError {
  return new RequestError('INVALID_PARAMETER_VALUE', `The request is larger than the ${limit} bytes it may be`);
}
