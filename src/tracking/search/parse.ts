import { type Token, tokensOf } from '../filter-tokens.ts';
import { RequestError } from '../request-error.ts';
import type { Comparison, Condition, Family, Ordering, Subject, Test, Vocabulary } from './condition.ts';

/**
 * MLflow's filters, with `or`, `not` and parentheses besides:
 * ```
 * filter  = clause { 'or' clause }
 * clause  = term { 'and' term }
 * term    = 'not' term | '(' filter ')' | subject test
 * test    = operator value | ['not'] 'in' '(' value { ',' value } ')' | 'is' ['not'] 'null'
 * ```
 */
export function parseFilter(text: string, vocabulary: Vocabulary): Condition | undefined {
  if (text.trim() === '') return undefined;
  const reader = readerOf(text, vocabulary);
  const condition = readOr(reader, 0);
  if (reader.peek().kind !== 'end') throw reader.mistake();
  return condition;
}

/** `metrics.acc DESC`. */
export function parseOrdering(text: string, vocabulary: Vocabulary): Ordering {
  const reader = readerOf(text, vocabulary);
  const subject = readSubject(reader);
  const descending = reader.skip('desc');
  if (!descending) reader.skip('asc');
  if (reader.peek().kind !== 'end') throw invalid(`Invalid ordering key in order_by clause '${text}'.`);
  return { subject, descending };
}

/** One subject twice has no meaning. */
export function parseOrderings(texts: readonly string[], vocabulary: Vocabulary): readonly Ordering[] {
  const orderings = texts.map((text) => parseOrdering(text, vocabulary));
  const names = orderings.map(({ subject }) => `${subject.of}.${subject.key}`);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice.length > 0) throw invalid(`\`order_by\` contains duplicate fields: ${[...new Set(twice)].join(', ')}`);
  return orderings;
}

interface Reader {
  readonly vocabulary: Vocabulary;
  peek(): Token;
  next(): Token;
  skip(keyword: string): boolean;
  count(): void;
  mistake(): RequestError;
}

/** More than anyone writes, less than the databases' and our own stack hold. */
const MOST_COMPARISONS = 200;
const DEEPEST = 50;
const LONGEST_PATTERN = 5000;

function readerOf(text: string, vocabulary: Vocabulary): Reader {
  const tokens = tokensOf(text);
  const end: Token = { kind: 'end', column: text.length + 1 };
  let at = 0;
  let comparisons = 0;
  const peek = () => tokens[at] ?? end;
  return {
    vocabulary,
    peek,
    next: () => tokens[at++] ?? end,
    skip(keyword) {
      const found = isKeyword(peek(), keyword);
      if (found) at += 1;
      return found;
    },
    count() {
      comparisons += 1;
      if (comparisons > MOST_COMPARISONS) throw invalid(`A filter may hold at most ${MOST_COMPARISONS} clauses`);
    },
    mistake: () => invalid(`Invalid clause(s) in filter string: '${text.slice(peek().column - 1)}'`),
  };
}

function isKeyword(token: Token, keyword: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === keyword;
}

function readOr(reader: Reader, depth: number): Condition {
  return readList(reader, { keyword: 'or', read: () => readAnd(reader, depth) });
}

function readAnd(reader: Reader, depth: number): Condition {
  return readList(reader, { keyword: 'and', read: () => readTerm(reader, depth) });
}

function readList(
  reader: Reader,
  { keyword, read }: { readonly keyword: 'and' | 'or'; readonly read: () => Condition },
): Condition {
  const first = read();
  const operands = [first];
  while (reader.skip(keyword)) operands.push(read());
  return operands.length === 1 ? first : { kind: keyword, operands };
}

function readTerm(reader: Reader, depth: number): Condition {
  if (depth > DEEPEST) throw reader.mistake();
  if (reader.skip('not')) return { kind: 'not', operand: readTerm(reader, depth + 1) };
  if (!isParen(reader.peek(), '(')) return readComparison(reader);
  reader.next();
  const inner = readOr(reader, depth + 1);
  if (!isParen(reader.next(), ')')) throw reader.mistake();
  return inner;
}

function isParen(token: Token, text: '(' | ')'): boolean {
  return token.kind === 'paren' && token.text === text;
}

const SPELLINGS: ReadonlyMap<string, Family> = new Map([
  ...(['metric', 'metrics'] as const).map((name) => [name, 'metric'] as const),
  ...(['param', 'params', 'parameter', 'parameters'] as const).map((name) => [name, 'param'] as const),
  ...(['tag', 'tags'] as const).map((name) => [name, 'tag'] as const),
  ...(['attribute', 'attributes', 'attr', 'run'] as const).map((name) => [name, 'attribute'] as const),
  ...(['dataset', 'datasets'] as const).map((name) => [name, 'dataset'] as const),
]);

function readSubject(reader: Reader): Subject {
  const token = reader.peek();
  if (token.kind === 'quoted-key') {
    reader.next();
    return subjectOf(reader, token.family, token.key);
  }
  if (token.kind !== 'word' && token.kind !== 'string') throw reader.mistake();
  reader.next();
  const dot = token.text.indexOf('.');
  if (dot === -1 || token.kind === 'string') return attribute(reader, token.text);
  return subjectOf(reader, token.text.slice(0, dot), token.text.slice(dot + 1));
}

function subjectOf(reader: Reader, spelling: string, key: string): Subject {
  const { families } = reader.vocabulary;
  const of = SPELLINGS.get(spelling.toLowerCase());
  if (of === undefined || !families.includes(of)) {
    const valid = families.map((family) => `'${family}'`).join(', ');
    throw invalid(`Invalid entity type '${spelling}'. Valid values are [${valid}]`);
  }
  if (of === 'attribute') return attribute(reader, key);
  if (of === 'dataset' && !DATASET_KEYS.includes(key)) throw invalidKey('dataset', { key, valid: DATASET_KEYS });
  if (key === '') throw reader.mistake();
  return { of, key };
}

const DATASET_KEYS = ['name', 'digest', 'context'];

function attribute({ vocabulary }: Reader, key: string): Subject {
  const found = vocabulary.attributes.get(key.toLowerCase());
  if (found === undefined) throw invalidKey('attribute', { key, valid: [...vocabulary.attributes.keys()] });
  return { of: 'attribute', key: found.name };
}

function invalidKey(what: string, { key, valid }: { readonly key: string; readonly valid: readonly string[] }): Error {
  return invalid(`Invalid ${what} key '${key}' specified. Valid keys are '${valid.join(', ')}'`);
}

function readComparison(reader: Reader): Comparison {
  reader.count();
  const subject = readSubject(reader);
  return { kind: 'compare', subject, test: readTest(reader, subject) };
}

const NUMBER_OPERATORS = ['>', '>=', '<', '<=', '=', '!='] as const;
const TEXT_OPERATORS = ['=', '!=', 'like', 'ilike', 'in', 'not in'] as const;

function readTest(reader: Reader, subject: Subject): Test {
  const operator = readOperator(reader);
  if (operator === 'is null' || operator === 'is not null') return { operator };
  const numeric = isNumeric(reader.vocabulary, subject);
  const known = (numeric ? NUMBER_OPERATORS : TEXT_OPERATORS).find((one) => one === operator);
  if (known === undefined) {
    const valid = (numeric ? NUMBER_OPERATORS : TEXT_OPERATORS).join(', ').toUpperCase();
    throw invalid(`Invalid comparator '${operator}' not one of '${valid}'`);
  }
  if (known === 'in' || known === 'not in') return { operator: known, values: readValues(reader) };
  if (numeric) return { operator: known as (typeof NUMBER_OPERATORS)[number], value: readNumber(reader, subject) };
  const value = readText(reader, subject);
  if ((known === 'like' || known === 'ilike') && value.length > LONGEST_PATTERN) {
    throw invalid(`A pattern may hold at most ${LONGEST_PATTERN} characters`);
  }
  return { operator: known, value } as Test;
}

function isNumeric({ attributes }: Vocabulary, { of, key }: Subject): boolean {
  if (of !== 'attribute') return of === 'metric';
  return [...attributes.values()].some(({ name, type }) => name === key && type === 'number');
}

function readOperator(reader: Reader): string {
  const token = reader.next();
  if (token.kind === 'operator') {
    let text = token.text;
    for (let next = reader.peek(); next.kind === 'operator'; next = reader.peek()) {
      text += next.text;
      reader.next();
    }
    return text;
  }
  if (isKeyword(token, 'like') || isKeyword(token, 'ilike') || isKeyword(token, 'in')) {
    return (token as { readonly text: string }).text.toLowerCase();
  }
  if (isKeyword(token, 'not') && reader.skip('in')) return 'not in';
  if (isKeyword(token, 'is')) {
    const operator = reader.skip('not') ? 'is not null' : 'is null';
    if (reader.skip('null')) return operator;
  }
  throw reader.mistake();
}

function readNumber(reader: Reader, { of, key }: Subject): number {
  const token = reader.next();
  const text = token.kind === 'word' || token.kind === 'string' ? token.text : '';
  if (token.kind === 'word' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  throw invalid(
    `Expected numeric value type for ${of === 'metric' ? 'metric' : 'numeric attribute'}: ${key}. Found ${text}`,
  );
}

function readText(reader: Reader, { of, key }: Subject): string {
  const token = reader.next();
  if (token.kind === 'string') return token.text;
  const text = token.kind === 'word' ? token.text : '';
  throw invalid(`Expected a quoted string value for ${of} (e.g. 'my-value'). Got value ${text} for ${key}`);
}

function readValues(reader: Reader): readonly string[] {
  if (!isParen(reader.next(), '(')) throw reader.mistake();
  const values: string[] = [];
  for (;;) {
    const token = reader.next();
    if (token.kind !== 'string') throw reader.mistake();
    values.push(token.text);
    const after = reader.next();
    if (isParen(after, ')')) return values;
    if (!isKeyword(after, ',')) throw reader.mistake();
  }
}

function invalid(message: string): RequestError {
  return new RequestError('INVALID_PARAMETER_VALUE', message);
}
