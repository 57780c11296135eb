import type { ProjectPath, StageId } from '../base/brand.ts';
import type { Mistake, YamlPath } from './mistake.ts';
import { indexPaths } from './path-index.ts';

/** One out and where it stands. */
export interface PlacedOut {
  readonly path: ProjectPath;
  readonly stage: StageId;
  /** As the user knows the stage. */
  readonly label: string;
  readonly file: ProjectPath;
  readonly at: YamlPath;
  readonly key?: boolean;
}

/**
 * Outs that are written twice, and outs that lie in others, of the pairs that are asked for. Each is told once, at the one
 * that stands later.
 */
export function outConflicts(
  outs: readonly PlacedOut[],
  wanted: (a: PlacedOut, b: PlacedOut) => boolean,
): readonly Mistake[] {
  const index = indexPaths(outs.map((out, position) => [out.path, { out, position }]));
  const found: { readonly position: number; readonly mistake: Mistake }[] = [];
  for (const [position, out] of outs.entries()) {
    const others = index.around(out.path).filter((other) => {
      const once = other.out.path !== out.path || other.position < position;
      return other.position !== position && once && wanted(other.out, out);
    });
    const other = others[0];
    if (other === undefined) continue;
    const [first, second] = other.position < position ? [other.out, out] : [out, other.out];
    const message = other.out.path === out.path ? sameOut(first, second) : nestedOut(out, other.out);
    found.push({ position: Math.max(position, other.position), mistake: conflict(message, first, second) });
  }
  return found.sort((a, b) => a.position - b.position).map(({ mistake }) => mistake);
}

function conflict(message: string, first: PlacedOut, second: PlacedOut): Mistake {
  const { file, at, key = false } = first;
  return { file: second.file, at: second.at, key: second.key ?? false, message, related: { file, at, key } };
}

function sameOut(first: PlacedOut, second: PlacedOut): string {
  if (first.stage === second.stage) return `the out \`${first.path}\` is listed twice in the stage \`${first.label}\``;
  return `the out \`${first.path}\` is written by two stages, \`${first.label}\` and \`${second.label}\``;
}

function nestedOut(inner: PlacedOut, outer: PlacedOut): string {
  if (inner.stage === outer.stage) {
    return `the out \`${inner.path}\` lies inside the out \`${outer.path}\` of the same stage`;
  }
  return `the out \`${inner.path}\` of \`${inner.label}\` lies inside the out \`${outer.path}\` of \`${outer.label}\``;
}
