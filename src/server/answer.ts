import type { ServerResponse } from 'node:http';
import type { RequestError, RequestErrorCode } from '../tracking/request-error.ts';
import { writeJson } from './json.ts';

/** MLflow's clients repeat a request for minutes on 5xx and 429, so only what may pass by itself is one of them. */
const STATUS_OF: Readonly<Record<RequestErrorCode, number>> = {
  INVALID_PARAMETER_VALUE: 400,
  BAD_REQUEST: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };

export function jsonAnswer(value: object, status = 200): Answer {
  return { status, headers: JSON_HEADERS, body: writeJson(value) };
}

export function refusalAnswer(error: RequestError): Answer {
  const answer = jsonAnswer({ error_code: error.code, message: error.message }, STATUS_OF[error.code]);
  if (error.code === 'UNAUTHENTICATED') {
    return { ...answer, headers: { ...answer.headers, 'www-authenticate': 'Basic realm="lockstep", charset="UTF-8"' } };
  }
  return error.code === 'TEMPORARILY_UNAVAILABLE'
    ? { ...answer, headers: { ...answer.headers, 'retry-after': '1' } }
    : answer;
}

/** For what comes before any route, or after a route took the connection into its own hands. */
export function sendAnswer(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  if (outgoing.headersSent) {
    // Too late for words: a connection that breaks is the only sign left that the answer is not whole.
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
}
