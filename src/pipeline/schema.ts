import { z } from 'zod';
import { Artifact, DECLARATIONS, PlotDefinition } from './schema-declarations.ts';
import {
  ForeachStage,
  OutFlags,
  PlotFlags,
  Resources,
  Stage,
  Vars,
  type WrittenForeach,
  type WrittenStage,
} from './schema-stage.ts';
import { anything, expects } from './schema-words.ts';

const { params, metrics, plots, artifacts, datasets } = DECLARATIONS;

function pipelineOf<Definition extends z.ZodType>(definition: Definition) {
  return {
    stages: z
      .record(z.string(), definition, expects('a map of names to stages'))
      .nullable()
      .optional()
      .describe('The stages of the pipeline, each under its name.'),
    vars: Vars.optional().describe(
      'Values for templates: files, `file:key,key`, and maps. `params.yaml` is always read.',
    ),
  };
}

const PipelineSchema = z
  .strictObject({
    ...pipelineOf(z.union([Stage, ForeachStage])),
    params: params.optional(),
    metrics: metrics.optional(),
    plots: plots.optional(),
    artifacts: artifacts.optional(),
    datasets: datasets.optional(),
  })
  .describe('A pipeline of lockstep: stages with commands, what they read and what they write.');

/** What is checked before templates are replaced: all but the stages, which are checked one by one, and declarations. */
export const FrameSchema = z.strictObject(
  {
    ...pipelineOf(anything),
    params: anything.optional(),
    metrics: anything.optional(),
    plots: anything.optional(),
    artifacts: anything.optional(),
    datasets: anything.optional(),
  },
  expects('a map with the key `stages`'),
);
export type Frame = z.infer<typeof FrameSchema>;

/** One pipeline file as it stands, its shape checked, nothing resolved. */
export interface WrittenPipeline extends Omit<Frame, 'stages'> {
  readonly stages: ReadonlyMap<string, WrittenStage | WrittenForeach>;
}

/** The keys that may stand in the map at a place of the file. */
export function knownKeys(at: readonly PropertyKey[]): readonly string[] {
  if (at.length === 0) return Object.keys(FrameSchema.shape);
  if (at[0] === 'plots') return Object.keys(PlotDefinition.shape);
  if (at[0] === 'artifacts') return Object.keys(Artifact.shape);
  const inStage = at[2] === 'do' ? at.slice(3) : at.slice(2);
  if (inStage.length === 0) return stageKeys(at[2] === 'do');
  if (inStage[0] === 'resources') return Object.keys(Resources.shape);
  return Object.keys(inStage[0] === 'plots' ? PlotFlags.shape : OutFlags.shape);
}

function stageKeys(inGroup: boolean): readonly string[] {
  const keys = Object.keys(Stage.shape);
  return inGroup ? keys.filter((key) => key !== 'matrix') : [...keys, ...Object.keys(ForeachStage.shape)];
}

/** The schema for editors, in the draft that most of them know. */
export function pipelineJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(PipelineSchema, { target: 'draft-7', io: 'input' });
  return { $schema, $id: 'pipeline.schema.json', title: 'pipeline.yaml', ...rest };
}
