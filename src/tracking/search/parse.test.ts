import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestError } from '../request-error.ts';
import type { Condition, Subject } from './condition.ts';
import { parseFilter, parseOrdering } from './parse.ts';
import { RUN_VOCABULARY } from './run-sql.ts';

const parse = (text: string) => parseFilter(text, RUN_VOCABULARY);

const subject = (of: Subject['of'], key: string): Subject => ({ of, key });

describe('a filter', () => {
  it('of blanks asks for everything', () => {
    expect(parse(' \n')).toBeUndefined();
  });

  it.each([
    ["tags.a.b = 'x'", subject('tag', 'a.b'), { operator: '=', value: 'x' }],
    ['tags.`a b` == "x"', subject('tag', 'a b'), { operator: '=', value: 'x' }],
    ["params.\"a'b\" like 'it''s'", subject('param', "a'b"), { operator: 'like', value: "it's" }],
    ['metrics.m >= -.5e3', subject('metric', 'm'), { operator: '>=', value: -500 }],
    [
      "Run.RUN_ID not in ('a' , 'b','c')",
      subject('attribute', 'run_id'),
      { operator: 'not in', values: ['a', 'b', 'c'] },
    ],
    ['"Run name" = \'x\'', subject('attribute', 'run_name'), { operator: '=', value: 'x' }],
    ['created < 5', subject('attribute', 'start_time'), { operator: '<', value: 5 }],
    ["datasets.digest ILIKE 'x'", subject('dataset', 'digest'), { operator: 'ilike', value: 'x' }],
    ["`Run Name` = 'x'", subject('attribute', 'run_name'), { operator: '=', value: 'x' }],
    ['parameter.p Is Not Null', subject('param', 'p'), { operator: 'is not null' }],
  ])('%s', (text, of, test) => {
    expect(parse(text)).toEqual({ kind: 'compare', subject: of, test });
  });

  it('binds and more tightly than or, and not most of all', () => {
    const compare = (key: string): Condition => ({
      ...{ kind: 'compare', subject: subject('metric', key), test: { operator: '>', value: 0 } },
    });
    expect(parse('metrics.a > 0 or not metrics.b > 0 and metrics.c > 0')).toEqual({
      kind: 'or',
      operands: [compare('a'), { kind: 'and', operands: [{ kind: 'not', operand: compare('b') }, compare('c')] }],
    });
  });

  it('is read or refused, whatever the text', () => {
    const words = [
      'and',
      'or',
      'not',
      '(',
      ')',
      'metrics.a',
      '>',
      '1',
      "'",
      '`',
      'status',
      '=',
      "'x'",
      'in',
      ',',
      'is',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((some) => some.join(' ')),
    );
    fc.assert(
      fc.property(text, (some) => {
        try {
          parse(some);
        } catch (error) {
          expect(error).toBeInstanceOf(RequestError);
        }
      }),
    );
  });
});

describe('an order', () => {
  it.each([
    ['metrics.`a b` DESC', { subject: subject('metric', 'a b'), descending: true }],
    ['start_time', { subject: subject('attribute', 'start_time'), descending: false }],
    ['tags.x asc', { subject: subject('tag', 'x'), descending: false }],
  ])('%s', (text, ordering) => {
    expect(parseOrdering(text, RUN_VOCABULARY)).toEqual(ordering);
  });
});
