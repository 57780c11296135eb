/** One token of a filter; columns count from 1. */
export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly column: number }
  /** `metrics.` and the like with a key in backticks or quotes; a bare key in backticks is an attribute's. */
  | { readonly kind: 'quoted-key'; readonly family: string; readonly key: string; readonly column: number }
  | { readonly kind: 'string'; readonly text: string; readonly column: number }
  | { readonly kind: 'operator'; readonly text: string; readonly column: number }
  | { readonly kind: 'paren'; readonly text: '(' | ')'; readonly column: number }
  | { readonly kind: 'end'; readonly column: number }
  /** What no token begins with: an open quote, a lone `!`. */
  | { readonly kind: 'unreadable'; readonly text: string; readonly column: number };

/** The alternatives, in this order: blanks, a quoted key, a string, an operator, a parenthesis, a word. */
const TOKEN =
  /\s+|(?:(\w+)\.)?`((?:[^`]|``)*)`|(\w+)\."((?:[^"]|"")*)"|'((?:[^']|'')*)'|"((?:[^"]|"")*)"|(!=|==|>=|<=|=|>|<)|([()])|([^\s()=!<>'"`]+)/y;

export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    const token = match === null ? unreadable(text, at) : tokenOf(match, at + 1);
    if (token !== undefined) tokens.push(token);
    if (match === null) break;
    at += match[0].length;
  }
  return [...tokens, { kind: 'end', column: text.length + 1 }];
}

function tokenOf(match: RegExpExecArray, column: number): Token | undefined {
  const [, family = 'attribute', backticked, quotedFamily, quotedKey, single, double, operator, paren, word] = match;
  if (backticked !== undefined) return { kind: 'quoted-key', family, key: backticked.replaceAll('``', '`'), column };
  if (quotedFamily !== undefined) {
    return { kind: 'quoted-key', family: quotedFamily, key: quotedKey?.replaceAll('""', '"') ?? '', column };
  }
  if (single !== undefined) return { kind: 'string', text: single.replaceAll("''", "'"), column };
  if (double !== undefined) return { kind: 'string', text: double.replaceAll('""', '"'), column };
  if (operator !== undefined) return { kind: 'operator', text: operator === '==' ? '=' : operator, column };
  if (paren !== undefined) return { kind: 'paren', text: paren as '(' | ')', column };
  return word === undefined ? undefined : { kind: 'word', text: word, column };
}

function unreadable(text: string, at: number): Token {
  return { kind: 'unreadable', text: text[at] ?? '', column: at + 1 };
}
