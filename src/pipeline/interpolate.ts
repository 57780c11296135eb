import { commandOptions, type ParsingOptions } from './command-options.ts';
import { lookUp, namesIn, type Scope } from './context.ts';
import { pythonText } from './python-text.ts';
import { isPlain, type Template, templatesIn, unescapeTemplates } from './template.ts';
import { isScalarValue, isValueMap, kindOf, type Value } from './value.ts';

export type Interpolated<Result> =
  | { readonly ok: true; readonly value: Result }
  | { readonly ok: false; readonly problems: readonly TemplateProblem[] };

/** Why a template cannot be replaced. `names` gives what there would be instead, which takes long to find out. */
export interface TemplateProblem {
  /** As written, braces included. */
  readonly template?: string;
  readonly message: string;
  readonly hint?: string;
  readonly unknown?: { readonly name: string; readonly names: () => readonly string[] };
}

interface Place {
  readonly scope: Scope;
  /** Given where a map is written out as options: in a command. */
  readonly options?: ParsingOptions;
}

/** A text with its templates replaced, and `\${` as the `${` it means. */
export function interpolateText(text: string, place: Place): Interpolated<string> {
  if (isPlain(text)) return { ok: true, value: text };
  const problems: TemplateProblem[] = [];
  let result = '';
  let end = 0;
  for (const template of templatesIn(text)) {
    const found = select(template, place.scope);
    const inserted = found.ok ? textOf(template, found.value, place.options) : found;
    if (inserted.ok) result += text.slice(end, template.start) + inserted.value;
    else problems.push(...inserted.problems);
    end = template.start + template.text.length;
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: unescapeTemplates(result + text.slice(end)) };
}

/** A text with its templates replaced. One that is a single template and nothing else is the value itself. */
export function interpolateValue(text: string, place: Place): Interpolated<Value> {
  if (isPlain(text)) return { ok: true, value: text };
  const [first, ...more] = templatesIn(text);
  const whole = first !== undefined && more.length === 0 && first.text === text;
  return whole ? select(first, place.scope) : interpolateText(text, place);
}

function select(template: Template, scope: Scope): Interpolated<Value> {
  const { path, text } = template;
  if (path === undefined) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is about templates
    const hint = 'a template names a value, `${train.lr}` or `${layers[0]}`; `${` as text is written `\\${`';
    return failure(template, { message: `the template \`${text}\` cannot be read`, hint });
  }
  const value = lookUp(scope, path);
  if (value !== undefined) return { ok: true, value };
  const unknown = { name: path.join('.'), names: () => namesIn(scope) };
  return failure(template, { message: `\`${text}\` names no value`, unknown });
}

function textOf(template: Template, value: Value, options: ParsingOptions | undefined): Interpolated<string> {
  if (isScalarValue(value)) return { ok: true, value: pythonText(value) };
  if (!isValueMap(value) || options === undefined) {
    const hint = isValueMap(value)
      ? 'a map can stand in a command, where it becomes options; elsewhere name one of its values'
      : 'name one of its items, or make a stage of each with `foreach` or `matrix`';
    return failure(template, {
      message: `\`${template.text}\` is ${kindOf(value)}, which cannot stand in a text`,
      hint,
    });
  }
  const written = commandOptions(value, options);
  if (written.ok) return { ok: true, value: written.text };
  const message = `\`${template.text}\` cannot be written as options: the list \`${written.key}\` holds lists or maps`;
  return failure(template, { message });
}

function failure(
  { text }: Template,
  problem: Omit<TemplateProblem, 'template'>,
): { readonly ok: false; readonly problems: readonly TemplateProblem[] } {
  return { ok: false, problems: [{ ...problem, template: text }] };
}
