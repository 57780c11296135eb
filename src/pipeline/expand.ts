import type { ProjectPath } from '../base/brand.ts';
import { directoryOf } from '../base/project-path.ts';
import type { ParsingOptions } from './command-options.ts';
import { type Context, EMPTY_CONTEXT } from './context.ts';
import { type ExpandedStage, expandStage } from './expand-stage.ts';
import { type Contexts, expandTemplate, type Template } from './expand-template.ts';
import { GIVEN_NAMES, generate } from './generate.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { outConflicts, type PlacedOut } from './out-conflicts.ts';
import type { WrittenPipeline } from './schema.ts';
import type { WrittenForeach, WrittenStage } from './schema-stage.ts';
import type { Stage } from './stage.ts';
import { nameMistake } from './stage-rules.ts';
import { type Teller, tellerOf } from './teller.ts';
import { isValueList, type Value } from './value.ts';
import { type Reading, withParamsFile, withVars } from './vars.ts';

/** What a pipeline file is expanded with. */
export interface Expanding extends Reading {
  readonly pipeline: WrittenPipeline;
  readonly parsing: ParsingOptions;
  /** Whether there is anything in the file that could be a template. */
  readonly templated: boolean;
  /** The values that every stage of the file sees; files are read at the first call. */
  readonly context: () => Context;
  readonly warnings: Mistake[];
  /** File and dotted key of each value of a file that a stage names, parted by NUL. */
  readonly used: Set<string>;
  /** The value at a place of the file, with integers and floats kept apart. */
  readonly valueAt: (at: YamlPath) => Value | undefined;
}

/** Data of the right shape, turned into stages: templates replaced, groups made into their stages, paths resolved. */
export function expandStages(expanding: Expanding): readonly Stage[] {
  const { file, pipeline, mistakes } = expanding;
  const stages: Stage[] = [];
  const outs: PlacedOut[] = [];
  for (const [name, written] of pipeline.stages) {
    const teller = tellerOf(file);
    const wrong = nameMistake(name);
    if (wrong !== undefined) teller.add({ file, at: ['stages', name], key: true, ...wrong });
    for (const { stage, placed } of expandDefinition(expanding, teller, { name, written })) {
      stages.push(stage);
      outs.push(...placed);
    }
    mistakes.push(...teller.mistakes);
  }
  mistakes.push(...conflictsOf(file, outs));
  return stages;
}

/** Of the stages of one group, which all stand in one place, the first conflict says enough. */
function conflictsOf(file: ProjectPath, outs: readonly PlacedOut[]): readonly Mistake[] {
  const teller = tellerOf(file);
  for (const { related, ...conflict } of outConflicts(outs, () => true)) {
    const sameGroup = related !== undefined && String(related.at) === String(conflict.at);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is about templates
    const hint = 'name it by `${item}`, so that each stage of the group writes its own';
    teller.add(sameGroup ? { ...conflict, hint } : { ...conflict, ...(related !== undefined && { related }) });
  }
  return teller.mistakes;
}

/** The values of the params file beside a pipeline file and of the `vars` at its top. */
export function contextOf(expanding: Omit<Expanding, 'context'>): Context {
  const directory = directoryOf(expanding.file);
  const context = withParamsFile(expanding, EMPTY_CONTEXT, directory);
  const items = expanding.pipeline.vars === undefined ? undefined : expanding.valueAt(['vars']);
  return isValueList(items) ? withVars(expanding, context, { at: ['vars'], items, directory }) : context;
}

interface Definition {
  readonly name: string;
  readonly written: WrittenStage | WrittenForeach;
}

function expandDefinition(
  expanding: Expanding,
  teller: Teller,
  { name, written }: Definition,
): readonly ExpandedStage[] {
  const at = ['stages', name];
  if ('foreach' in written) {
    const template = { at: [...at, 'do'], written: written.do };
    return expandGroup(expanding, teller, { name, template, kind: 'foreach', place: [...at, 'foreach'] });
  }
  const { matrix, ...rest } = written;
  const template = { at, written: rest };
  if (matrix !== undefined) {
    return expandGroup(expanding, teller, { name, template, kind: 'matrix', place: [...at, 'matrix'] });
  }
  const expanded =
    expanding.templated || rest.vars !== undefined
      ? expandTemplate({ ...expanding, teller, template, contexts: contextsOf(expanding, template) }, { name })
      : expandPlain(expanding, teller, { name, template });
  return expanded === undefined ? [] : [expanded];
}

function expandPlain(
  { file }: Expanding,
  teller: Teller,
  { name, template }: { readonly name: string; readonly template: Template },
): ExpandedStage | undefined {
  const placeOf = (inside: YamlPath) => [...template.at, ...inside];
  return expandStage({ file, name, wdir: directoryOf(file), add: teller.add, placeOf }, template.written);
}

interface Group {
  readonly name: string;
  readonly template: Template;
  readonly kind: 'foreach' | 'matrix';
  /** Where the list or the axes stand. */
  readonly place: YamlPath;
}

function expandGroup(expanding: Expanding, teller: Teller, group: Group): readonly ExpandedStage[] {
  const { file, warnings, valueAt } = expanding;
  const { name, template, kind, place } = group;
  const context = expanding.context();
  const made = generate({
    kind,
    group: name,
    value: valueAt(place) ?? null,
    at: place,
    context,
    tell: (where, problem) => teller.tell({ at: where, key: false }, problem, context),
    warn: (where, warning) => warnings.push({ file, at: where, ...warning }),
  });
  const templating = { ...expanding, teller, template, contexts: contextsOf(expanding, template, GIVEN_NAMES) };
  return made.flatMap(({ suffix, locals }) => expandTemplate(templating, { name: `${name}@${suffix}`, locals }) ?? []);
}

/** The stages of a group share their `vars`, and where they run in one directory, what is made of them. */
function contextsOf(expanding: Expanding, { at, written }: Template, reserved: readonly string[] = []): Contexts {
  const outer = expanding.context();
  const place = [...at, 'vars'];
  const items = written.vars === undefined ? undefined : expanding.valueAt(place);
  if (!isValueList(items)) return { outer, inside: () => outer };
  const known = new Map<ProjectPath, Context>();
  return {
    outer,
    inside(directory) {
      const context = known.get(directory) ?? withVars(expanding, outer, { at: place, items, directory, reserved });
      known.set(directory, context);
      return context;
    },
  };
}
