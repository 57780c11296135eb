import { RequestError } from '../tracking/request-error.ts';

/** What stands before the query, as it was sent. */
export function rawPath(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

/** Each key once; those that are repeated with the list of their values. */
export function queryOf(url: string): Readonly<Record<string, string | readonly string[]>> {
  const end = url.indexOf('?');
  if (end === -1) return {};
  const values = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(url.slice(end + 1))) {
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  // `fromEntries` makes a plain field even of `__proto__`.
  return Object.fromEntries([...values].map(([key, all]) => [key, all.length === 1 ? (all[0] ?? '') : all]));
}

/** The text that `sent` stands for; undefined where it is no proper encoding. */
export function decodeOnce(sent: string): string | undefined {
  try {
    return decodeURIComponent(sent);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** However many times one decodes it, nothing more comes of it. */
function decodeFully(text: string): string {
  let decoded = text;
  // Each round makes the text shorter, so there is an end.
  for (let next = decodeOnce(decoded); next !== undefined && next !== decoded; next = decodeOnce(decoded)) {
    decoded = next;
  }
  return decoded;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Whether a path, decoded as often as anyone might, could lead out of where it begins. */
export function climbs(path: string): boolean {
  const decoded = decodeFully(path);
  return decoded.split(/[/\\;]/).some((part) => part === '..') || decoded.includes('\\') || CONTROL.test(decoded);
}

/**
 * The path of an artifact, checked: relative, in its shortest form, and nothing that some program would take for a
 * root, a drive, a fragment or a way up. Empty names the root itself.
 */
export function artifactPath(path: string): string {
  const decoded = decodeFully(path);
  const refused =
    climbs(path) ||
    decoded.startsWith('/') ||
    decoded.includes('#') ||
    /^[A-Za-z]:/.test(decoded) ||
    /^[A-Za-z][\w+.-]*:\//.test(decoded) ||
    path.length > LONGEST_PATH;
  if (refused) throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid path');
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

const LONGEST_PATH = 2_000;
