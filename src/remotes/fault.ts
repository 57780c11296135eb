import type { RemoteFault } from './remote.ts';

/** Answers above 499 that stay as they are: not implemented, no such version of HTTP, no room left. */
const LASTING = new Set([501, 505, 507]);

/** What an HTTP status that is no success says about another try. */
export function faultOfStatus(status: number): RemoteFault {
  if (status === 404 || status === 410) return 'missing';
  if (status === 408 || status === 425 || status === 429) return 'transient';
  return status >= 500 && !LASTING.has(status) ? 'transient' : 'fatal';
}

/** What the code of an error from the network says; undefined for a code that is none of the network's. */
export function faultOfNetwork(code: unknown): RemoteFault | undefined {
  if (typeof code !== 'string') return undefined;
  // A name that nobody has is mistyped; that the name server does not answer is EAI_AGAIN.
  if (code === 'ENOTFOUND') return 'fatal';
  if (/^(?:.*_CERT.*|CERT_.*|ERR_TLS_.*|UNABLE_TO_.*)$/.test(code)) return 'fatal';
  return /^(?:E[A-Z]+|EAI_[A-Z]+|UND_ERR_.*)$/.test(code) ? 'transient' : undefined;
}
