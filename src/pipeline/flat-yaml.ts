import type { Literal } from '../base/brand.ts';
import { literalOf } from './literal.ts';
import type { ParamsTree } from './params.ts';

/** A word that every reader of YAML takes for text, unless it is one of WORDS_WITH_MEANING. */
const KEY = /^[A-Za-z_][\w.-]{0,99}$/;
const TEXT = /^[A-Za-z][\w./-]*$/;
const QUOTED = /^(?:"[ !#-[\]-~]*"|'[ -&(-~]*')$/;
const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const FLOAT = /^-?(?:0|[1-9]\d*)(?:\.\d+(?:e[-+]\d{1,2})?|e[-+]\d{1,2})$/;

/** Other than text to some reader, in some spelling; and what JavaScript takes for more than a key. */
const WORDS_WITH_MEANING = /^(?:true|false|null|yes|no|on|off|y|n|__proto__)$/i;

/**
 * A YAML file of nothing but lines `key: scalar`, in forms about which there is nothing to decide. Undefined for
 * everything else, mistakes included, which is for the YAML package; it takes fifty times as long to load and read.
 */
export function readFlatYaml(file: string, text: string): ParamsTree | undefined {
  if (!/\.ya?ml$/.test(file)) return undefined;
  const entries = new Map<string, Literal>();
  for (const line of text.split('\n')) {
    if (line === '' || /^#[ -~]*$/.test(line)) continue;
    const colon = line.indexOf(': ');
    const key = line.slice(0, colon);
    const literal = scalarOf(line.slice(colon + 2));
    if (colon < 0 || literal === undefined || !isPlainWord(key, KEY) || entries.has(key)) return undefined;
    entries.set(key, literal);
  }
  return entries.size === 0 ? undefined : Object.fromEntries(entries);
}

function scalarOf(written: string): Literal | undefined {
  if (INTEGER.test(written)) return written as Literal;
  if (FLOAT.test(written)) return literalOf(Number(written));
  if (written === 'true' || written === 'false') return written as Literal;
  if (isPlainWord(written, TEXT)) return literalOf(written);
  return QUOTED.test(written) ? literalOf(written.slice(1, -1)) : undefined;
}

function isPlainWord(word: string, form: RegExp): boolean {
  return form.test(word) && !WORDS_WITH_MEANING.test(word);
}
