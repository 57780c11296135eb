import { readDvcConfigFile } from './dvc-config-file.ts';

export interface DvcOption {
  /** As in the file, in lower case: `core`, `remote "storage"`. */
  readonly section: string;
  readonly key: string;
}

/** `remote.storage.url` as it stands in a file of DVC's config; undefined for what is no name of an option. */
export function dvcOptionOf(name: string): DvcOption | undefined {
  const [, kind = '', middle, key = ''] = /^(\w+)\.(?:(.+)\.)?([^.]+)$/.exec(name.toLowerCase()) ?? [];
  if (kind === '' || key === '') return undefined;
  return { section: middle === undefined ? kind : `${kind} "${middle}"`, key };
}

/** The names and values of a file of DVC's config. */
export function dvcOptionsIn(file: string, text: string): readonly (readonly [name: string, value: unknown])[] {
  return readDvcConfigFile(file, text).sections.flatMap(({ name, options }) => {
    const [, kind = name, middle] = /^(\w+)\s*"(.*)"$/.exec(name) ?? [];
    const prefix = middle === undefined ? kind : `${kind}.${middle}`;
    return [...options].map(([key, { value }]) => [`${prefix}.${key}`, value] as const);
  });
}

/** The text with one option set; all other lines stay as they are. */
export function setDvcOption(text: string, { section, key }: DvcOption, value: string): string {
  const found = readDvcConfigFile('', text).sections.find(({ name }) => name === section);
  const lines = linesOf(text);
  const line = `    ${key} = ${quoted(value)}`;
  if (found === undefined) {
    const title = section.includes('"') ? `['${section}']` : `[${section}]`;
    return joined([...lines, title, line]);
  }
  const option = found.options.get(key);
  if (option !== undefined) {
    const written = lines[option.line - 1] ?? '';
    const indent = /^\s*/.exec(written)?.[0] ?? '';
    return joined(lines.toSpliced(option.line - 1, heightOf(option.value), indent + line.trimStart()));
  }
  const last = Math.max(found.line, ...[...found.options.values()].map((one) => one.line + heightOf(one.value) - 1));
  return joined(lines.toSpliced(last, 0, line));
}

/** The text without an option, and without its section where nothing else is in that; undefined if it is not there. */
export function unsetDvcOption(text: string, { section, key }: DvcOption): string | undefined {
  const found = readDvcConfigFile('', text).sections.find(({ name }) => name === section);
  const option = found?.options.get(key);
  if (found === undefined || option === undefined) return undefined;
  const lines = linesOf(text).toSpliced(option.line - 1, heightOf(option.value));
  return joined(found.options.size > 1 ? lines : lines.toSpliced(found.line - 1, 1));
}

/** Only a value within three quotes has more than one line. */
function heightOf(value: string | readonly string[]): number {
  return typeof value === 'string' ? value.split('\n').length : 1;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function joined(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** A list stays as it is written; quotes keep together what would end the value. */
function quoted(value: string): string {
  if (!/[#"']|^\s|\s$/.test(value)) return value;
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
