import fc from 'fast-check';
import { type DvcMap, type DvcValue, mapOf } from '../../../src/pipeline/dvc/value.ts';

const ODD = [
  'yes',
  'true',
  'Null',
  '~',
  '',
  ' ',
  '1',
  '1.0',
  '1e5',
  '0o7',
  '010',
  '0x1F',
  '1_000',
  '+.5',
  '.inf',
  '-.INF',
  '.NaN',
  '2020-01-01',
  '2020-1-1 10:00:00 Z',
  '12:30',
  '<<',
  '=',
  '-',
  '- a',
  '-a',
  '?',
  '? a',
  '?a',
  ':',
  ':a',
  'a:',
  'a: b',
  'a:b',
  'a #b',
  'a#b',
  '#a',
  '@a',
  '`a',
  '%a',
  '!a',
  '&a',
  '*a',
  '[a',
  'a]',
  '{a',
  '|',
  '>',
  '"a',
  "'a",
  "it's",
  'a "b" c',
  '---',
  '--- a',
  '...',
  ' a',
  'a ',
  'a\nb',
  'a\n\nb\n',
  'a \nb',
  'a\n b',
  'a\tb',
  '\ta',
  'a\r\nb',
  'é',
  '日本語',
  '🐧',
  '\u2028',
  'a\u2028b c',
  '\x85 a',
  '\ufeffa',
  '\u00a0',
  '\u200b',
  '\x00\x07\x1b',
  '\\',
  'a\\nb',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template as text
  '${x}',
  '-_',
  '_1',
  '/abs/path',
  's3://bucket/key',
] as const;

const word = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z./=-]{1,14}$/) },
  { weight: 1, arbitrary: fc.stringMatching(/^[a-z]{60,130}$/) },
  { weight: 2, arbitrary: fc.constantFrom(...ODD) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);
const gap = fc.constantFrom(' ', ' ', ' ', ' ', '  ', '   ', '\n', ' \\\n', '\t', '\u2028', " '", '" ', ': ', ' #');

/** Long text of words, of which a file has several lines. */
const script = fc
  .array(fc.tuple(word, gap), { minLength: 1, maxLength: 40 })
  .map((parts) => parts.map((part) => part.join('')).join(''));

export const text = fc.oneof(
  fc.constantFrom(...ODD),
  word,
  script,
  script.map((long) => long.trim()),
);

const float = fc.oneof(
  fc.double(),
  fc.constantFrom(0.1, 1, -0, 1e16, 1e15, 1e-4, 1e-5, 123456789012345680, 5e-324, 1.5e300, 100),
);
const date = fc
  .date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((day) => ({ kind: 'date' as const, text: day.toISOString().slice(0, 10) }));

const scalar: fc.Arbitrary<DvcValue> = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 2, arbitrary: float },
  { weight: 2, arbitrary: fc.bigInt() },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: date },
);

/** Keys that DVC can write and read again: it breaks those that are longer than a line. */
const key = fc.oneof(
  { weight: 8, arbitrary: text.filter((name) => name.length < 40 || !/[ \u2028\x85]/.test(name)) },
  { weight: 1, arbitrary: fc.bigInt() },
  { weight: 1, arbitrary: fc.constantFrom(null, true, 1.5) },
);

function mapFrom(value: fc.Arbitrary<DvcValue>): fc.Arbitrary<DvcMap> {
  const entries = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => pythonKey(name), maxLength: 4 });
  return entries.map(mapOf);
}

/** What Python takes for one key: `1`, `1.0` and `true` are. */
function pythonKey(name: DvcValue): string {
  return typeof name === 'string' || name === null ? `${typeof name}${name}` : String(Number(name));
}

function valueFrom(leaf: fc.Arbitrary<DvcValue>, map: (value: fc.Arbitrary<DvcValue>) => fc.Arbitrary<DvcMap>) {
  return fc.letrec<{ value: DvcValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      map(tie('value')),
    ),
  })).value;
}

export const anyValue = valueFrom(scalar, mapFrom);
export const anyMap = mapFrom(anyValue).filter((map) => map.entries.length > 0);

/** Values that DVC can hash: no dates, and keys of one kind. */
export const jsonValue = valueFrom(
  scalar.filter((one) => one === null || typeof one !== 'object'),
  (member) => {
    const named = fc.uniqueArray(fc.tuple(text, member), { selector: ([name]) => name, maxLength: 4 });
    const numbered = fc.uniqueArray(fc.tuple(fc.bigInt(), member), { selector: ([name]) => name, maxLength: 4 });
    return fc.oneof(named, numbered).map((entries) => mapOf(entries));
  },
);
