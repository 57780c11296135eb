import { textOfLiteral } from './param-literal.ts';

/**
 * Whether a declared value and what a script logged are the same to whoever reads them. Scripts log text as their
 * language writes it: `True`, `None`, `1e-05`, `['a', 'b']`.
 */
export function saysTheSame(declared: string, logged: string): boolean {
  const [a, b] = [textOfLiteral(declared), textOfLiteral(logged)];
  if (a === b) return true;
  if (isNumber(a) && isNumber(b)) return Number(a) === Number(b);
  return plain(a) === plain(b);
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && !Number.isNaN(Number(text));
}

const WORDS: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' };

function plain(text: string): string {
  const isList = /^[[{(].*[\])}]$/s.test(text);
  const words = text.replace(/\b(True|False|None)\b/g, (word) =>
    isList || word === text ? (WORDS[word] ?? word) : word,
  );
  return isList
    ? words
        .replaceAll("'", '"')
        .replace(/\s+/g, '')
        .replace(/^\((.*?),?\)$/s, '[$1]')
    : words;
}
