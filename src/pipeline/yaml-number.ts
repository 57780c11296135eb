import type { ScalarTag } from 'yaml';
import { floatOf, integerOf } from './dvc/plain.ts';

const INTEGER = /^[-+]?(?:0b[01_]+|0o?[0-7_]+|[0-9][0-9_]*|0x[0-9a-fA-F_]+)$/;
const FLOAT =
  /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9_]+(?:[eE][-+][0-9]+)?)$/;

/**
 * The number that plain text is to the readers of YAML which Python projects use: beyond those of YAML 1.2 itself there
 * are `1_000`, `0b11` and `-0x1f`. Integers are bigint; undefined when it is no number.
 */
export function plainNumber(text: string): bigint | number | undefined {
  if (INTEGER.test(text)) return integerOf(text);
  return FLOAT.test(text) ? floatOf(text) : undefined;
}

export const PLAIN_INTEGER: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: INTEGER,
  resolve: (text) => plainNumber(text) ?? text,
};

export const PLAIN_FLOAT: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: FLOAT,
  resolve: (text) => plainNumber(text) ?? text,
};
