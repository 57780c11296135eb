import type { StageId } from '../../base/brand.ts';
import { baseName, comparePaths, directoryOf } from '../../base/project-path.ts';
import { readsOf } from '../graph.ts';
import { indexPaths } from '../path-index.ts';
import type { Pipeline, Stage } from '../stage.ts';

/**
 * The order in which DVC, which runs one stage after the other, would come to the stages: from each one in the order of
 * the files it goes down along its deps as they are written. New entries of a dvc.lock stand in this order.
 */
export function dvcRunOrder(pipelines: readonly Pipeline[]): readonly StageId[] {
  const stages = [...pipelines].sort(byDirectory).flatMap((pipeline) => pipeline.stages);
  const writers = indexPaths(stages.flatMap((stage) => stage.outs.map((out) => [out.path, stage] as const)));
  const needs = (stage: Stage) => (stage.frozen ? [] : readsOf(stage).flatMap((path) => writers.touching(path)));
  const ordered = new Set<StageId>();
  const begun = new Set<StageId>();
  for (const start of stages) {
    // A chain of thousands of stages is deeper than the engine's own stack.
    const open = [start];
    for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
      const first = begun.has(next.id) ? [] : needs(next).filter(({ id }) => !begun.has(id));
      begun.add(next.id);
      if (first.length > 0) open.push(...first.reverse());
      else ordered.add((open.pop() as Stage).id);
    }
  }
  return [...ordered];
}

/** DVC looks through a directory before those in it. */
function byDirectory(a: Pipeline, b: Pipeline): number {
  const [left, right] = [directoryOf(a.file), directoryOf(b.file)];
  if (left === right) return comparePaths(baseName(a.file), baseName(b.file));
  const withSlash = (directory: string) => (directory === '.' ? '' : `${directory}/`);
  return comparePaths(withSlash(left), withSlash(right));
}
