import { distance } from 'fastest-levenshtein';

/** The one of some names that a mistyped word most likely meant; undefined when none is close. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const between = mistakesBetween(word.toLowerCase(), name.toLowerCase());
    if (between < bestDistance) {
      best = name;
      bestDistance = between;
    }
  }
  return best;
}

/** Two neighbours that changed places are one slip of the fingers, not two. */
function mistakesBetween(word: string, name: string): number {
  const at = [...word].findIndex((letter, index) => letter !== name[index]);
  const swapped = word.slice(0, at) + (word[at + 1] ?? '') + (word[at] ?? '') + word.slice(at + 2);
  return at >= 0 && swapped === name ? 1 : distance(word, name);
}
