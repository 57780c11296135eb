import { unreachable } from '../../base/unreachable.ts';
import type { Problem } from '../../remotes/line.ts';

/** Of so many paths all are named; of more, the first. */
const MOST_PATHS = 3;

/** What could not be had or brought, and what to do about it. */
export function problemText(problem: Problem, remote: string): string {
  const { paths: known, digest } = problem.item;
  const paths = known.size === 0 ? digest : listed([...known], MOST_PATHS);
  const stages = [...problem.item.neededBy];
  const needed = stages.length === 0 ? '' : ` (needed by ${listed(stages, MOST_PATHS)})`;
  const what = `${paths}${needed}`;
  switch (problem.kind) {
    case 'not-here':
      return `${what} is neither in the cache nor on the remote; lockstep repro makes it`;
    case 'not-there':
      return `${what} is not on the remote ${remote}`;
    case 'damaged-there':
      return `${what}: ${problem.message ?? 'damaged'}; it was not kept. Where it is whole, lockstep push --force replaces it`;
    case 'failed':
      return `${what}: ${problem.message ?? 'failed'}`;
    default:
      return unreachable(problem.kind);
  }
}

export function problemJson({ item, kind, message }: Problem): unknown {
  const { digest, paths, neededBy } = item;
  return {
    problem: kind,
    digest,
    paths: [...paths],
    neededBy: [...neededBy],
    ...(message !== undefined && { message }),
  };
}

function listed(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
