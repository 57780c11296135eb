import { compareText } from './lock-entry.ts';
import { pythonFloat } from './python-number.ts';
import { type DvcValue, isList } from './value.ts';

/**
 * A value as Python's `json.dumps(value, sort_keys=True)` writes it: the text that DVC hashes. Undefined where Python
 * refuses: a date is nothing that JSON knows, and keys of two kinds cannot be sorted.
 */
export function pythonJson(value: DvcValue): string | undefined {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return jsonText(value);
    case 'number':
      return jsonFloat(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return isList(value) ? jsonList(value) : value.kind === 'date' ? undefined : jsonMap(value.entries);
  }
}

/** In ASCII, with a pair of escapes for each character beyond 16 bits. */
export function jsonText(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function jsonFloat(value: number): string {
  if (Number.isFinite(value)) return pythonFloat(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function jsonList(items: readonly DvcValue[]): string | undefined {
  const texts = items.map(pythonJson);
  return texts.includes(undefined) ? undefined : `[${texts.join(', ')}]`;
}

type Entry = readonly [DvcValue, DvcValue];

function jsonMap(entries: readonly Entry[]): string | undefined {
  const sorted = sortedEntries(entries);
  const members = sorted?.map(([key, value]) => {
    const [name, text] = [keyName(key), pythonJson(value)];
    return name === undefined || text === undefined ? undefined : `${jsonText(name)}: ${text}`;
  });
  return members === undefined || members.includes(undefined) ? undefined : `{${members.join(', ')}}`;
}

function sortedEntries(entries: readonly Entry[]): readonly Entry[] | undefined {
  if (entries.length < 2) return entries;
  if (entries.every(([key]) => typeof key === 'string')) {
    return [...entries].sort(([a], [b]) => compareText(String(a), String(b)));
  }
  if (!entries.every(([key]) => ['bigint', 'number', 'boolean'].includes(typeof key))) return undefined;
  return [...entries].sort(([a], [b]) => Number(a) - Number(b));
}

/** JSON's keys are text; Python writes out what they were. */
function keyName(key: DvcValue): string | undefined {
  return typeof key === 'string' ? key : typeof key === 'object' && key !== null ? undefined : pythonJson(key);
}
