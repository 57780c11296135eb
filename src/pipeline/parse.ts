import { isMap, isScalar } from 'yaml';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { DEFAULT_PARSING, type ParsingOptions } from './command-options.ts';
import type { Context } from './context.ts';
import { openDataFiles } from './data-files.ts';
import { contextOf, type Expanding, expandStages } from './expand.ts';
import { expandDeclarations } from './expand-declarations.ts';
import { findNode, located } from './locate.ts';
import type { Mistake } from './mistake.ts';
import { checkShape } from './shape.ts';
import type { ParamsRequest, Pipeline } from './stage.ts';
import { isPlain } from './template.ts';
import { dataOf } from './yaml-data.ts';
import { entriesOf, follow, readSource, type YamlSource } from './yaml-source.ts';
import { valueAt } from './yaml-value.ts';

export interface ParseOptions {
  /** The text of a file of values; undefined when it is not there. Called at most once for each file. */
  readonly readData?: (file: ProjectPath) => string | undefined;
  readonly parsing?: ParsingOptions;
}

export interface ParsedPipeline {
  /**
   * The stages that could be read, so that mistakes across files are found at the same time; complete only when there are
   * no diagnostics. Undefined when the text is no YAML.
   */
  readonly pipeline: Pipeline | undefined;
  /** In the order of the file. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads one pipeline file, with the files of values that its templates name. The result is JSON, so that it can be kept
 * by the texts of all of these files; `sources` says which they are, also when there are mistakes.
 */
export function parsePipeline(file: ProjectPath, text: string, options: ParseOptions = {}): ParsedPipeline {
  const { source, diagnostics } = readSource(file, text);
  if (diagnostics.length > 0) return { pipeline: undefined, diagnostics };
  const { data, diagnostics: dataDiagnostics, usable } = dataOf(source);
  if (!usable) return { pipeline: undefined, diagnostics: dataDiagnostics };
  const shape = checkShape(file, withWrittenEnv(source, data));
  const files = openDataFiles(options.readData ?? (() => undefined));
  const mistakes = [...shape.mistakes];
  const warnings = [...shape.warnings];
  const unread: Omit<Expanding, 'context'> = {
    file,
    pipeline: shape.pipeline,
    files,
    mistakes,
    warnings,
    used: new Set(),
    parsing: options.parsing ?? DEFAULT_PARSING,
    templated: !isPlain(text),
    valueAt: (at) => valueAt(source, at),
  };
  const expanding = { ...unread, context: once(() => contextOf(unread)) };
  // What is wrong with `vars` is told although no template may need them.
  if (shape.pipeline.vars !== undefined) expanding.context();
  const pipeline: Pipeline = { file, stages: expandStages(expanding), ...expandDeclarations(expanding) };
  const texts = new Map([...files.asked, [file, text] as const]);
  const sources = new Map([[file, source]]);
  const place = (mistake: Mistake) => located(mistake, texts, sources);
  return {
    pipeline: {
      ...pipeline,
      ...(files.asked.size > 0 && { sources: [...files.asked.keys()] }),
      ...(unread.used.size > 0 && { templateParams: requestsOf(unread.used, file) }),
      ...(warnings.length > 0 && { warnings: warnings.map(place) }),
    },
    diagnostics: [...dataDiagnostics, ...files.diagnostics, ...mistakes.map(place)].sort(byPlace(file)),
  };
}

function once(make: () => Context): () => Context {
  let made: Context | undefined;
  return () => (made ??= make());
}

/** The values of files that were used; those that stand in the pipeline file itself are no params. */
function requestsOf(used: ReadonlySet<string>, file: ProjectPath): readonly ParamsRequest[] {
  const keys = new Map<ProjectPath, string[]>();
  for (const entry of used) {
    const [source = '', key = ''] = entry.split('\0');
    const known = keys.get(source as ProjectPath);
    if (known !== undefined) known.push(key);
    else if (source !== file) keys.set(source as ProjectPath, [key]);
  }
  return [...keys].map(([source, names]) => ({ file: source, keys: names.sort() }));
}

/** The data with the numbers and booleans of every `env` as they are spelled: `1.0` must not become `1`. */
function withWrittenEnv(source: YamlSource, data: unknown): unknown {
  const stages = isObject(data) ? data.stages : undefined;
  if (!isObject(data) || !isObject(stages)) return data;
  const entries = Object.entries(stages).map(([name, stage]): [string, unknown] => {
    if (!isObject(stage)) return [name, stage];
    if (isObject(stage.do)) return [name, { ...stage, do: withSpelledEnv(source, ['stages', name, 'do'], stage.do) }];
    return [name, withSpelledEnv(source, ['stages', name], stage)];
  });
  return { ...data, stages: Object.fromEntries(entries) };
}

function withSpelledEnv(source: YamlSource, at: readonly string[], stage: Readonly<Record<string, unknown>>): unknown {
  return isObject(stage.env) ? { ...stage, env: { ...stage.env, ...spelledScalars(source, [...at, 'env']) } } : stage;
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

/** In the order of the pipeline file, and after it the files of values. */
function byPlace(file: ProjectPath): (a: Diagnostic, b: Diagnostic) => number {
  const rank = ({ place }: Diagnostic) => (place === undefined || place.file === file ? 0 : 1);
  return (a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    if (a.place === undefined || b.place === undefined) return 0;
    return a.place.line - b.place.line || a.place.column - b.place.column;
  };
}
