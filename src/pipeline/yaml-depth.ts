import { type CST, Parser } from 'yaml';

/** Far more than any pipeline needs, and far less than what overflows the stack of the parser and ends the process. */
const DEEPEST = 100;

/** Where lists and maps stand in one another more than a hundred deep; undefined when they nowhere do. */
export function tooDeepAt(text: string): number | undefined {
  // Most texts are cleared by a bound that costs one scan; the parser's tokens decide the others.
  if (depthAtMost(text) <= DEEPEST) return undefined;
  for (const token of new Parser().parse(text)) {
    const deep = token.type === 'document' ? deepToken(token.value) : undefined;
    if (deep !== undefined) return deep.offset;
  }
  return undefined;
}

function depthAtMost(text: string): number {
  let open = 0;
  let flow = 0;
  let indent = 0;
  for (const [token] of text.matchAll(/[[{]|[\]}]|^[ \t\-?:]+/gm)) {
    if (token === '[' || token === '{') flow = Math.max(flow, ++open);
    else if (token === ']' || token === '}') open = Math.max(0, open - 1);
    else indent = Math.max(indent, token.length);
  }
  return flow + indent;
}

function deepToken(value: CST.Token | undefined): CST.Token | undefined {
  const open: { readonly token: CST.Token; readonly depth: number }[] = [];
  if (value !== undefined) open.push({ token: value, depth: 1 });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > DEEPEST) return next.token;
    if (!('items' in next.token)) continue;
    for (const { key, value } of next.token.items) {
      if (key) open.push({ token: key, depth: next.depth + 1 });
      if (value) open.push({ token: value, depth: next.depth + 1 });
    }
  }
  return undefined;
}
