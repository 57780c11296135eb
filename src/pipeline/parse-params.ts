import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { readDataFile } from './data-file.ts';
import { literalOf } from './literal.ts';
import type { ParamsNode, ParamsTree } from './params.ts';
import { isValueList, isValueMap, type Value, type ValueMap } from './value.ts';

export interface ParsedParams {
  /** Undefined when the file has mistakes. */
  readonly tree: ParamsTree | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads a YAML, JSON, TOML or Python file of params, by the suffix of its name. */
export function parseParams(file: ProjectPath, text: string): ParsedParams {
  const read = readDataFile(file, text);
  if (!read.ok) return { tree: undefined, diagnostics: read.diagnostics };
  return { tree: treeOf(read.values), diagnostics: [] };
}

function treeOf(map: ValueMap): ParamsTree {
  return Object.fromEntries([...map].map(([key, value]) => [key, nodeOf(value)]));
}

function nodeOf(value: Value): ParamsNode {
  if (isValueList(value)) return value.map(nodeOf);
  return isValueMap(value) ? treeOf(value) : literalOf(value);
}
