import type { Literal } from '../base/brand.ts';

const PLAIN = /^(-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?|true|false|null)$/;

/** A client's text as a literal: what reads as a number or a word of JSON is one, so that `0.1` is repro's `0.1`. */
export function literalOfText(text: string): Literal {
  return (PLAIN.test(text) ? text : JSON.stringify(text)) as Literal;
}

/** What a client sees of a literal: text without its quotes. */
export function textOfLiteral(literal: string): string {
  return literal.startsWith('"') ? (JSON.parse(literal) as string) : literal;
}

/** The literals that a client sees as this text; lists and maps of repro's stand without quotes. */
export function literalsOfText(text: string): readonly string[] {
  return text.startsWith('"') ? [JSON.stringify(text)] : [JSON.stringify(text), text];
}
