import { z } from 'zod';
import { DURATION_TEXT, parseDuration } from './duration.ts';
import { MEMORY_TEXT, parseMemory } from './memory.ts';

/** The message of a value that is not what its place asks for, whatever rule it breaks. */
function expects(what: string) {
  return {
    error: (issue: { readonly code?: string | undefined; readonly input?: unknown }) =>
      issue.code === 'unrecognized_keys' ? undefined : `expected ${what}, found ${found(issue.input)}`,
  };
}

/** Characters of a wrong text that are shown in a message. */
const SHOWN = 40;

function found(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length > SHOWN ? `the text ${JSON.stringify(`${value.slice(0, SHOWN)}…`)}` : `the text "${value}"`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `${value}`;
    default:
      if (value === null || value === undefined) return 'nothing';
      return Array.isArray(value) ? 'a list' : 'a map';
  }
}

const text = z.string(expects('text'));
const flag = z.boolean(expects('true or false'));
const path = z.string(expects('a path'));
const anything = z.unknown();

const outFlags = {
  cache: flag
    .optional()
    .describe('Keep the out in the cache, and ignore it in git. Default: true. With false, git keeps the file.'),
  persist: flag
    .optional()
    .describe('Leave the out in place before a run, so that the command can add to it. Default: false.'),
  push: flag.optional().describe('Copy the out to remotes. Default: true.'),
  remote: text.optional().describe('The one remote that the out is copied to.'),
  desc: text.optional().describe('What the out is, for people.'),
  type: text.optional().describe('The kind of thing the out is, for people, such as `model`.'),
  labels: z.array(text, expects('a list of labels')).optional().describe('Words to find the out by.'),
  meta: anything.optional().describe('Anything at all, for other tools.'),
  checkpoint: flag.optional().describe('Accepted for old DVC files; has no effect.'),
};

const plotFlags = {
  ...outFlags,
  template: text.optional().describe('How to draw the plot: the name of a template, or the path of one.'),
  x: text.optional().describe('The column on the x axis.'),
  y: text.optional().describe('The column on the y axis.'),
  x_label: text.optional().describe('The title of the x axis.'),
  y_label: text.optional().describe('The title of the y axis.'),
  title: text.optional().describe('The title of the plot.'),
  header: flag.optional().describe('Whether the first line of a CSV or TSV file names its columns. Default: true.'),
};

const OutFlags = z.strictObject(outFlags, expects('a map of flags'));
const PlotFlags = z.strictObject(plotFlags, expects('a map of flags'));
export type WrittenFlags = z.infer<typeof PlotFlags>;

const flagsOfOut = OutFlags.nullable();
const flagsOfPlot = z.union(
  [PlotFlags, z.null(), z.array(PlotFlags, expects('a list of plots'))],
  expects('a map of flags'),
);

function pathsWith<Flags extends z.ZodType>(flags: Flags, kind: string) {
  const item = z.union([path, z.record(z.string(), flags)], expects('a path, or a path with flags'));
  return z.array(item, expects(`a list of ${kind}`));
}

const Resources = z.strictObject(
  {
    cpus: z
      .number(expects('a number of cores above 0'))
      .positive(expects('a number of cores above 0'))
      .optional()
      .describe('Cores that the stage keeps busy. Default: 1.'),
    memory: z
      .union(
        [
          z.number().positive(expects('an amount of memory above 0')),
          z
            .string()
            .regex(MEMORY_TEXT, { ...expects('bytes, or text like 8GB or 512MiB'), abort: true })
            .refine((written) => parseMemory(written) !== undefined, expects('an amount of memory above 0')),
        ],
        expects('bytes, or text like 8GB or 512MiB'),
      )
      .optional()
      .describe('Memory that the stage needs: bytes, or text like `8GB` (10^9) or `512MiB` (2^20).'),
    gpus: z
      .number(expects('a whole number of GPUs'))
      .int(expects('a whole number of GPUs'))
      .min(0, expects('a whole number of GPUs, 0 or more'))
      .optional()
      .describe('GPUs that the stage is given, by CUDA_VISIBLE_DEVICES. Default: 0.'),
  },
  expects('a map with cpus, memory or gpus'),
);

const Timeout = z.union(
  [
    z.number().positive(expects('a time above 0')),
    z
      .string()
      .regex(DURATION_TEXT, { ...expects('seconds, or text like 10m or 1h30m'), abort: true })
      .refine((written) => parseDuration(written) !== undefined, expects('a time above 0')),
  ],
  expects('seconds, or text like 10m or 1h30m'),
);

const params = z.array(
  z.union(
    [
      z.string(expects('a key')),
      z.record(
        z.string(),
        z.union(
          [z.null(), z.array(z.string(expects('a key')))],
          expects('a list of keys, or nothing for the whole file'),
        ),
      ),
    ],
    expects('a key, or a params file with its keys'),
  ),
  expects('a list of params'),
);

const Stage = z.strictObject(
  {
    cmd: z
      .union(
        [z.string(), z.array(z.string(expects('a command')), expects('a command'))],
        expects('a command, or a list of commands'),
      )
      .describe('The shell script that makes the outs, or a list of scripts of which each must succeed.'),
    deps: z
      .array(path, expects('a list of paths'))
      .optional()
      .describe('Files and directories that the command reads, relative to wdir.'),
    outs: pathsWith(flagsOfOut, 'paths').optional().describe('Files and directories that the command writes.'),
    params: params
      .optional()
      .describe('Keys of params.yaml that the command uses, or `file: [keys]`, or `file:` alone for the whole file.'),
    metrics: pathsWith(flagsOfOut, 'paths').optional().describe('Files of numbers that the command writes.'),
    plots: pathsWith(flagsOfPlot, 'paths').optional().describe('Files that the command writes to be drawn.'),
    wdir: path
      .optional()
      .describe('Where the command runs and what paths are relative to. Default: the directory of this file.'),
    env: z
      .record(
        z.string(),
        z.union([z.string(), z.number(), z.boolean()], expects('text, a number, true or false')),
        expects('a map of names to values'),
      )
      .optional()
      .describe('Environment variables of the command; a change of one is a reason to run.'),
    desc: text.optional().describe('What the stage does, for people.'),
    meta: anything.optional().describe('Anything at all, for other tools.'),
    frozen: flag.optional().describe('Never run the stage; take its outs as they are. Default: false.'),
    always_changed: flag.optional().describe('Run the stage every time. Default: false.'),
    timeout: Timeout.optional().describe('Stop the command after this time: seconds, or text like `10m` or `1h30m`.'),
    retries: z
      .number(expects('a whole number, 0 or more'))
      .int(expects('a whole number, 0 or more'))
      .min(0, expects('a whole number, 0 or more'))
      .optional()
      .describe('How often a failed command is tried again. Default: 0.'),
    resources: Resources.optional().describe('What the stage needs while it runs; decides what runs beside it.'),
    mutex: z
      .union(
        [
          z.string().min(1, expects('a name')),
          z.array(z.string(expects('a name')).min(1, expects('a name')), expects('a list of names')),
        ],
        expects('a name, or a list of names'),
      )
      .optional()
      .describe('A name, or several: stages that share one never run at the same time.'),
    executor: z
      .literal('local', expects('`local`'))
      .optional()
      .describe('Where the command runs. Default: local, this machine.'),
  },
  expects('a map with the keys of a stage'),
);

/** One stage as it stands in a file, its shape checked. */
export type WrittenStage = z.infer<typeof Stage>;

export const PipelineSchema = z
  .strictObject(
    {
      stages: z
        .record(z.string(), Stage, expects('a map of names to stages'))
        .nullable()
        .optional()
        .describe('The stages of the pipeline, each under its name.'),
      params: anything.optional().describe('Read by DVC only.'),
      metrics: anything.optional().describe('Read by DVC only.'),
      plots: anything.optional().describe('Read by DVC only.'),
      artifacts: anything.optional().describe('Read by DVC only.'),
      datasets: anything.optional().describe('Read by DVC only.'),
    },
    expects('a map with the key `stages`'),
  )
  .describe('A pipeline of lockstep: stages with commands, what they read and what they write.');

/** One pipeline file as it stands, its shape checked, nothing resolved. */
export type WrittenPipeline = z.infer<typeof PipelineSchema>;

/** The keys that may stand in the map at a place of the file. */
export function knownKeys(at: readonly PropertyKey[]): readonly string[] {
  if (at.length === 0) return Object.keys(PipelineSchema.shape);
  if (at.length === 2) return Object.keys(Stage.shape);
  if (at[2] === 'resources') return Object.keys(Resources.shape);
  return Object.keys(at[2] === 'plots' ? PlotFlags.shape : OutFlags.shape);
}

/** The schema for editors, in the draft that most of them know. */
export function pipelineJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(PipelineSchema, { target: 'draft-7', io: 'input' });
  return { $schema, $id: 'pipeline.schema.json', title: 'pipeline.yaml', ...rest };
}
