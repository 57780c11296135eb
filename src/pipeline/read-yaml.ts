import { type Document, isScalar, parseDocument, type ScalarTag, visit } from 'yaml';
import type { Diagnostic, Place } from '../base/error.ts';

export type YamlRead =
  | { readonly ok: true; readonly document: Document.Parsed; readonly value: unknown }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads YAML with integers as bigint, so that `1` and `1.0` stay two values. JSON is YAML, too. */
export function readYaml(file: string, text: string, tags: readonly ScalarTag[] = []): YamlRead {
  const document = parseDocument(text, {
    intAsBigInt: true,
    merge: true,
    // The package compares every key with every other one; see repeatedKeys.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    customTags: (known) => [...tags, ...known],
  });
  if (document.errors.length > 0) {
    const diagnostics = document.errors.map(({ message, pos }) => ({
      message: message.charAt(0).toLowerCase() + message.slice(1),
      place: placeAt(file, text, Math.min(pos[0], text.length)),
    }));
    return { ok: false, diagnostics };
  }
  const repeated = repeatedKeys(file, text, document);
  if (repeated.length > 0) return { ok: false, diagnostics: repeated };
  try {
    return { ok: true, document, value: document.toJS() };
  } catch (error) {
    // Unresolved aliases, and aliases that multiply without end, show only now, and without their place.
    if (!(error instanceof ReferenceError)) throw error;
    return { ok: false, diagnostics: [{ message: error.message, place: placeAt(file, text, 0) }] };
  }
}

/** Keys that stand twice in one map, found in one pass over it. */
function repeatedKeys(file: string, text: string, document: Document.Parsed): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  visit(document, {
    Map(_key, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const place = placeAt(file, text, key.range?.[0] ?? 0);
          diagnostics.push({ message: `the key '${String(key.value)}' stands twice`, place });
        }
        seen.add(key.value);
      }
    },
  });
  return diagnostics;
}

/** The place of a character of a text, for a mistake found there. */
export function placeAt(file: string, text: string, offset: number): Place {
  const start = offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', start);
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < start; at = text.indexOf('\n', at + 1)) line += 1;
  const lineText = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
  return { file, line, column: offset - start + 1, text: lineText };
}
