// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are templates
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_PARSING, type ParsingOptions } from './command-options.ts';
import { EMPTY_CONTEXT, type Scope, withSource } from './context.ts';
import { interpolateText, interpolateValue } from './interpolate.ts';
import { asValue, type Value, type ValueMap } from './value.ts';

const OPTIONS = {
  k: 1n,
  l: { m: 2, n: {} },
  o: true,
  p: false,
  q: null,
  r: [1n, 'a b', true, null, 1e-5],
  s: "it's",
  t: [],
  'x-y': '',
};

const scope = scopeOf({
  n: 1000n,
  f: 2,
  tiny: 5e-5,
  yes: true,
  no: false,
  nothing: null,
  text: 'a b',
  escaped: '\\${n}',
  list: [1n, 2, true, null, 'a b'],
  deep: { er: [{ x: 'found' }] },
  'a-b': 'dash',
  'a b': 'blank',
  'é+': 'letter',
  map: OPTIONS,
  nested: { bad: [[1n]] },
});

function scopeOf(data: object): Scope {
  const values = asValue(data) as ValueMap;
  const { context } = withSource(EMPTY_CONTEXT, { values, file: 'params.yaml' as never, at: [] });
  return { context, locals: new Map() };
}

function text(template: string, options?: ParsingOptions): string {
  const result = interpolateText(template, { scope, ...(options !== undefined && { options }) });
  return result.ok ? result.value : result.problems.map(({ message }) => `! ${message}`).join(' ');
}

function whole(template: string): Value | undefined {
  const result = interpolateValue(template, { scope });
  return result.ok ? result.value : undefined;
}

describe('values in a text', () => {
  test.each([
    ['plain', 'plain'],
    ['${n}', '1000'],
    ['x ${n} ${f}', 'x 1000 2.0'],
    ['${tiny}', '5e-05'],
    ['${yes} ${no} ${nothing}', 'true false None'],
    ['${text}!', 'a b!'],
    ['${n}${n}', '10001000'],
    ['$${n}', '$1000'],
    ['${ n }', '1000'],
    ['${deep.er[0].x} ${deep.er.0.x} ${ deep . er [ 0 ] . x }', 'found found found'],
    ['${list[-1]} ${list[1]} ${list.2} ${list[3]}', 'a b 2.0 true None'],
    ['${a-b} ${a b} ${é+}', 'dash blank letter'],
    ['${n', '${n'],
    ['$n {n} ${', '$n {n} ${'],
    ['${n\n}', '${n\n}'],
    ['\\${n}', '${n}'],
    ['\\${n} ${n} \\${', '${n} 1000 ${'],
    ['${escaped}', '${n}'],
  ])('%j → %j', (template, expected) => {
    expect(text(template)).toBe(expected);
  });

  test('one template and nothing else is the value itself', () => {
    expect([whole('${n}'), whole('${f}'), whole('${yes}'), whole('${nothing}')]).toEqual([1000n, 2, true, null]);
    expect(whole('${list}')).toEqual([1n, 2, true, null, 'a b']);
    expect(whole('${n} ')).toBe('1000 ');
    expect(whole('${n}${f}')).toBe('10002.0');
  });
});

describe('what cannot be replaced', () => {
  test.each([
    ['${}', '! the template `${}` cannot be read'],
    ['${n.}', '! the template `${n.}` cannot be read'],
    ['${.n}', '! the template `${.n}` cannot be read'],
    ['${deep..er}', '! the template `${deep..er}` cannot be read'],
    ['${list[0]b}', '! the template `${list[0]b}` cannot be read'],
    ['${list[0}', '! the template `${list[0}` cannot be read'],
    ['${missing}', '! `${missing}` names no value'],
    ['${HOME:-x}', '! `${HOME:-x}` names no value'],
    ['${deep.er.x}', '! `${deep.er.x}` names no value'],
    ['${list[9]}', '! `${list[9]}` names no value'],
    ['${n.x}', '! `${n.x}` names no value'],
    ['${${n}}', '! `${${n}` names no value'],
    ['${gone} ${n} ${lost}', '! `${gone}` names no value ! `${lost}` names no value'],
    ['x ${list}', '! `${list}` is a list, which cannot stand in a text'],
    ['${map}', '! `${map}` is a map, which cannot stand in a text'],
  ])('%j', (template, expected) => {
    expect(text(template)).toBe(expected);
  });

  test('a list in a command', () => {
    expect(text('x ${list}', DEFAULT_PARSING)).toBe('! `${list}` is a list, which cannot stand in a text');
  });

  test('a list of lists among the options of a command', () => {
    expect(text('x ${nested}', DEFAULT_PARSING)).toBe(
      '! `${nested}` cannot be written as options: the list `bad` holds lists or maps',
    );
  });
});

describe('a map in a command', () => {
  test('becomes options', () => {
    expect(text('run ${map}', DEFAULT_PARSING)).toBe(
      `run --k 1 --l.m 2.0 --o --q None --r 1 'a b' True None 1e-05 --s 'it'"'"'s' --x-y ''`,
    );
  });

  test('with a choice of what false and lists are', () => {
    expect(text('${map}', { bool: 'boolean_optional', list: 'append' })).toBe(
      `--k 1 --l.m 2.0 --o --no-p --q None --r 1 --r 'a b' --r True --r None --r 1e-05 --s 'it'"'"'s' --x-y ''`,
    );
  });
});

describe('for any text', () => {
  test('without templates nothing changes', () => {
    const plain = fc.string().filter((written) => !written.includes('${'));
    fc.assert(fc.property(plain, (written) => text(written) === written));
  });

  test('a value is found by the path that leads to it', () => {
    const word = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,5}$/);
    const path = fc.array(word, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(path, fc.string({ unit: 'grapheme-ascii' }), (words, leaf) => {
        const data = words.reduceRight<unknown>((inside, key) => ({ [key]: inside }), leaf.replaceAll('\\', ''));
        const result = interpolateText(`<\${${words.join('.')}}>`, { scope: scopeOf(data as object) });
        return result.ok && result.value === `<${leaf.replaceAll('\\', '')}>`;
      }),
    );
  });

  test('an escaped text comes out as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '.', '[', ' ') }), (written) => {
        return text(written.replaceAll('${', '\\${')) === written;
      }),
    );
  });
});
