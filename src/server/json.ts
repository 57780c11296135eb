import { randomUUID } from 'node:crypto';

/** A whole number that may be too large for a double; digits behind a point do not count. */
const LONG_NUMBER = /(?<![\d.])\d{16,}(?![\d.eE])/;

/** No text of a client's begins like this. */
const MARK = `${randomUUID()}:`;

/**
 * JSON as protobuf means it: whole numbers beyond 2^53 become bigints instead of the nearest double. Undefined where the
 * text is no JSON.
 */
export function parseJson(text: string): unknown {
  try {
    if (!LONG_NUMBER.test(text)) return JSON.parse(text);
    return JSON.parse(markLongNumbers(text), (_, value: unknown) =>
      typeof value === 'string' && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
    );
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function markLongNumbers(text: string): string {
  let marked = '';
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    marked += text.slice(at, end).replace(/(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g, (digits) => {
      return Number.isSafeInteger(Number(digits)) ? digits : `"${MARK}${digits}"`;
    });
    if (quote === -1) break;
    at = endOfString(text, quote);
    marked += text.slice(quote, at);
  }
  return marked;
}

/** Behind the quote that closes the one at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text[at - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return at + 1;
  }
  return text.length;
}

/** Answers hold no null of their own: one in the text is a number that JSON has no word for. */
export function writeJson(value: object): string {
  try {
    const text = JSON.stringify(value);
    return text.includes('null') ? JSON.stringify(value, nameNumbers) : text;
  } catch (error) {
    // A bigint.
    if (error instanceof TypeError) return JSON.stringify(value, nameNumbers);
    throw error;
  }
}

function nameNumbers(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
