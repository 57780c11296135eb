import fc from 'fast-check';
import { expect, it } from 'vitest';
import { literalOfText, literalsOfText, textOfLiteral } from './param-literal.ts';

it.each([
  ['0.1', '0.1'],
  ['-3', '-3'],
  ['true', 'true'],
  ['forest', '"forest"'],
  ['01', '"01"'],
  ['', '""'],
  ['[1, 2]', '"[1, 2]"'],
])('the text %j is the literal %s', (text, literal) => {
  expect(literalOfText(text)).toBe(literal);
});

it('any text comes back as it was, and is found by what it was', () => {
  const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.double().map(String), fc.json());
  fc.assert(
    fc.property(texts, (text) => {
      const literal = literalOfText(text);
      expect(textOfLiteral(literal)).toBe(text);
      expect(literalsOfText(text)).toContain(literal);
    }),
  );
});

it('a list of repro is found by its text, and quotes are not what a text has', () => {
  expect(literalsOfText('[1, 2]')).toContain('[1, 2]');
  expect(literalsOfText('"x"')).not.toContain('"x"');
});
