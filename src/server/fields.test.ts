import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  anyText,
  jsonDouble,
  jsonInt64,
  message,
  optionalBoolean,
  optionalCount,
  optionalEnum,
  optionalText,
  RUN_STATUSES,
  readRequest,
  repeated,
  requiredDouble,
  requiredInt64,
  requiredText,
} from './fields.ts';

const SEE = 'See the API docs for more information about request parameters.';

function complaintOf(schema: z.ZodType, raw: unknown): string {
  try {
    readRequest(schema, raw);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
}

describe('a field', () => {
  const required = message({ name: requiredText({ longest: 5 }) });

  it.each([[{}], [{ name: null }], [{ name: '' }]])('that is required is missing from %j', (raw) => {
    expect(complaintOf(required, raw)).toBe(`Missing value for required parameter 'name'. ${SEE}`);
  });

  it.each([
    [1, '1', 'int'],
    [1.5, '1.5', 'float'],
    [true, 'true', 'bool'],
    [['a'], '["a"]', 'list'],
    [{ a: 1 }, '{"a":1}', 'dict'],
    ['a\0b', '"a\\u0000b"', 'str'],
  ])('of text is not %j', (name, json, type) => {
    expect(complaintOf(required, { name })).toBe(
      `Invalid value ${json} for parameter 'name' supplied:  Hint: Value was of type '${type}'. ${SEE}`,
    );
  });

  it('of text has a length', () => {
    expect(complaintOf(required, { name: '123456' })).toBe("'name' exceeds the maximum length of 5 characters");
  });

  it('in a list is named with its place', () => {
    const schema = message({ tags: repeated(message({ key: requiredText(), value: anyText() })) });
    expect(complaintOf(schema, { tags: [{ key: 'a', value: '' }, { value: 'b' }] })).toContain("'tags[1].key'");
  });

  it('is absent, null or left out, all the same', () => {
    const schema = message({ a: optionalText(), b: optionalText(), c: repeated(anyText()), d: optionalBoolean() });
    expect(readRequest(schema, { a: null, unknown: 1 })).toEqual({ a: undefined, c: [] });
    expect(readRequest(schema, { c: 'one', d: 'true' })).toEqual({ c: ['one'], d: true });
  });
});

describe('a whole number', () => {
  it.each([
    [5, 5],
    ['5', 5],
    [-3, -3],
    ['9223372036854775807', 9223372036854775807n],
    [-9223372036854775808n, -9223372036854775808n],
  ])('%s is read', (raw, value) => {
    expect(readRequest(requiredInt64(), raw)).toBe(value);
  });

  it.each([1.5, '1.5', 'x', true, 9223372036854775808n, '9223372036854775808'])('%s is none', (raw) => {
    expect(complaintOf(message({ step: requiredInt64() }), { step: raw })).toContain("for parameter 'step'");
  });

  it('is counted within bounds', () => {
    const schema = message({ max_results: optionalCount({ least: 1, most: 10 }) });
    expect(readRequest(schema, {})).toEqual({});
    expect(readRequest(schema, { max_results: '10' })).toEqual({ max_results: 10 });
    expect(complaintOf(schema, { max_results: 11 })).toBe(
      "Invalid value 11 for parameter 'max_results' supplied: It must be between 1 and 10",
    );
  });

  it('goes out so that no digit is lost', () => {
    expect([jsonInt64(5), jsonInt64(2n ** 60n)]).toEqual([5, '1152921504606846976']);
  });
});

describe('a double', () => {
  it.each([
    [0.1, 0.1],
    ['NaN', Number.NaN],
    ['-Infinity', Number.NEGATIVE_INFINITY],
    ['1e-3', 0.001],
    [Number.NaN, Number.NaN],
  ])('%s is read', (raw, value) => {
    expect(readRequest(requiredDouble(), raw)).toBe(value);
  });

  it.each([true, 'high', [], {}])('%j is none', (raw) => {
    expect(complaintOf(message({ value: requiredDouble() }), { value: raw })).toContain("for parameter 'value'");
  });

  it('goes out as JSON can say it', () => {
    expect([1.5, Number.NaN, Number.NEGATIVE_INFINITY].map(jsonDouble)).toEqual([1.5, 'NaN', '-Infinity']);
  });
});

describe('an enum', () => {
  const schema = message({ status: optionalEnum(RUN_STATUSES) });

  it('is read by name and by number', () => {
    expect(['FAILED', 4, null].map((status) => readRequest(schema, { status }).status)).toEqual([
      'FAILED',
      'FAILED',
      undefined,
    ]);
    expect(complaintOf(schema, { status: 'NOPE' })).toContain('"NOPE" for parameter \'status\'');
  });
});
