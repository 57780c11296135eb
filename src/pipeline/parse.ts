import { isMap, isScalar } from 'yaml';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { expandPipeline } from './expand.ts';
import { findNode, located } from './locate.ts';
import { checkShape } from './shape.ts';
import type { Pipeline } from './stage.ts';
import { dataOf } from './yaml-data.ts';
import { entriesOf, follow, readSource, type YamlSource } from './yaml-source.ts';

export interface ParsedPipeline {
  /**
   * The stages that could be read, so that mistakes across files are found at the same time; complete only when there are
   * no diagnostics. Undefined when the text is no YAML.
   */
  readonly pipeline: Pipeline | undefined;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads one pipeline file. The result is JSON, so that it can be kept by the file's content. */
export function parsePipeline(file: ProjectPath, text: string): ParsedPipeline {
  const { source, diagnostics } = readSource(file, text);
  if (diagnostics.length > 0) return { pipeline: undefined, diagnostics };
  const { data, diagnostics: dataDiagnostics, usable } = dataOf(source);
  if (!usable) return { pipeline: undefined, diagnostics: dataDiagnostics };
  const shape = checkShape(file, withWrittenEnv(source, data));
  const { stages, mistakes } = expandPipeline(file, shape.pipeline);
  const found = [...shape.mistakes, ...mistakes].map((mistake) => located(mistake, () => source));
  return { pipeline: { file, stages }, diagnostics: [...dataDiagnostics, ...found].sort(byPlace) };
}

/** The data with the numbers and booleans of every `env` as they are spelled: `1.0` must not become `1`. */
function withWrittenEnv(source: YamlSource, data: unknown): unknown {
  const stages = isObject(data) ? data.stages : undefined;
  if (!isObject(data) || !isObject(stages)) return data;
  const entries = Object.entries(stages).map(([name, stage]): [string, unknown] => {
    if (!isObject(stage) || !isObject(stage.env)) return [name, stage];
    const spelled = spelledScalars(source, ['stages', name, 'env']);
    return [name, { ...stage, env: { ...stage.env, ...spelled } }];
  });
  return { ...data, stages: Object.fromEntries(entries) };
}

function spelledScalars(source: YamlSource, at: readonly string[]): Record<string, string> {
  const map = follow(source, findNode(source, at).value);
  if (!isMap(map)) return {};
  const spelled = [...entriesOf(source, map)].flatMap(([name, entry]): [string, string][] => {
    const value = follow(source, entry.value);
    const isSpelled = isScalar(value) && (typeof value.value === 'number' || typeof value.value === 'boolean');
    return isSpelled && value.source !== undefined ? [[name, value.source]] : [];
  });
  return Object.fromEntries(spelled);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.place === undefined || b.place === undefined) return 0;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}
