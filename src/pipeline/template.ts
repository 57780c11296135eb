import type { YamlPath } from './mistake.ts';

/** `${name}`, unless a backslash before it says that it is meant as text. */
const TEMPLATE = /(?<!\\)\$\{.*?\}/;

function hasTemplate(text: string): boolean {
  return TEMPLATE.test(text);
}

/** The text that is meant by `\${name}`. */
export function unescapeTemplates(text: string): string {
  return text.replaceAll('\\${', '${');
}

/** Where the first template stands in some data, as a path from its top. */
export function findTemplate(data: unknown): { readonly at: YamlPath; readonly key: boolean } | undefined {
  if (typeof data === 'string') return hasTemplate(data) ? { at: [], key: false } : undefined;
  if (data === null || typeof data !== 'object') return undefined;
  const entries: Iterable<[string | number, unknown]> = Array.isArray(data) ? data.entries() : Object.entries(data);
  for (const [key, value] of entries) {
    if (typeof key === 'string' && hasTemplate(key)) return { at: [key], key: true };
    const inside = findTemplate(value);
    if (inside !== undefined) return { at: [key, ...inside.at], key: inside.key };
  }
  return undefined;
}
