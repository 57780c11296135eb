import { isAbsolute, join } from 'node:path';
import { DEFAULT_PARSING } from '../pipeline/command-options.ts';
import { type Config, DEFAULT_CONFIG } from './config.ts';

/** The settings that DVC has as well, as the text of `.dvc/config`. */
export function dvcConfigText({ cache, remote, remotes = {}, parsing = DEFAULT_PARSING }: Config): string {
  const link = String(cache.link) === String(DEFAULT_CONFIG.cache.link) ? undefined : cache.link.join(',');
  const sections: [title: string, options: Readonly<Record<string, unknown>>][] = [
    ['[core]', { remote }],
    ['[cache]', { type: link }],
    ['[parsing]', parsing.bool === 'store_true' && parsing.list === 'nargs' ? {} : { ...parsing }],
  ];
  for (const [name, { url, ...options }] of Object.entries(remotes)) {
    if (url !== undefined) sections.push([`['remote "${name}"']`, { url: fromDvcDirectory(url), ...options }]);
  }
  return sections.map(([title, options]) => sectionText(title, options)).join('');
}

function sectionText(title: string, options: Readonly<Record<string, unknown>>): string {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  if (set.length === 0) return '';
  return `${title}\n${set.map(([key, value]) => `    ${key} = ${valueText(value)}\n`).join('')}`;
}

function valueText(value: unknown): string {
  const text = String(value);
  return /["#,]|^\s|\s$/.test(text) && !Array.isArray(value) && !/'/.test(text) ? `'${text}'` : text;
}

/** A relative path starts at the directory of the file that it stands in. */
function fromDvcDirectory(url: string): string {
  return /^\w+:\/\//.test(url) || isAbsolute(url) || url.startsWith('~') ? url : join('..', url);
}
