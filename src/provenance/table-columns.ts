import { parse } from 'csv-parse/sync';
import { parseLooseJson } from './loose-json.ts';

/** The names of a table's columns by the beginning of its text; undefined for what is no table or begins in no such way. */
export function columnsOf(path: string, head: string): readonly string[] | undefined {
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  if (extension === 'csv' || extension === 'tsv') return headerOf(head, extension === 'csv' ? ',' : '\t');
  if (extension === 'jsonl' || extension === 'ndjson') return keysOf(head.slice(0, head.indexOf('\n') + 1) || head);
  return undefined;
}

function headerOf(head: string, delimiter: string): readonly string[] | undefined {
  try {
    const [names] = parse(head, { delimiter, bom: true, to: 1, trim: true, relax_quotes: true }) as string[][];
    return names;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_')) return undefined;
    throw error;
  }
}

function keysOf(line: string): readonly string[] | undefined {
  const first = parseLooseJson(line);
  return typeof first === 'object' && first !== null && !Array.isArray(first) ? Object.keys(first) : undefined;
}
