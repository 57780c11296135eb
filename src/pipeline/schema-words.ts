import { z } from 'zod';

/** The message of a value that is not what its place asks for, whatever rule it breaks. */
export function expects(what: string) {
  return {
    error: (issue: { readonly code?: string | undefined; readonly input?: unknown }) =>
      issue.code === 'unrecognized_keys' ? undefined : `expected ${what}, found ${found(issue.input)}`,
  };
}

/** Characters of a wrong text that are shown in a message. */
const SHOWN = 40;

function found(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > SHOWN ? `the text ${JSON.stringify(`${value.slice(0, SHOWN)}…`)}` : `the text "${value}"`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `${value}`;
    default:
      if (value === null || value === undefined) return 'nothing';
      return Array.isArray(value) ? 'a list' : 'a map';
  }
}

export const text = z.string(expects('text'));
export const flag = z.boolean(expects('true or false'));
export const path = z.string(expects('a path'));
export const anything = z.unknown();

export function texts(what: string) {
  return z.array(text, expects(what));
}

/** Text with a template in it, where only the value that it stands for can be checked. */
export function template(what: string) {
  return z.string().regex(/\$\{.+\}/, expects(what));
}
