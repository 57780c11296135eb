/**
 * What `~/.ssh/config` says about a host, by keyword in lower case: of each the first value that is set, except that
 * each `identityfile` counts. `Match` and `Include` are passed over.
 */
export function settingsFor(text: string, host: string): ReadonlyMap<string, readonly string[]> {
  const settings = new Map<string, readonly string[]>();
  let applies = true;
  for (const line of text.split('\n')) {
    const [, keyword, rest = ''] = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? [];
    if (keyword === undefined) continue;
    const name = keyword.toLowerCase();
    const words = wordsOf(rest);
    if (name === 'host') applies = matchesHost(words, host);
    else if (name === 'match') applies = false;
    else if (applies && name === 'identityfile') settings.set(name, [...(settings.get(name) ?? []), ...words]);
    else if (applies && !settings.has(name)) settings.set(name, words);
  }
  return settings;
}

/** Words may stand in quotes; a `#` begins a comment. */
function wordsOf(text: string): readonly string[] {
  const words: string[] = [];
  for (const [, quoted, plain = ''] of text.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
    if (plain.startsWith('#')) break;
    words.push(quoted ?? plain);
  }
  return words;
}

/** Whether one of the patterns is the host's, and none with a `!` before it. */
export function matchesHost(patterns: readonly string[], host: string): boolean {
  let matches = false;
  for (const pattern of patterns) {
    const isNegated = pattern.startsWith('!');
    if (!patternOf(isNegated ? pattern.slice(1) : pattern).test(host)) continue;
    if (isNegated) return false;
    matches = true;
  }
  return matches;
}

function patternOf(written: string): RegExp {
  const escaped = written.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\*/g, '.*').replace(/\?/g, '.')}$`, 'i');
}
