import { parse as parseToml, TomlError } from 'smol-toml';
import type { ScalarTag } from 'yaml';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { literalOf } from './literal.ts';
import type { ParamsNode, ParamsTree } from './params.ts';
import { placeAt, readYaml } from './read-yaml.ts';

export interface ParsedParams {
  /** Undefined when the file has mistakes. */
  readonly tree: ParamsTree | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

type ReadValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Reads a YAML, JSON or TOML file of params, by the suffix of its name. */
export function parseParams(file: ProjectPath, text: string): ParsedParams {
  const read = readValue(file, text);
  if (!read.ok) return { tree: undefined, diagnostics: read.diagnostics };
  // An empty YAML file is the value null, and no params.
  const value = read.value ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    const message = `a params file is a map of keys to values, but this is a ${Array.isArray(value) ? 'list' : 'scalar'}`;
    return { tree: undefined, diagnostics: [{ message, place: placeAt(file, text, 0) }] };
  }
  return { tree: treeOf(value), diagnostics: [] };
}

function readValue(file: ProjectPath, text: string): ReadValue {
  const suffix = file.slice(file.lastIndexOf('.') + 1).toLowerCase();
  switch (suffix) {
    case 'yaml':
    case 'yml':
    case 'json':
      return readYaml(file, text, suffix === 'json' ? [JSON_NON_FINITE] : []);
    case 'toml':
      return readToml(file, text);
    default:
      return {
        ok: false,
        diagnostics: [
          {
            message: `${file} is not a kind of file that params can be read from`,
            hint: 'params are read from files whose names end in .yaml, .yml, .json or .toml',
          },
        ],
      };
  }
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
    return { ok: true, value: parseToml(text.replace(/^\uFEFF/, ''), { integersAsBigInt: true }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split('\n')[0] ?? error.message;
    const place = { file, line: error.line, column: error.column, text: text.split(/\r?\n/)[error.line - 1] ?? '' };
    return { ok: false, diagnostics: [{ message: message.replace(/^Invalid TOML document: /, ''), place }] };
  }
}

function treeOf(map: object): ParamsTree {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, nodeOf(value)]));
}

function nodeOf(value: unknown): ParamsNode {
  if (Array.isArray(value)) return value.map(nodeOf);
  return typeof value === 'object' && value !== null && !(value instanceof Date) ? treeOf(value) : literalOf(value);
}
