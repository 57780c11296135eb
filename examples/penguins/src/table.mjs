import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse } from 'csv-parse/sync';

/** Rows as objects of text, by the names in the header. */
export function readTable(path) {
  return parse(readFileSync(path), { columns: true });
}

export function writeTable(path, columns, rows) {
  const lines = [columns, ...rows.map((row) => columns.map((column) => String(row[column])))];
  for (const cell of lines.flat()) {
    if (/[",\n]/.test(cell)) throw new Error(`${path}: a cell would need quotes: ${cell}`);
  }
  writeText(path, `${lines.map((cells) => cells.join(',')).join('\n')}\n`);
}

/** The same value gives the same bytes, whatever order its keys were set in. */
export function writeJson(path, value) {
  writeText(path, `${JSON.stringify(sortKeys(value), null, 1)}\n`);
}

export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function writeText(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Four digits: more would show differences that mean nothing. */
export function round(number) {
  return Number(number.toFixed(4));
}

function sortKeys(value) {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== 'object') return value;
  // A matrix of the forest's library knows how to become plain data.
  if (typeof value.toJSON === 'function') return sortKeys(value.toJSON());
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortKeys(value[key])]),
  );
}
