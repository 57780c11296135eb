/** `${name}` on one line, unless a backslash before it says that it is meant as text. */
const TEMPLATE = /(?<!\\)\$\{(.*?)\}/g;

/** A template in a text: `${ a.b[0] }`. */
export interface Template {
  /** As written, braces included. */
  readonly text: string;
  /** Keys and indexes from the top of the values; undefined when it is not written as a template can be. */
  readonly path: readonly string[] | undefined;
  /** Of its first character in the text around it. */
  readonly start: number;
}

/** Whether a text says anything that is not meant as it stands. */
export function isPlain(text: string): boolean {
  return !text.includes('${');
}

export function hasTemplate(text: string): boolean {
  return !isPlain(text) && templatesIn(text).length > 0;
}

export function templatesIn(text: string): readonly Template[] {
  return [...text.matchAll(TEMPLATE)].map((match) => ({
    text: match[0],
    path: templatePath(match[1] ?? ''),
    start: match.index,
  }));
}

/** The text that is meant by `\${name}`. */
export function unescapeTemplates(text: string): string {
  return text.replaceAll('\\${', '${');
}

/** A name, and then `.name` or `[name]` any number of times. */
const PATH = /^[^.[\]]+(?:\.[^.[\]]+|\s*\[[^.[\]]+\])*$/;

function templatePath(inner: string): readonly string[] | undefined {
  if (!PATH.test(inner)) return undefined;
  return inner
    .replaceAll(']', '')
    .split(/[.[]/)
    .map((word) => word.trim());
}

/** Whether there is a template anywhere in some data, keys of maps included. */
export function holdsTemplate(data: unknown): boolean {
  if (typeof data === 'string') return hasTemplate(data);
  if (data === null || typeof data !== 'object') return false;
  if (Array.isArray(data)) return data.some(holdsTemplate);
  return Object.entries(data).some(([key, value]) => hasTemplate(key) || holdsTemplate(value));
}
