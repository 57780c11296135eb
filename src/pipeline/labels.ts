import type { StageId } from '../base/brand.ts';
import type { Pipeline } from './stage.ts';

/** How each stage is called towards the user: its bare name where that is unique in the project, else its id; data by its file. */
export function labels(pipelines: readonly Pipeline[]): Map<StageId, string> {
  const stages = pipelines.flatMap((pipeline) => pipeline.stages);
  const owners = new Map<string, Set<StageId>>();
  for (const { id, name } of stages) owners.set(name, (owners.get(name) ?? new Set()).add(id));
  return new Map(
    stages.map(({ id, name, file, data }) => [id, data === true ? file : owners.get(name)?.size === 1 ? name : id]),
  );
}
