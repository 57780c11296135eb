import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { RequestError } from '../tracking/request-error.ts';
import type { AccessTokens, Scope } from './access-tokens.ts';
import { climbs, rawPath } from './raw-path.ts';

export interface GuardOptions {
  /** The address that the server listens on. */
  readonly host: string;
  /** Names besides its own by which the server may be called; `*.example.org` is all below, `*` any. */
  readonly allowedHosts: readonly string[];
  /** Whether requests may come without a token even where tokens or the address ask for one. */
  readonly insecure: boolean;
  readonly tokens: AccessTokens;
}

/**
 * Throws a RequestError for whatever may not come in; stands before every route, so a new one is closed by itself.
 * Resolves to the name of the token, where one was needed.
 */
export type Guard = (incoming: IncomingMessage) => Promise<string | undefined>;

/** Neither says anything that a stranger may not know. */
const OPEN = ['/health', '/version'];

export function makeGuard(options: GuardOptions): Guard {
  // Stays true: when the last token is revoked the door does not fall open.
  let closed = !isLoopback(options.host);
  return async (incoming) => {
    checkHost(incoming.headers.host, options);
    checkOrigin(incoming, options.allowedHosts);
    const path = rawPath(incoming.url ?? '/');
    if (climbs(path)) throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path');
    if (options.insecure || OPEN.includes(path)) return undefined;
    closed ||= await options.tokens.any();
    return closed ? await checkToken(incoming, options.tokens) : undefined;
  };
}

/** A page of another site that reaches us under its own name, by a DNS record that it changed, names itself here. */
function checkHost(header: string | undefined, { host, allowedHosts }: GuardOptions): void {
  const name = nameOf(header ?? '');
  const own = isLoopback(name) || name === host.toLowerCase();
  // An address in numbers is nobody's to redirect.
  const byNumber = !isLoopback(host) && isIP(name) !== 0;
  if (own || byNumber || isAllowed(name, allowedHosts)) return;
  throw new RequestError(
    'PERMISSION_DENIED',
    'Invalid Host header: start the server with --allowed-hosts to be called by this name',
  );
}

/** A page of another site cannot read our answers; this keeps it from sending anything, too. */
function checkOrigin(incoming: IncomingMessage, allowedHosts: readonly string[]): void {
  const { origin, host = '', 'sec-fetch-site': site } = incoming.headers;
  const changes = incoming.method !== 'GET' && incoming.method !== 'HEAD';
  const ours = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  const allowed = origin !== undefined && URL.canParse(origin) && isAllowed(new URL(origin).hostname, allowedHosts);
  if ((!ours && !allowed) || (changes && site === 'cross-site' && !allowed)) {
    throw new RequestError('PERMISSION_DENIED', 'Cross-origin request blocked');
  }
}

async function checkToken(incoming: IncomingMessage, tokens: AccessTokens): Promise<string> {
  const sent = tokenOf(incoming.headers.authorization ?? '');
  const token = sent === undefined ? undefined : await tokens.find(sent);
  if (token === undefined) throw new RequestError('UNAUTHENTICATED', 'A valid access token is required');
  const needed = scopeNeeded(incoming);
  if (RANK[token.scope] >= RANK[needed]) return token.name;
  throw new RequestError('PERMISSION_DENIED', `This needs a token with the scope '${needed}'`);
}

const RANK: Readonly<Record<Scope, number>> = { read: 0, write: 1, admin: 2 };

/** Questions that are too long for a query string. */
const ASKING = /^\/(ajax-)?api\/2\.0\/mlflow\/[\w-]+\/(search|search-datasets|get-latest-versions)$/;

/** What nothing brings back. */
const FINAL = /^\/(ajax-)?api\/2\.0\/mlflow\/.+\/purge$/;

function scopeNeeded({ method, url = '/' }: IncomingMessage): Scope {
  if (FINAL.test(rawPath(url))) return 'admin';
  const asks = method === 'GET' || method === 'HEAD' || (method === 'POST' && ASKING.test(rawPath(url)));
  return asks ? 'read' : 'write';
}

/** As a bearer, or as the password of whatever user: MLflow's clients send either. */
function tokenOf(authorization: string): string | undefined {
  const [, kind = '', sent = ''] = /^(\w+) +(\S+) *$/.exec(authorization) ?? [];
  if (kind.toLowerCase() === 'bearer') return sent;
  if (kind.toLowerCase() !== 'basic') return undefined;
  const pair = Buffer.from(sent, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? undefined : pair.slice(colon + 1) || pair.slice(0, colon);
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return isIP(name) === 4 ? name.startsWith('127.') : name === '::1';
}

/** Without port and brackets; empty where it is no host at all. */
function nameOf(header: string): string {
  const [, bracketed, plain] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+))(?::\d{1,5})?$/.exec(header) ?? [];
  return (bracketed ?? plain ?? '').toLowerCase();
}

function isAllowed(name: string, allowed: readonly string[]): boolean {
  return allowed.some((pattern) => {
    const known = pattern.toLowerCase();
    return known === '*' || known === name || (known.startsWith('*.') && name.endsWith(known.slice(1)));
  });
}
