import type { z } from 'zod';
import type { ProjectPath } from '../base/brand.ts';
import { nearest } from '../base/nearest.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { FrameSchema, knownKeys, type WrittenPipeline } from './schema.ts';
import { ForeachStage, Stage, type WrittenForeach, type WrittenStage } from './schema-stage.ts';
import { hasTemplate } from './template.ts';

/** The part of some data that has the shape of a pipeline, and what is wrong with the rest. */
export interface Shape {
  /** Without the stages in which there are mistakes, so that the others can be checked further. */
  readonly pipeline: WrittenPipeline;
  readonly mistakes: readonly Mistake[];
  readonly warnings: readonly Mistake[];
}

export function checkShape(file: ProjectPath, data: unknown): Shape {
  const checked = FrameSchema.safeParse(data ?? {}, { reportInput: true });
  const mistakes = checked.success ? [] : mistakesOf(file, checked.error.issues, []);
  const warnings: Mistake[] = [];
  const stages = new Map<string, WrittenStage | WrittenForeach>();
  const frame = isMap(data) ? data : {};
  for (const [name, written] of Object.entries(isMap(frame.stages) ? frame.stages : {})) {
    const at = ['stages', name];
    const stage = checkStage(file, at, written);
    mistakes.push(...stage.mistakes);
    if (stage.definition === undefined) continue;
    stages.set(name, stage.definition);
    const inner =
      'do' in stage.definition
        ? { definition: stage.definition.do, at: [...at, 'do'] }
        : { definition: stage.definition, at };
    if (inner.definition.live !== undefined) warnings.push(leftover(file, [...inner.at, 'live']));
  }
  const vars = checked.success ? checked.data.vars : FrameSchema.shape.vars.safeParse(frame.vars).data;
  const { params, metrics, plots, artifacts, datasets } = frame;
  const declarations = { params, metrics, plots, artifacts, datasets };
  return { pipeline: { ...declarations, stages, ...(vars !== undefined && { vars }) }, mistakes, warnings };
}

interface CheckedStage {
  /** Undefined when there are mistakes. */
  readonly definition?: WrittenStage | WrittenForeach;
  readonly mistakes: readonly Mistake[];
}

function checkStage(file: ProjectPath, at: YamlPath, written: unknown): CheckedStage {
  const isForeach = isMap(written) && ('foreach' in written || 'do' in written);
  const checked = (isForeach ? ForeachStage : Stage).safeParse(written, { reportInput: true });
  return checked.success
    ? { definition: checked.data, mistakes: [] }
    : { mistakes: mistakesOf(file, checked.error.issues, at) };
}

/** What a schema found wrong with the data at a place. */
export function mistakesOf(file: ProjectPath, issues: readonly Issue[], at: YamlPath): Mistake[] {
  return flatten(issues, at).map((issue) => mistakeOf(file, issue));
}

function leftover(file: ProjectPath, at: YamlPath): Mistake {
  const hint = 'list the files that are written among `metrics` and `plots`, and remove it';
  return { file, at, key: true, message: '`live` is left over from DVC 2 and has no effect', hint };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

type Issue = z.core.$ZodIssue;

/** The issues of the branch of a union that the data comes closest to, in place of the union's. */
function flatten(issues: readonly Issue[], above: readonly PropertyKey[]): Issue[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ ...issue, path, keys: [key] }));
    if (issue.code !== 'invalid_union') return [{ ...issue, path }];
    const branches = issue.errors.filter((errors) => errors.every(isInside)).sort((a, b) => a.length - b.length);
    return branches[0] === undefined ? [{ ...issue, path }] : flatten(branches[0], path);
  });
}

/** Whether the value itself is of the branch's kind, and the mistake lies deeper or in its details. */
function isInside(issue: Issue): boolean {
  return issue.path.length > 0 || (issue.code !== 'invalid_type' && issue.code !== 'invalid_union');
}

function mistakeOf(file: ProjectPath, issue: Issue): Mistake {
  const at = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  if (issue.code === 'unrecognized_keys') return unknownKey(file, at, issue.keys[0] ?? '');
  if (issue.input === undefined) {
    return { file, at: at.slice(0, -1), key: true, message: `\`${at.at(-1)}\` is missing` };
  }
  const hint = hintFor(issue, at);
  return { file, at, message: issue.message, ...(hint !== undefined && { hint }) };
}

function unknownKey(file: ProjectPath, around: YamlPath, name: string): Mistake {
  const known = knownKeys(around);
  if (around.length === 2 && around[0] === 'stages' && known.includes(name)) {
    const hint = 'write it below `do`, which is the stage that is made of each';
    return { file, at: [...around, name], key: true, message: `\`${name}\` cannot stand beside \`foreach\``, hint };
  }
  if (around[2] === 'do' && GENERATORS.includes(name)) {
    const hint = 'a stage is made by one of them; a matrix can have any number of axes';
    return { file, at: [...around, name], key: true, message: `\`${name}\` cannot stand inside of \`foreach\``, hint };
  }
  const meant = nearest(name, known);
  const hint = meant === undefined ? `known keys here: ${known.join(', ')}` : `did you mean \`${meant}\`?`;
  return { file, at: [...around, name], key: true, message: `unknown key \`${name}\``, hint };
}

const GENERATORS = ['foreach', 'matrix', 'do'];

function hintFor(issue: Issue, at: YamlPath): string | undefined {
  const { input } = issue;
  if (typeof input === 'string' && hasTemplate(input)) return 'a template cannot stand here; write the value itself';
  const expected = issue.code === 'invalid_union' ? issue.errors.flat() : [issue];
  const accepts = (type: string) => expected.some((one) => one.code === 'invalid_type' && one.expected === type);
  if (typeof input === 'string' && accepts('array')) return `write a list, \`${at.at(-1)}: [${input}]\``;
  const isPlain = typeof input === 'number' || typeof input === 'boolean';
  const isList = at.at(-2) === 'matrix' || at.at(-1) === 'foreach';
  if (isPlain && !isList && accepts('string') && !accepts('number') && !accepts('int')) return 'put text in quotes';
  if (at.length > 4 && at.at(-1) === 'path') return 'flags are written below the path: `- model.pkl: {cache: false}`';
  return undefined;
}
