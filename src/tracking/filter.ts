import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { type Token, tokensOf } from './filter-tokens.ts';
import { ATTRIBUTE_NAMES, type AttributeName, type Subject } from './subject.ts';

/** What runs are asked for, as `--where` reads it. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly operand: Filter }
  | Comparison;

export interface Comparison {
  readonly kind: 'compare';
  readonly subject: Subject;
  readonly operator: Operator;
  readonly value: FilterValue;
}

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'like' | 'ilike';

/** Text is what stood in quotes, or a bare word that is nothing else. */
export type FilterValue = number | string | boolean | null;

/**
 * ```
 * filter     = clause { 'or' clause }
 * clause     = term { 'and' term }
 * term       = 'not' term | '(' filter ')' | subject operator value
 * subject    = ('metrics' | 'params' | 'tags') '.' key | attribute
 * ```
 * Throws `usage` with the column of the first mistake.
 */
export function parseFilter(text: string): Filter {
  const reader = readerOf(text);
  const filter = readOr(reader, 0);
  if (reader.peek().kind !== 'end') throw reader.mistake('expected and, or, or the end');
  return filter;
}

/** A subject that stands alone, as in `--sort`. */
export function parseSubject(text: string): Subject {
  const reader = readerOf(text, '--sort');
  const subject = readSubject(reader);
  if (reader.peek().kind !== 'end') throw reader.mistake('expected nothing more');
  return subject;
}

interface Reader {
  peek(): Token;
  next(): Token;
  /** Takes the next token if it is this keyword, in any case. */
  skip(keyword: string): boolean;
  mistake(message: string, token?: Token): LockstepError;
}

function readerOf(text: string, file = '--where'): Reader {
  const tokens = tokensOf(text);
  const end: Token = { kind: 'end', column: text.length + 1 };
  let at = 0;
  const peek = () => tokens[at] ?? end;
  return {
    peek,
    next: () => tokens[at++] ?? end,
    skip(keyword) {
      const found = isKeyword(peek(), keyword);
      if (found) at += 1;
      return found;
    },
    mistake(message, token = peek()) {
      const shown =
        token.kind === 'unreadable' ? `${message}; ${token.text} begins nothing that is ever closed` : message;
      const place = { file, line: 1, column: token.column, text };
      return new LockstepError('usage', `${file} cannot be read`, {
        diagnostics: [{ message: shown, place }],
        hint: HINT,
      });
    },
  };
}

const HINT = `for example metrics.acc > 0.9 and (params.model = 'forest' or not status = FAILED)`;

function isKeyword(token: Token, keyword: string): boolean {
  return token.kind === 'word' && token.text.toLowerCase() === keyword;
}

/** Parentheses within parentheses: more than anyone writes, less than the stack holds. */
const DEEPEST = 200;

function readOr(reader: Reader, depth: number): Filter {
  let left = readAnd(reader, depth);
  while (reader.skip('or')) left = { kind: 'or', left, right: readAnd(reader, depth) };
  return left;
}

function readAnd(reader: Reader, depth: number): Filter {
  let left = readTerm(reader, depth);
  while (reader.skip('and')) left = { kind: 'and', left, right: readTerm(reader, depth) };
  return left;
}

function readTerm(reader: Reader, depth: number): Filter {
  if (depth > DEEPEST) throw reader.mistake('nested too deeply');
  if (reader.skip('not')) return { kind: 'not', operand: readTerm(reader, depth + 1) };
  if (!isParen(reader.peek(), '(')) return readComparison(reader);
  reader.next();
  const filter = readOr(reader, depth + 1);
  if (!isParen(reader.peek(), ')')) throw reader.mistake('expected )');
  reader.next();
  return filter;
}

function isParen(token: Token, text: '(' | ')'): boolean {
  return token.kind === 'paren' && token.text === text;
}

function readComparison(reader: Reader): Comparison {
  const subject = readSubject(reader);
  const operator = readOperator(reader);
  return { kind: 'compare', subject, operator, value: readValue(reader, subject, operator) };
}

/** MLflow's names for the families, singular and plural. */
const FAMILIES: Readonly<Record<string, 'metric' | 'param' | 'tag' | 'attribute'>> = Object.assign(
  Object.create(null),
  {
    metric: 'metric',
    metrics: 'metric',
    param: 'param',
    params: 'param',
    parameter: 'param',
    parameters: 'param',
    tag: 'tag',
    tags: 'tag',
    attribute: 'attribute',
    attributes: 'attribute',
  },
);

function readSubject(reader: Reader): Subject {
  const token = reader.peek();
  if (token.kind !== 'word' && token.kind !== 'quoted-key') throw reader.mistake(EXPECTED_SUBJECT);
  if (['and', 'or', 'not'].some((keyword) => isKeyword(token, keyword))) throw reader.mistake(EXPECTED_SUBJECT);
  reader.next();
  if (token.kind === 'quoted-key') return familySubject(reader, token, token);
  const dot = token.text.indexOf('.');
  if (dot === -1) return attribute(reader, token, token.text);
  return familySubject(reader, token, { family: token.text.slice(0, dot), key: token.text.slice(dot + 1) });
}

const EXPECTED_SUBJECT = 'expected metrics.KEY, params.KEY, tags.KEY or an attribute';

function familySubject(reader: Reader, token: Token, name: { readonly family: string; readonly key: string }): Subject {
  const of = FAMILIES[name.family.toLowerCase()];
  if (of === undefined) {
    const near = nearest(name.family, ['metrics', 'params', 'tags', 'attributes']);
    const suggestion = near === undefined ? '' : `; did you mean ${near}?`;
    throw reader.mistake(`unknown ${name.family}.: ${EXPECTED_SUBJECT}${suggestion}`, token);
  }
  if (name.key === '') throw reader.mistake(`expected a key after ${name.family}.`, token);
  return of === 'attribute' ? attribute(reader, token, name.key) : { of, key: name.key };
}

/** Other names that people bring along. */
const ALIASES: Readonly<Record<string, AttributeName>> = Object.assign(Object.create(null), {
  run_id: 'id',
  started: 'start_time',
  ended: 'end_time',
  sha: 'git_sha',
  git_branch: 'branch',
});

function attribute(reader: Reader, token: Token, written: string): Subject {
  const text = written.toLowerCase();
  const name = ALIASES[text] ?? ATTRIBUTE_NAMES.find((known) => known === text);
  if (name !== undefined) return { of: 'attribute', name };
  const near = nearest(text, ATTRIBUTE_NAMES);
  const suggestion = near === undefined ? `the attributes are ${ATTRIBUTE_NAMES.join(', ')}` : `did you mean ${near}?`;
  throw reader.mistake(`unknown attribute ${written}; ${suggestion}`, token);
}

function readOperator(reader: Reader): Operator {
  const token = reader.peek();
  if (token.kind === 'operator') {
    reader.next();
    return token.text as Operator;
  }
  if (reader.skip('like')) return 'like';
  if (reader.skip('ilike')) return 'ilike';
  throw reader.mistake('expected =, !=, >, >=, <, <=, like or ilike');
}

function readValue(reader: Reader, subject: Subject, operator: Operator): FilterValue {
  const token = reader.next();
  if (token.kind !== 'word' && token.kind !== 'string') throw reader.mistake('expected a value', token);
  const value = token.kind === 'string' ? token.text : wordValue(token.text);
  if (operator === 'like' || operator === 'ilike') return String(value);
  if (subject.of === 'metric' && typeof value !== 'number') throw reader.mistake('expected a number', token);
  if (subject.of !== 'attribute') return value;
  return attributeValue(subject.name, value) ?? throwing(reader.mistake(`expected ${EXPECTED[subject.name]}`, token));
}

function wordValue(word: string): FilterValue {
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) return Number(word);
  switch (word.toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'null':
      return null;
    case 'nan':
      return Number.NaN;
    case 'inf':
      return Number.POSITIVE_INFINITY;
    case '-inf':
      return Number.NEGATIVE_INFINITY;
    default:
      return word;
  }
}

const EXPECTED: Readonly<Partial<Record<AttributeName, string>>> = {
  start_time: 'a date such as 2026-01-31, or milliseconds since 1970',
  end_time: 'a date such as 2026-01-31, or milliseconds since 1970',
  duration: "seconds, or text such as '10m'",
  dirty: 'true or false',
};

/** The value in the attribute's own terms; undefined where it makes no sense. */
function attributeValue(name: AttributeName, value: FilterValue): FilterValue | undefined {
  switch (name) {
    case 'start_time':
    case 'end_time': {
      const time = typeof value === 'string' ? Date.parse(value) : value;
      return typeof time === 'number' && !Number.isNaN(time) ? time : undefined;
    }
    case 'duration':
      return typeof value === 'string' ? secondsOf(value) : typeof value === 'number' ? value : undefined;
    case 'dirty':
      return typeof value === 'boolean' ? value : undefined;
    case 'status':
      return String(value).toUpperCase();
    default:
      return String(value);
  }
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

function secondsOf(text: string): number | undefined {
  const match = /^(\d+\.?\d*|\.\d+)\s*(ms|s|m|h|d)$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

function throwing(error: Error): never {
  throw error;
}
