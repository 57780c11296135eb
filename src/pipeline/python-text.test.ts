import fc from 'fast-check';
import { expect, test } from 'vitest';
import floats from './fixtures/python-floats.json' with { type: 'json' };
import { pythonText } from './python-text.ts';

test('floats as Python wrote them into the fixture', () => {
  const read = floats.map(([bytes = '']) => pythonText(Buffer.from(bytes, 'hex').readDoubleBE()));
  expect(read).toEqual(floats.map(([, text]) => text));
  expect(floats.length).toBeGreaterThan(300);
});

test('a float gives the same number again, and never looks like an integer', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = pythonText(value);
      return Object.is(Number(text), value) && /[.e]/.test(text);
    }),
  );
});

test.each([
  [1n, '1'],
  [12345678901234567890n, '12345678901234567890'],
  [true, 'true'],
  [false, 'false'],
  [null, 'None'],
  ['', ''],
  ['1.0', '1.0'],
])('%s', (value, text) => {
  expect(pythonText(value)).toBe(text);
});
