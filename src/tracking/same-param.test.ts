import { expect, test } from 'vitest';
import { literalOfText } from './param-literal.ts';
import { saysTheSame } from './same-param.ts';

test.each([
  ['0.1', '0.1', true],
  ['0.00001', '1e-05', true],
  ['1', '1.0', true],
  ['true', 'True', true],
  ['null', 'None', true],
  ['"adam"', 'adam', true],
  ['"1"', '1', true],
  ['["a", "b"]', "['a', 'b']", true],
  ['[1, 2.5]', '(1, 2.5)', true],
  ['{"a": null}', "{'a': None}", true],
  ['0.1', '0.2', false],
  ['"True North"', 'true North', false],
  ['""', '0', false],
  ['[1]', '[1, 2]', false],
])('declared as %s, logged as %s: %s', (declared, logged, same) => {
  expect(saysTheSame(declared, literalOfText(logged))).toBe(same);
});
