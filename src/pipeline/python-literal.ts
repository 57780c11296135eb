import type { SyntaxNode } from '@lezer/common';
import type { Value } from './value.ts';

/** The value of an expression that is a literal; undefined for one that would have to be computed. */
export function literalValue(node: SyntaxNode, text: string): Value | undefined {
  const written = text.slice(node.from, node.to);
  switch (node.name) {
    case 'Number':
      return numberValue(written);
    // The grammar takes `1.` for a number whose member is missing.
    case 'MemberExpression':
      return /^[0-9_]+\.$/.test(written) ? numberValue(written) : undefined;
    case 'Boolean':
      return written === 'True';
    case 'None':
      return null;
    case 'String':
      return stringValue(written);
    case 'ContinuedString': {
      const parts = childrenOf(node).map((part) => (part.name === 'String' ? literalValue(part, text) : undefined));
      return parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
    }
    case 'UnaryExpression':
      return signedValue(node, text);
    case 'ParenthesizedExpression': {
      const [inner, ...more] = membersOf(node);
      return inner === undefined || more.length > 0 ? undefined : literalValue(inner, text);
    }
    case 'ArrayExpression':
    case 'TupleExpression':
    case 'SetExpression': {
      const items = membersOf(node).map((item) => literalValue(item, text));
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    case 'DictionaryExpression':
      return mapValue(node, text);
    default:
      return undefined;
  }
}

export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

const PUNCTUATION = new Set(['(', ')', '[', ']', '{', '}', ',', ':', 'Comment']);

function membersOf(node: SyntaxNode): readonly SyntaxNode[] {
  return childrenOf(node).filter((child) => !PUNCTUATION.has(child.name));
}

function mapValue(node: SyntaxNode, text: string): Value | undefined {
  const members = membersOf(node);
  const map = new Map<string, Value>();
  // A `**` is a member, too, and no literal.
  for (let index = 0; index < members.length; index += 2) {
    const [key, value] = members.slice(index, index + 2).map((member) => literalValue(member, text));
    if (key === undefined || value === undefined || (typeof key === 'object' && key !== null)) return undefined;
    map.set(key === null ? 'None' : String(key), value);
  }
  return map;
}

function signedValue(node: SyntaxNode, text: string): Value | undefined {
  const [operator, operand] = childrenOf(node);
  const sign = operator === undefined ? '' : text.slice(operator.from, operator.to);
  const value = operand === undefined ? undefined : literalValue(operand, text);
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  if (sign === '+') return value;
  return sign === '-' ? -value : undefined;
}

function numberValue(written: string): Value | undefined {
  const digits = written.replaceAll('_', '').toLowerCase();
  if (/^0[box]/.test(digits)) return BigInt(digits);
  if (/^[0-9]+$/.test(digits)) return BigInt(digits);
  const value = Number(digits);
  return Number.isNaN(value) ? undefined : value;
}

const STRING = /^([a-z]*)('''|"""|'|")([\s\S]*)\2$/i;

function stringValue(written: string): string | undefined {
  const [, prefix = '', , body = ''] = STRING.exec(written) ?? [];
  if (/[bft]/i.test(prefix)) return undefined;
  const text = body.replaceAll('\r\n', '\n');
  return /r/i.test(prefix) ? text : unescaped(text);
}

const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Undefined for what is no character, and for characters written by their name, of which there are too many to know. */
function unescaped(text: string): string | undefined {
  let known = true;
  const result = text.replace(ESCAPE, (whole, octal, ...more: (string | undefined)[]) => {
    const hex = more[0] ?? more[1] ?? more[2];
    if (octal !== undefined || hex !== undefined) {
      const code = octal === undefined ? Number.parseInt(hex ?? '', 16) : Number.parseInt(octal, 8);
      if (code <= 0x10ffff) return String.fromCodePoint(code);
      known = false;
      return '';
    }
    const character = more[3] ?? '';
    if ('Nxu'.includes(character) || character === 'U') known = false;
    return ESCAPED[character] ?? whole;
  });
  return known ? result : undefined;
}
