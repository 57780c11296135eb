/**
 * JSON, also as Python writes it by default: with bare `NaN` and `Infinity`, which come back as those words in quotes.
 * Undefined for anything else.
 */
export function parseLooseJson(text: string): unknown {
  return (
    parse(text) ?? parse(text.replace(TOKENS, (token, word?: string) => (word === undefined ? token : `"${word}"`)))
  );
}

/** Strings, to be passed over, or one of the words outside of strings. */
const TOKENS = /"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)/g;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
