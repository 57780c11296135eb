/** Writing the YAML of lockfiles by hand, so that the program starts and records without loading a YAML library. */

// Text that no reader of YAML 1.1 or 1.2 takes for anything but itself, and that needs no second look in a review.
const PLAIN = /^[\p{L}\p{N}_./$^(][\x20-\x7e\p{L}\p{M}\p{N}]*$/u;
const NEEDS_QUOTES = /: | #|:$| $/;
const NEEDS_QUOTES_IN_FLOW = /[[\]{},]|: | #|:$| $/;
const WORD = /^(?:true|false|yes|no|on|off|null|y|n|\.inf|\.nan)$/i;
// Numbers of any base, dates, times and versions: whatever begins like a number and has no letter to tell it apart.
const NUMBER_LIKE = /^\.?\p{N}[^g-su-wyzG-SU-WYZ/]*$/u;

// Characters that a reviewer would not see, or that change the order in which the others are shown.
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Makes characters visible that hide in a review, in a text where such characters stand only within double quotes. */
export function escapeHidden(quoted: string): string {
  return quoted.replace(HIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function quoted(text: string): string {
  return escapeHidden(JSON.stringify(text));
}

/** A string as a scalar of a block map or block list, on one line. */
export function blockScalar(text: string): string {
  return isPlain(text) && !NEEDS_QUOTES.test(text) ? text : quoted(text);
}

/** A string as a scalar within `{…}` or `[…]`, or as a key. */
export function flowScalar(text: string): string {
  return isPlain(text) && !NEEDS_QUOTES_IN_FLOW.test(text) ? text : quoted(text);
}

function isPlain(text: string): boolean {
  return PLAIN.test(text) && !WORD.test(text) && !NUMBER_LIKE.test(text);
}

/**
 * A script as the value after `key: ` or `- `: several lines as a literal block, where that keeps every character,
 * else as one quoted line. `indent` is that of the block's lines.
 */
export function scriptScalar(script: string, indent: string): string {
  if (!script.includes('\n')) return blockScalar(script);
  const body = script.endsWith('\n') ? script.slice(0, -1) : script;
  const lines = body.split('\n');
  // Blank ends, blanks before the first word and characters that are not shown as they are read differ by reader.
  const faithful = lines.every((line) => line === '' || (/\S/.test(line) && !UNSAFE_IN_BLOCK.test(line)));
  if (!faithful || !/^\S/.test(body) || body.endsWith('\n')) return quoted(script);
  const block = lines.map((line) => (line === '' ? '' : indent + line)).join('\n');
  return `${script.endsWith('\n') ? '|' : '|-'}\n${block}`;
}

const UNSAFE_IN_BLOCK = new RegExp(`[\\u0000-\\u0008\\u000a-\\u001f\\p{Cs}]|${HIDDEN.source}`, 'u');

// YAML looks for the colon of a simple key within 1,024 characters.
const LONGEST_SIMPLE_KEY = 1000;

/** One `key: value` of a block map; the value may begin with a line end. */
export function pair(indent: string, key: string, value: string): string {
  const text = flowScalar(key);
  const colon = value.startsWith('\n') ? ':' : ': ';
  if (text.length <= LONGEST_SIMPLE_KEY) return `${indent}${text}${colon}${value}\n`;
  return `${indent}? ${text}\n${indent}${colon}${value}\n`;
}
