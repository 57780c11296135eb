import type { ProjectPath } from '../base/brand.ts';
import { directoryOf, resolveInProject } from '../base/project-path.ts';
import type { ParsingOptions } from './command-options.ts';
import type { Context, Scope } from './context.ts';
import { type ExpandedStage, expandStage } from './expand-stage.ts';
import { interpolateText } from './interpolate.ts';
import type { YamlPath } from './mistake.ts';
import { asWritten, type Resolving, resolveData, type Wanted } from './resolve-data.ts';
import { Stage as StageSchema, type WrittenStage } from './schema-stage.ts';
import { mistakesOf } from './shape.ts';
import type { Teller } from './teller.ts';
import type { ValueMap } from './value.ts';

/** What a stage, or each stage of a group, is made of. */
export interface Template {
  /** Where it stands. */
  readonly at: YamlPath;
  readonly written: WrittenStage;
}

/** What the templates of a stage see. */
export interface Contexts {
  /** In its wdir. */
  readonly outer: Context;
  /** In all else: with the stage's own `vars`, whose files are relative to its wdir. */
  readonly inside: (wdir: ProjectPath) => Context;
}

interface Templating {
  readonly file: ProjectPath;
  readonly parsing: ParsingOptions;
  readonly used: Set<string>;
  readonly teller: Teller;
  readonly template: Template;
  readonly contexts: Contexts;
}

/** One stage of a template; undefined when something in it cannot be replaced. */
export function expandTemplate(
  templating: Templating,
  { name, locals = NO_LOCALS }: { readonly name: string; readonly locals?: ValueMap },
): ExpandedStage | undefined {
  const { file, parsing, used, teller, template, contexts } = templating;
  const { at, written } = template;
  const directory = directoryOf(file);
  const context = contexts.inside(wdirOf(directory, written, { context: contexts.outer, locals }));
  const keys: Resolving['keys'] = new Map();
  let sound = true;
  const resolving: Resolving = {
    scope: { context, locals, used },
    parsing,
    keys,
    tell(place, problem) {
      sound = false;
      const message = locals === NO_LOCALS ? problem.message : `${problem.message}, in \`${name}\``;
      teller.tell(place, { ...problem, message }, context);
    },
  };
  const resolved = resolveStage(resolving, template);
  const placeOf = (inside: YamlPath) => [...at, ...asWritten(resolved, keys, inside)];
  for (const mistake of sound ? settledMistakes(file, resolved) : []) {
    sound = false;
    teller.add({ ...mistake, at: placeOf(mistake.at) });
  }
  return sound ? expandStage({ file, name, wdir: directory, add: teller.add, placeOf }, resolved) : undefined;
}

const NO_LOCALS: ValueMap = new Map();

/** Keys whose values are no text. */
const TYPED = new Set(['meta', 'timeout', 'retries', 'resources']);

function resolveStage(resolving: Resolving, { at, written }: Template): WrittenStage {
  const { vars: _vars, ...rest } = written;
  const entries = Object.entries(rest).map(([key, value]) => {
    const wanted: Wanted = key === 'cmd' ? 'command' : TYPED.has(key) ? 'scalar' : 'text';
    return [key, resolveData(resolving, value, { at: [...at, key], wanted })];
  });
  // Texts became texts, and what need not be text is looked at again.
  return Object.fromEntries(entries) as WrittenStage;
}

/** What is wrong with values that could not be checked while they were templates. */
function settledMistakes(file: ProjectPath, { timeout, retries, resources }: WrittenStage) {
  const settled = { timeout, retries, resources };
  if (timeout === undefined && retries === undefined && resources === undefined) return [];
  const checked = SettledSchema.safeParse(settled, { reportInput: true });
  return checked.success ? [] : mistakesOf(file, checked.error.issues, []);
}

const SettledSchema = StageSchema.pick({ timeout: true, retries: true, resources: true });

/** Where the stage's own `vars` are looked for. What is wrong with the wdir itself is told with the stage. */
function wdirOf(directory: ProjectPath, { wdir = '.' }: WrittenStage, scope: Scope): ProjectPath {
  const text = interpolateText(wdir, { scope });
  return (text.ok ? resolveInProject(directory, text.value) : undefined) ?? directory;
}
