import { parse as parseCsv } from 'csv-parse/sync';
import { parse as parseToml, TomlError } from 'smol-toml';
import { parse as parseYaml, YAMLError } from 'yaml';
import { parseLooseJson } from './loose-json.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Levels of lists and maps: what no results have, and long before the stack ends. */
export const DEEPEST = 100;

/** The tables of a file: the one of a CSV or TSV, or every list of maps in JSON, YAML or TOML. */
export function tablesOf(path: string, text: string, { header = true } = {}): readonly (readonly Row[])[] {
  const extension = extensionOf(path);
  if (extension === 'csv' || extension === 'tsv') return [readTable(text, extension === 'csv' ? ',' : '\t', header)];
  return tablesWithin(parseData(path, text));
}

/** Without a header, columns are called 0, 1, 2, … */
function readTable(text: string, delimiter: string, header: boolean): readonly Row[] {
  const options = {
    delimiter,
    columns: header,
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
    trim: true,
  };
  try {
    const rows = parseCsv(text, options) as unknown as Row[];
    return header ? rows : rows.map((row) => ({ ...row }));
  } catch (error) {
    // csv-parse's own errors: the file is no table, whatever its name says.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_')) return [];
    throw error;
  }
}

function tablesWithin(node: unknown, depth = 0): readonly (readonly Row[])[] {
  if (Array.isArray(node)) return node.length > 0 && node.every(isMap) ? [node] : [];
  return isMap(node) && depth < DEEPEST ? Object.values(node).flatMap((member) => tablesWithin(member, depth + 1)) : [];
}

/** The data of a JSON, YAML or TOML file; undefined for other kinds and for files that cannot be read as theirs. */
export function parseData(path: string, text: string): unknown {
  try {
    switch (extensionOf(path)) {
      case 'json':
        return parseLooseJson(text);
      case 'yaml':
      case 'yml':
        return parseYaml(text, { logLevel: 'error', maxAliasCount: 100 });
      case 'toml':
        return parseToml(text);
      default:
        return undefined;
    }
  } catch (error) {
    if (
      error instanceof YAMLError ||
      error instanceof TomlError ||
      error instanceof ReferenceError ||
      error instanceof RangeError
    )
      return undefined;
    throw error;
  }
}

export function isMap(node: unknown): node is Row {
  return typeof node === 'object' && node !== null && !Array.isArray(node) && !(node instanceof Date);
}

function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).toLowerCase();
}
