import { distance } from 'fastest-levenshtein';

/** The one of some names that a mistyped word most likely meant; undefined when none is close. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const between = distance(word.toLowerCase(), name.toLowerCase());
    if (between < bestDistance) {
      best = name;
      bestDistance = between;
    }
  }
  return best;
}
