import type { ProjectPath } from '../base/brand.ts';
import { joinPath, resolveInProject } from '../base/project-path.ts';
import { type Context, type ValueSource, withSource } from './context.ts';
import type { DataFiles } from './data-files.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { holdsTemplate } from './template.ts';
import { isValueMap, type Value, type ValueMap } from './value.ts';

/** The file whose values every template sees, beside the pipeline file. */
export const PARAMS_FILE = 'params.yaml';

/** Where values are read from, and where what is wrong with them is told. */
export interface Reading {
  /** The pipeline file. */
  readonly file: ProjectPath;
  readonly files: DataFiles;
  readonly mistakes: Mistake[];
}

export interface Vars {
  /** Where the list stands. */
  readonly at: YamlPath;
  readonly items: readonly Value[];
  /** What the names of files are relative to. */
  readonly directory: ProjectPath;
  /** Names that the stage's `foreach` or `matrix` gives. */
  readonly reserved?: readonly string[];
}

/** The context with the values of the params file of a directory, if it has one. */
export function withParamsFile(reading: Reading, context: Context, directory: ProjectPath): Context {
  const file = joinPath(directory, PARAMS_FILE);
  const read = reading.files.read(file);
  if (read === 'missing') return context;
  if (read === 'broken') return { ...context, incomplete: true };
  return remember(withSource(context, { values: read, file, at: [] }).context, file, null);
}

/** The context with everything that a list of `vars` names, in its order. */
export function withVars(reading: Reading, before: Context, vars: Vars): Context {
  const tell = (at: YamlPath, mistake: Pick<Mistake, 'message' | 'hint' | 'related' | 'key'>): void => {
    reading.mistakes.push({ file: reading.file, at, ...mistake });
  };
  let context = before;
  for (const [index, item] of vars.items.entries()) {
    const at = [...vars.at, index];
    if (holdsTemplate(plainOf(item))) {
      const hint = 'write the value itself; what stands in `vars` is what templates are replaced by';
      tell(at, { message: 'templates cannot stand in `vars`', hint });
      context = { ...context, incomplete: true };
    } else if (isValueMap(item)) {
      context = merged({ reading, vars, at }, context, { values: item, file: reading.file, at });
    } else {
      context = withFile({ reading, vars, at, tell }, context, String(item));
    }
  }
  return context;
}

interface Item {
  readonly reading: Reading;
  readonly vars: Vars;
  /** Where it stands. */
  readonly at: YamlPath;
}

interface FileItem extends Item {
  readonly tell: (at: YamlPath, mistake: Pick<Mistake, 'message' | 'hint'>) => void;
}

/** `file`, or `file:key1,key2`. */
function withFile(item: FileItem, context: Context, written: string): Context {
  const { reading, vars, at, tell } = item;
  const colon = written.indexOf(':');
  const name = colon < 0 ? written : written.slice(0, colon);
  const keys =
    colon < 0
      ? []
      : written
          .slice(colon + 1)
          .split(',')
          .filter((key) => key !== '');
  const file = resolveInProject(vars.directory, name);
  if (file === undefined) {
    tell(at, { message: `the path \`${name}\` leads outside the project` });
    return { ...context, incomplete: true };
  }
  const loaded = context.files.get(file);
  if (loaded === null && keys.length === 0) return context;
  const twice = loaded === undefined ? undefined : loadedTwice({ file, loaded, keys });
  if (twice !== undefined) {
    tell(at, twice);
    return context;
  }
  const read = reading.files.read(file);
  if (read === 'missing') {
    tell(at, {
      message: `the file ${file} does not exist`,
      hint: 'create it, correct the path, or fetch it from where it was made',
    });
  }
  if (read === 'missing' || read === 'broken') return { ...context, incomplete: true };
  const missing = keys.filter((key) => !read.has(key));
  for (const key of missing) tell(at, { message: `there is no \`${key}\` in ${file}` });
  const values = keys.length === 0 ? read : partOf(read, keys);
  const next = remember(
    merged(item, context, { values, file, at: [] }),
    file,
    keys.length === 0 ? null : [...(loaded ?? []), ...keys],
  );
  return missing.length > 0 ? { ...next, incomplete: true } : next;
}

interface Loading {
  readonly file: ProjectPath;
  readonly loaded: readonly string[] | null;
  readonly keys: readonly string[];
}

function loadedTwice({ file, loaded, keys }: Loading): { message: string; hint: string } | undefined {
  const hint = 'name the file once: whole, or with all the keys that are wanted';
  if (loaded === null) return { message: `the whole of ${file} is loaded already`, hint };
  if (keys.length === 0) return { message: `${file} is loaded in part already`, hint };
  const again = keys.find((key) => loaded.includes(key));
  return again === undefined ? undefined : { message: `\`${again}\` of ${file} is loaded already`, hint };
}

function partOf(values: ValueMap, keys: readonly string[]): ValueMap {
  return new Map(
    keys.flatMap((key) => {
      const value = values.get(key);
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

/** The context with one more source; what it defines anew is a mistake that names both places. */
function merged({ reading, vars, at }: Item, context: Context, source: ValueSource): Context {
  const reserved = (vars.reserved ?? []).filter((name) => source.values.has(name));
  for (const name of reserved) {
    const message = `\`${name}\` cannot be defined here: it is what \`foreach\` or \`matrix\` gives each stage`;
    reading.mistakes.push({
      file: source.file,
      at: [...source.at, name],
      key: true,
      message,
      ...seen(source, reading, at),
    });
  }
  const { context: next, redefined } = withSource(context, source);
  for (const { path, first } of redefined) {
    if (reserved.includes(path[0] ?? '')) continue;
    const message = `\`${path.join('.')}\` is defined twice`;
    const hint = 'maps are merged, but any other value is defined in one place';
    const related = { file: first.file, at: [...first.at, ...path], key: true };
    reading.mistakes.push({ file: source.file, at: [...source.at, ...path], key: true, message, hint, related });
  }
  return next;
}

/** A mistake in another file says where in the pipeline file that file is named. */
function seen(source: ValueSource, reading: Reading, at: YamlPath): Pick<Mistake, 'related'> {
  return source.file === reading.file ? {} : { related: { file: reading.file, at } };
}

function remember(context: Context, file: ProjectPath, keys: readonly string[] | null): Context {
  return { ...context, files: new Map(context.files).set(file, keys) };
}

/** The texts of a value, as `holdsTemplate` looks through them. */
function plainOf(value: Value): unknown {
  if (isValueMap(value)) return [...value].flatMap(([key, member]) => [key, plainOf(member)]);
  return Array.isArray(value) ? value.map(plainOf) : value;
}
