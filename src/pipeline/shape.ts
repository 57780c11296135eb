import type { z } from 'zod';
import type { ProjectPath } from '../base/brand.ts';
import { nearest } from '../base/nearest.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { knownKeys, PipelineSchema, type WrittenPipeline } from './schema.ts';
import { findTemplate } from './template.ts';

/** The part of some data that has the shape of a pipeline, and what is wrong with the rest. */
export interface Shape {
  /** Without the stages in which there are mistakes, so that the others can be checked further. */
  readonly pipeline: WrittenPipeline;
  readonly mistakes: readonly Mistake[];
}

type Stages = Readonly<Record<string, unknown>>;

export function checkShape(file: ProjectPath, data: unknown): Shape {
  const known = dropUnsupported(file, data ?? {});
  const checked = PipelineSchema.safeParse(known.data, { reportInput: true });
  if (checked.success) return { pipeline: checked.data, mistakes: known.mistakes };
  const mistakes = flatten(checked.error.issues, []).map((issue) => mistakeOf(file, issue));
  const sound = PipelineSchema.safeParse({ stages: soundStages(known.data, mistakes) });
  return { pipeline: sound.data ?? {}, mistakes: [...known.mistakes, ...mistakes] };
}

function soundStages(data: unknown, mistakes: readonly Mistake[]): Stages {
  const bad = new Set(mistakes.map((mistake) => mistake.at[1]));
  return Object.fromEntries(Object.entries(stagesOf(data)).filter(([name]) => !bad.has(name)));
}

function stagesOf(data: unknown): Stages {
  return isMap(data) && isMap(data.stages) ? data.stages : {};
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Keys of DVC's files that make stages out of others; a stage that uses one cannot be checked. */
const GENERATORS = ['foreach', 'matrix', 'do'];

/** Takes out what is understood but cannot be done yet, with a mistake for each. */
function dropUnsupported(file: ProjectPath, data: unknown): { data: unknown; mistakes: readonly Mistake[] } {
  if (!isMap(data)) return { data, mistakes: [] };
  const mistakes: Mistake[] = [];
  const { vars, ...rest } = data;
  if (vars !== undefined) mistakes.push(unsupported(file, ['vars']));
  if (!isMap(rest.stages)) return { data: rest, mistakes };
  const stages = Object.entries(rest.stages).filter(([name, stage]) => {
    const key = isMap(stage) ? [...GENERATORS, 'vars'].find((candidate) => candidate in stage) : undefined;
    if (key !== undefined) mistakes.push(unsupported(file, ['stages', name, key]));
    return key === undefined;
  });
  const plain = stages.filter(([name, stage]) => {
    const template = findTemplate({ [name]: stage });
    if (template !== undefined) mistakes.push(templateMistake(file, ['stages', ...template.at], template.key));
    return template === undefined;
  });
  return { data: { ...rest, stages: Object.fromEntries(plain) }, mistakes };
}

function unsupported(file: ProjectPath, at: YamlPath): Mistake {
  return { file, at, key: true, message: `\`${at.at(-1)}\` is not supported yet` };
}

function templateMistake(file: ProjectPath, at: YamlPath, key: boolean): Mistake {
  const hint = 'a shell variable is written `$NAME`, and `${` as text is written `\\${`';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is about templates
  return { file, at, key, message: '`${…}` templates are not supported yet', hint };
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
  const meant = nearest(name, known);
  const hint = meant === undefined ? `known keys here: ${known.join(', ')}` : `did you mean \`${meant}\`?`;
  return { file, at: [...around, name], key: true, message: `unknown key \`${name}\``, hint };
}

function hintFor(issue: Issue, at: YamlPath): string | undefined {
  const { input } = issue;
  const expected = issue.code === 'invalid_union' ? issue.errors.flat() : [issue];
  const accepts = (type: string) => expected.some((one) => one.code === 'invalid_type' && one.expected === type);
  if (typeof input === 'string' && accepts('array')) return `write a list, \`${at.at(-1)}: [${input}]\``;
  if ((typeof input === 'number' || typeof input === 'boolean') && accepts('string')) return 'put text in quotes';
  if (at.length > 4 && at.at(-1) === 'path') return 'flags are written below the path: `- model.pkl: {cache: false}`';
  return undefined;
}
