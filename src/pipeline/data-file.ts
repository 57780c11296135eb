import { parse as parseToml, TomlError } from 'smol-toml';
import type { ScalarTag } from 'yaml';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { parsePython } from './parse-python.ts';
import { placeAt, readYaml } from './read-yaml.ts';
import { asValue, isValueMap, kindOf, type Value, type ValueMap } from './value.ts';
import { PLAIN_FLOAT, PLAIN_INTEGER } from './yaml-number.ts';

/** A file of values, read: a map, or what is wrong. */
export type ReadData =
  | { readonly ok: true; readonly values: ValueMap }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

type ReadValue =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads a YAML, JSON, TOML or Python file of values, by the suffix of its name. Nothing in it is executed. */
export function readDataFile(file: ProjectPath, text: string): ReadData {
  const read = readValue(file, text);
  if (!read.ok) return read;
  // An empty YAML file is the value null, and no values.
  const value = read.value ?? new Map();
  if (isValueMap(value)) return { ok: true, values: value };
  const kind = kindOf(value);
  const message = `a params file is a map of keys to values, but this is ${kind === 'a list' ? kind : 'a scalar'}`;
  return { ok: false, diagnostics: [{ message, place: placeAt(file, text, 0) }] };
}

function readValue(file: ProjectPath, text: string): ReadValue {
  const suffix = suffixOf(file);
  switch (suffix) {
    case 'yaml':
    case 'yml':
    case 'json': {
      const numbers = suffix === 'json' ? [JSON_NON_FINITE] : [PLAIN_INTEGER, PLAIN_FLOAT];
      const read = readYaml(file, text, numbers);
      // A Map keeps the order of keys, where an object would sort those that are numbers.
      return read.ok ? { ok: true, value: asValue(read.document.toJS({ mapAsMap: true })) } : read;
    }
    case 'toml':
      return readToml(file, text);
    case 'py':
      return parsePython(file, text);
    default:
      return {
        ok: false,
        diagnostics: [
          {
            message: `${file} is not a kind of file that params can be read from`,
            hint: 'params are read from files whose names end in .yaml, .yml, .json, .toml or .py',
          },
        ],
      };
  }
}

function suffixOf(file: ProjectPath): string {
  return file.slice(file.lastIndexOf('.') + 1).toLowerCase();
}

/** What Python's json module writes for numbers that JSON does not know. */
const JSON_NON_FINITE: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: /^(?:NaN|-?Infinity)$/,
  resolve: (text) => Number(text),
};

function readToml(file: ProjectPath, text: string): ReadValue {
  try {
    return { ok: true, value: asValue(parseToml(text.replace(/^\uFEFF/, ''), { integersAsBigInt: true })) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split('\n')[0] ?? error.message;
    const place = { file, line: error.line, column: error.column, text: text.split(/\r?\n/)[error.line - 1] ?? '' };
    return { ok: false, diagnostics: [{ message: message.replace(/^Invalid TOML document: /, ''), place }] };
  }
}
