import { createHmac } from 'node:crypto';
import { matchesHost } from './config-file.ts';

/** A host as files of known hosts name it. */
export interface HostName {
  readonly host: string;
  readonly port: number;
}

interface KnownKey {
  readonly isRevoked: boolean;
  readonly type: string;
  /** Base64, as in the file. */
  readonly key: string;
}

/**
 * `changed` is also a host of which other keys are known, but none of this type: it would have shown one of those, as
 * it is asked for them first.
 */
export type Verdict = 'known' | 'unknown' | 'changed' | 'revoked';

/** What files of known hosts say about the key that a host shows. */
export function verdictOn(texts: readonly string[], name: HostName, key: Buffer): Verdict {
  const shown = key.toString('base64');
  const known = keysOf(texts, name);
  if (known.some((one) => one.isRevoked && one.key === shown)) return 'revoked';
  const valid = known.filter((one) => !one.isRevoked);
  if (valid.some((one) => one.key === shown)) return 'known';
  return valid.length === 0 ? 'unknown' : 'changed';
}

/** Of which types the host's known keys are, such as `ssh-ed25519`. */
export function knownTypes(texts: readonly string[], name: HostName): readonly string[] {
  const known = keysOf(texts, name).filter((one) => !one.isRevoked);
  return [...new Set(known.map(({ type }) => type))];
}

/** A line for a file of known hosts. */
export function knownHostLine(name: HostName, key: Buffer): string {
  return `${titleOf(name)} ${typeOf(key)} ${key.toString('base64')}\n`;
}

/** A key begins with the length and the text of its type. */
export function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

function titleOf({ host, port }: HostName): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

function keysOf(texts: readonly string[], name: HostName): readonly KnownKey[] {
  const title = titleOf(name);
  const keys: KnownKey[] = [];
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const [, marker, hosts = '', type = '', key = ''] =
      /^\s*(?:(@\S+)\s+)?([^#\s]\S*)\s+([\w@.-]+)\s+([A-Za-z0-9+/=]+)/.exec(line) ?? [];
    // An authority vouches for keys of others, which this program does not look into.
    if (key === '' || marker === '@cert-authority' || !isNamed(hosts, title)) continue;
    keys.push({ isRevoked: marker === '@revoked', type, key });
  }
  return keys;
}

/** A name stands there as it is, as a pattern, or hashed with a salt of its own. */
function isNamed(hosts: string, title: string): boolean {
  const [, salt, hash] = /^\|1\|([^|]+)\|([^|]+)$/.exec(hosts) ?? [];
  if (salt === undefined) return matchesHost(hosts.split(','), title);
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(title).digest('base64') === hash;
}
