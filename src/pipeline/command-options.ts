import { pythonText } from './python-text.ts';
import { isScalarValue, isValueList, isValueMap, type Scalar, type Value, type ValueMap } from './value.ts';

/** How a map that stands in a command becomes options; DVC's configuration calls these `parsing.bool` and `parsing.list`. */
export interface ParsingOptions {
  /** `store_true`: false gives nothing. `boolean_optional`: false gives `--no-name`. */
  readonly bool: 'store_true' | 'boolean_optional';
  /** `nargs`: `--name 1 2`. `append`: `--name 1 --name 2`. */
  readonly list: 'nargs' | 'append';
}

export const DEFAULT_PARSING: ParsingOptions = { bool: 'store_true', list: 'nargs' };

export type CommandOptions =
  | { readonly ok: true; readonly text: string }
  /** A list holds a list or a map, for which there is no option. */
  | { readonly ok: false; readonly key: string };

/** A map as options of a command: `--lr 0.1 --net.depth 3 --verbose`. */
export function commandOptions(map: ValueMap, parsing: ParsingOptions): CommandOptions {
  const words: string[] = [];
  for (const [key, value] of leavesOf(map, '')) {
    if (isValueList(value)) {
      if (!value.every(isScalarValue)) return { ok: false, key };
      const items = value.map(itemText);
      if (parsing.list === 'append') words.push(...items.map((item) => `--${key} ${item}`));
      else if (items.length > 0) words.push(`--${key} ${items.join(' ')}`);
    } else if (value === true) words.push(`--${key}`);
    else if (value !== false) words.push(`--${key} ${scalarText(value)}`);
    else if (parsing.bool === 'boolean_optional') words.push(`--no-${key}`);
  }
  return { ok: true, text: words.join(' ') };
}

/** Values that are no maps, by dotted key; an empty map has none. */
function* leavesOf(map: ValueMap, prefix: string): Generator<readonly [string, Scalar | readonly Value[]]> {
  for (const [key, value] of map) {
    if (isValueMap(value)) yield* leavesOf(value, `${prefix}${key}.`);
    else yield [prefix + key, value];
  }
}

function scalarText(value: Scalar): string {
  return typeof value === 'string' ? shellQuote(value) : pythonText(value);
}

/** Inside of a list, true and false have the capitals that Python gives them. */
function itemText(value: Scalar): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return scalarText(value);
}

/** As one word of a POSIX shell. */
function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
