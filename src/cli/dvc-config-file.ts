import type { Diagnostic } from '../base/error.ts';

/** A value of DVC's config: text, or a list where it was written with commas outside of quotes. */
export type ConfigValue = string | readonly string[];

export interface ConfigOption {
  readonly value: ConfigValue;
  /** Counted from 1. */
  readonly line: number;
}

export interface ConfigSection {
  /** In lower case, as DVC compares it: `core`, `remote "storage"`. */
  readonly name: string;
  readonly line: number;
  /** By key in lower case. */
  readonly options: ReadonlyMap<string, ConfigOption>;
}

export interface ReadConfigFile {
  readonly sections: readonly ConfigSection[];
  readonly diagnostics: readonly Diagnostic[];
}

const SECTION = /^\s*\[\s*("\s*\S.*?\s*"|'\s*\S.*?\s*'|[^'"\s].*?)\s*\]\s*(?:#.*)?$/;
const OPTION = /^\s*(".*?"|'.*?'|[^'"=].*?)\s*=\s*(.*)$/;
const LONG = /^('''|""")/;

/**
 * Reads a file of DVC's config. It is INI in the dialect of Python's configobj, which the INI readers for JavaScript
 * do not follow: quotes, lists, comments after values, and values over several lines within three quotes.
 */
export function readDvcConfigFile(file: string, text: string): ReadConfigFile {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const diagnostics: Diagnostic[] = [];
  const mistake = (line: number, message: string): void => {
    const written = lines[line - 1] ?? '';
    const column = written.length - written.trimStart().length + 1;
    diagnostics.push({ message, place: { file, line, column, text: written } });
  };
  const sections = new Map<string, { name: string; line: number; options: Map<string, ConfigOption> }>();
  let current: Map<string, ConfigOption> | undefined;
  for (let index = 0; index < lines.length; index += 1) {
    const written = lines[index] ?? '';
    const line = index + 1;
    if (/^\s*(?:#.*)?$/.test(written)) continue;
    const section = SECTION.exec(written)?.[1];
    if (section !== undefined) {
      const name = unquoted(section).toLowerCase();
      if (sections.has(name)) mistake(line, `the section [${name}] stands twice`);
      current = new Map();
      sections.set(name, { name, line, options: current });
      continue;
    }
    const [, written_key = '', rest = ''] = OPTION.exec(written) ?? [];
    if (written_key === '') {
      mistake(line, 'expected a section in brackets, or `key = value`');
      continue;
    }
    const long = LONG.test(rest) ? longValue(lines, index, rest) : undefined;
    index = long?.last ?? index;
    const value = long === undefined ? valueOfLine(rest) : long.value;
    const key = unquoted(written_key).toLowerCase();
    if (current === undefined) mistake(line, `the key '${key}' stands before the first section`);
    else if (current.has(key)) mistake(line, `the key '${key}' stands twice in its section`);
    else if (value === undefined) mistake(line, `the value of '${key}' is not closed, or goes on after its quotes`);
    else current.set(key, { value, line });
  }
  return { sections: [...sections.values()], diagnostics };
}

function unquoted(text: string): string {
  return /^(["']).*\1$/.test(text) && text.length > 1 ? text.slice(1, -1) : text;
}

/** A value within three quotes, which may go on over lines; undefined where it does not end. */
function longValue(lines: readonly string[], first: number, rest: string): { value: string | undefined; last: number } {
  const quotes = rest.slice(0, 3);
  let value = rest.slice(3);
  for (let last = first; last < lines.length; last += 1) {
    if (last > first) value += `\n${lines[last]}`;
    const end = value.indexOf(quotes);
    if (end < 0) continue;
    return { value: /^\s*(?:#.*)?$/.test(value.slice(end + 3)) ? value.slice(0, end) : undefined, last };
  }
  return { value: undefined, last: first };
}

const ITEM = /^(?:"([^"]*)"|'([^']*)'|([^'",#][^,#]*))\s*/;

/** A value of one line, with what may follow it; undefined where it cannot be understood. */
function valueOfLine(written: string): ConfigValue | undefined {
  let rest = written.trim();
  if (/^,\s*(?:#.*)?$/.test(rest)) return [];
  const items: string[] = [];
  let isList = false;
  while (rest !== '' && !rest.startsWith('#')) {
    const item = ITEM.exec(rest);
    if (item === null) return undefined;
    items.push(item[1] ?? item[2] ?? item[3]?.trim() ?? '');
    rest = rest.slice(item[0].length);
    if (rest.startsWith(',')) {
      isList = true;
      rest = rest.slice(1).trimStart();
    } else if (rest !== '' && !rest.startsWith('#')) return undefined;
  }
  return isList ? items : (items[0] ?? '');
}
