import { z } from 'zod';
import { DURATION_TEXT, parseDuration } from './duration.ts';
import { MEMORY_TEXT, parseMemory } from './memory.ts';
import { anything, expects, flag, path, template, text, texts } from './schema-words.ts';

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
  labels: texts('a list of labels').optional().describe('Words to find the out by.'),
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

export const OutFlags = z.strictObject(outFlags, expects('a map of flags'));
export const PlotFlags = z.strictObject(plotFlags, expects('a map of flags'));
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

export const Resources = z.strictObject(
  {
    cpus: z
      .union(
        [z.number().positive(expects('a number of cores above 0')), template('a number of cores above 0')],
        expects('a number of cores above 0'),
      )
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
          template('bytes, or text like 8GB or 512MiB'),
        ],
        expects('bytes, or text like 8GB or 512MiB'),
      )
      .optional()
      .describe('Memory that the stage needs: bytes, or text like `8GB` (10^9) or `512MiB` (2^20).'),
    gpus: z
      .union(
        [
          z.number().int(expects('a whole number of GPUs')).min(0, expects('a whole number of GPUs, 0 or more')),
          template('a whole number of GPUs'),
        ],
        expects('a whole number of GPUs'),
      )
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
    template('seconds, or text like 10m or 1h30m'),
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

export const Vars = z.array(
  z.union(
    [z.string(expects('a file')), z.record(z.string(), anything, expects('a map of values'))],
    expects('a file, or a map of values'),
  ),
  expects('a list of files and maps'),
);

const Axis = z.union(
  [template('a list, or a template that names one'), z.array(anything)],
  expects('a list, or a template that names one'),
);

/** A stage, or with `matrix` as many as there are combinations of its axes. */
export const Stage = z.strictObject(
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
      .union(
        [
          z.number().int(expects('a whole number, 0 or more')).min(0, expects('a whole number, 0 or more')),
          template('a whole number, 0 or more'),
        ],
        expects('a whole number, 0 or more'),
      )
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
    vars: Vars.optional().describe('Values for the templates of this stage: files, relative to wdir, and maps.'),
    matrix: z
      .record(z.string(), Axis, expects('a map of axes to lists'))
      .optional()
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is about templates
      .describe('Makes a stage of each combination of these lists; `${item.axis}` is the value of an axis.'),
    live: anything.optional().describe('Left over from DVC 2; has no effect.'),
  },
  expects('a map with the keys of a stage'),
);

/** A stage of each item of a list, or of each entry of a map. */
export const ForeachStage = z.strictObject(
  {
    foreach: z
      .union(
        [template('a list, a map, or a template that names one'), z.array(anything), z.record(z.string(), anything)],
        expects('a list, a map, or a template that names one'),
      )
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is about templates
      .describe('What to make stages of: `${item}` is an item of the list or a value of the map, `${key}` its key.'),
    do: Stage.omit({ matrix: true }).describe('The stage that is made of each.'),
  },
  expects('a map with `foreach` and `do`'),
);

/** One stage as it stands in a file, its shape checked. */
export type WrittenStage = z.infer<typeof Stage>;
export type WrittenForeach = z.infer<typeof ForeachStage>;
