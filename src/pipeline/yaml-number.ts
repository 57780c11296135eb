import type { ScalarTag } from 'yaml';

const INTEGER = /^[-+]?(?:0b[01_]+|0o?[0-7_]+|[0-9][0-9_]*|0x[0-9a-fA-F_]+)$/;
const FLOAT =
  /^[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9_]+(?:[eE][-+][0-9]+)?)$/;

/**
 * The number that plain text is to the readers of YAML which Python projects use: beyond those of YAML 1.2 itself there
 * are `1_000`, `0b11` and `-0x1f`. Integers are bigint; undefined when it is no number.
 */
export function plainNumber(text: string): bigint | number | undefined {
  if (!INTEGER.test(text)) return FLOAT.test(text) ? Number(text.replaceAll('_', '')) : undefined;
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '').toLowerCase();
  const magnitude = BigInt(/^0[box]/.test(digits) ? digits : digits.replace(/^0+(?=.)/, ''));
  return text.startsWith('-') ? -magnitude : magnitude;
}

export const PLAIN_INTEGER: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: INTEGER,
  resolve: (text) => plainNumber(text),
};

export const PLAIN_FLOAT: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  test: FLOAT,
  resolve: (text) => plainNumber(text),
};
