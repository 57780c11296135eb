import { posix } from 'node:path';
import { RequestError } from '../request-error.ts';

const LONGEST_KEY = 250;

/** Keys become names of files elsewhere: letters of any language, digits and a few signs, and nothing like `../x`. */
export function checkKey(key: string, field: string): void {
  if ([...key].length > LONGEST_KEY) {
    throw invalid(`'${field}' exceeds the maximum length of ${LONGEST_KEY} characters`);
  }
  if (!/^[/\p{L}\p{M}\p{N}_.\- :]*$/u.test(key)) {
    const may = 'letters, digits, underscores (_), dashes (-), periods (.), spaces ( ), colons (:) and slashes (/)';
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter '${field}' supplied: Names may only hold ${may}.`,
    );
  }
  const plain = posix.normalize(key);
  if (plain !== key || plain === '.' || plain.startsWith('..') || plain.startsWith('/') || plain.endsWith('/')) {
    throw invalid(
      `Invalid value ${JSON.stringify(key)} for parameter '${field}' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${plain}'`,
    );
  }
}

/** Clients count on long values being cut instead of refused. */
export function cut(value: string, longest: number): string {
  return value.length > longest ? value.slice(0, longest) : value;
}

export const LONGEST_PARAM = 6000;
export const LONGEST_TAG = 8000;

export function invalid(message: string): RequestError {
  return new RequestError('INVALID_PARAMETER_VALUE', message);
}
