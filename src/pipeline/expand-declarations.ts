import type { z } from 'zod';
import type { ProjectPath } from '../base/brand.ts';
import { directoryOf, resolveInProject } from '../base/project-path.ts';
import { EMPTY_CONTEXT } from './context.ts';
import type { Artifact, Dataset, Declarations, PlotDefinition, PlotField } from './declaration.ts';
import type { Expanding } from './expand.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { asWritten, type Resolving, resolveData } from './resolve-data.ts';
import { DECLARATIONS, type WrittenPlot } from './schema-declarations.ts';
import { mistakesOf } from './shape.ts';
import { writtenPathMistake } from './stage-rules.ts';
import { tellerOf } from './teller.ts';

type Section = keyof typeof DECLARATIONS;

/** The sections of a file beside its stages: templates replaced, shapes checked, paths resolved. */
export function expandDeclarations(expanding: Expanding): Declarations {
  const params = checked(expanding, 'params', pathsOf);
  const metrics = checked(expanding, 'metrics', pathsOf);
  const plots = checked(expanding, 'plots', plotsOf);
  const artifacts = checked(expanding, 'artifacts', artifactsOf);
  const datasets = checked(expanding, 'datasets', (written): readonly Dataset[] => written.map(defined));
  return {
    ...(params !== undefined && { params }),
    ...(metrics !== undefined && { metrics }),
    ...(plots !== undefined && { plots }),
    ...(artifacts !== undefined && { artifacts }),
    ...(datasets !== undefined && { datasets }),
  };
}

/** The directory that paths are relative to, and where what is wrong with one is told. */
interface Paths {
  readonly directory: ProjectPath;
  readonly tell: (at: YamlPath, mistake: Pick<Mistake, 'message' | 'hint' | 'key'>) => void;
  readonly warn: (at: YamlPath, mistake: Pick<Mistake, 'message' | 'hint' | 'key'>) => void;
}

function checked<Name extends Section, Result>(
  expanding: Expanding,
  section: Name,
  expand: (written: z.infer<(typeof DECLARATIONS)[Name]>, paths: Paths) => Result,
): Result | undefined {
  const { file, mistakes, warnings } = expanding;
  const { data, placeOf, sound } = resolved(expanding, section);
  if (data === undefined || data === null || !sound) return undefined;
  const read = DECLARATIONS[section].safeParse(data, { reportInput: true });
  if (!read.success) {
    const found = mistakesOf(file, read.error.issues, [section]);
    mistakes.push(...found.map((mistake) => ({ ...mistake, at: placeOf(mistake.at) })));
    return undefined;
  }
  const at = (inside: YamlPath) => placeOf([section, ...inside]);
  // The schemas of the sections have no transformations, so that what they check is what they give.
  return expand(read.data as z.infer<(typeof DECLARATIONS)[Name]>, {
    directory: directoryOf(file),
    tell: (inside, mistake) => mistakes.push({ file, at: at(inside), ...mistake }),
    warn: (inside, warning) => warnings.push({ file, at: at(inside), ...warning }),
  });
}

function resolved({ file, pipeline, parsing, templated, mistakes, context }: Expanding, section: Section) {
  const data = pipeline[section];
  if (!templated) return { data, sound: true, placeOf: (at: YamlPath) => at };
  const teller = tellerOf(file);
  const keys: Resolving['keys'] = new Map();
  const scope = { context: data === undefined ? EMPTY_CONTEXT : context(), locals: new Map() };
  const tell: Resolving['tell'] = (place, problem) => teller.tell(place, problem, scope.context);
  let sound = true;
  const told: Resolving['tell'] = (place, problem) => {
    sound = false;
    tell(place, problem);
  };
  const result = resolveData({ scope, parsing, tell: told, keys }, data, { at: [section], wanted: 'value' });
  mistakes.push(...teller.mistakes);
  return { data: result, sound, placeOf: (at: YamlPath) => [section, ...asWritten(result, keys, at.slice(1))] };
}

function pathsOf(written: readonly string[], paths: Paths): readonly ProjectPath[] {
  return written.flatMap((text, index) => pathOf(paths, text, { at: [index] }) ?? []);
}

function pathOf(
  { directory, tell }: Paths,
  text: string,
  { at, key = false }: { readonly at: YamlPath; readonly key?: boolean },
): ProjectPath | undefined {
  const mistake = writtenPathMistake(text);
  const path = mistake === undefined ? resolveInProject(directory, text) : undefined;
  if (path === undefined) tell(at, { message: `the path \`${text}\` leads outside the project`, ...mistake, key });
  return path;
}

function plotsOf(
  written: readonly (string | Readonly<Record<string, WrittenPlot | null>>)[],
  paths: Paths,
): readonly PlotDefinition[] {
  return written.flatMap((item, index) => {
    const entries = typeof item === 'string' ? [[item, null] as const] : Object.entries(item);
    return entries.map(([id, plot]) => plotOf(paths, { id, plot: plot ?? {}, at: [index, id] }));
  });
}

interface NamedPlot {
  readonly id: string;
  readonly plot: WrittenPlot;
  readonly at: YamlPath;
}

function plotOf(paths: Paths, { id, plot, at }: NamedPlot): PlotDefinition {
  // An id is a path or any name at all, so that one which is no path is no mistake.
  const path = resolveInProject(paths.directory, id);
  const { x, y, x_label, y_label, title, template } = plot;
  return {
    id,
    ...(path !== undefined && { path }),
    ...(x !== undefined && { x: fieldsOf(paths, x, [...at, 'x']) }),
    ...(y !== undefined && { y: fieldsOf(paths, y, [...at, 'y']) }),
    ...(x_label !== undefined && { xLabel: x_label }),
    ...(y_label !== undefined && { yLabel: y_label }),
    ...(title !== undefined && { title }),
    ...(template !== undefined && { template }),
  };
}

type WrittenFields = NonNullable<WrittenPlot['x'] | WrittenPlot['y']>;

function fieldsOf(paths: Paths, written: WrittenFields, at: YamlPath): readonly PlotField[] {
  if (typeof written === 'string' || Array.isArray(written)) return [written].flat().map((field) => ({ field }));
  return Object.entries(written).flatMap(([text, fields]) => {
    const file = pathOf(paths, text, { at: [...at, text], key: true });
    return file === undefined ? [] : [fields].flat().map((field) => ({ file, field }));
  });
}

/** Names that can stand in the tags of git, by which versions of artifacts are known. */
const ARTIFACT_NAME = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-/_]*[a-zA-Z0-9])?$/;

function artifactsOf(
  written: Readonly<Record<string, z.infer<(typeof DECLARATIONS)['artifacts']>[string]>>,
  paths: Paths,
): readonly Artifact[] {
  return Object.entries(written).flatMap(([id, { path: text, ...rest }]) => {
    if (!ARTIFACT_NAME.test(id)) {
      const hint = 'letters, digits, `-`, `_` and `/` can be used, with a letter or a digit at both ends';
      paths.warn([id], { message: `\`${id}\` cannot be the name of an artifact`, hint, key: true });
    }
    const path = pathOf(paths, text, { at: [id, 'path'] });
    return path === undefined ? [] : [defined({ id, path, ...rest })];
  });
}

/** Without the keys that have no value. */
function defined<Data extends object>(data: Data): { [Key in keyof Data]: Exclude<Data[Key], undefined> } {
  const entries = Object.entries(data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Data]: Exclude<Data[Key], undefined> };
}
