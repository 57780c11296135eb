import { z } from 'zod';
import { anything, expects, path, text, texts } from './schema-words.ts';

const field = 'a column, or a map of files to columns';
const fields = 'a column, a list of columns, or a map of files to them';
const columns = z.union([text, texts('a list of columns')], expects('a column, or a list of columns'));

export const PlotDefinition = z.strictObject(
  {
    x: z
      .union([z.string(), z.record(z.string(), text)], expects(field))
      .optional()
      .describe('The column on the x axis, or `file: column`.'),
    y: z
      .union([z.string(), texts('a list of columns'), z.record(z.string(), columns)], expects(fields))
      .optional()
      .describe('The column on the y axis, several, or `file: [columns]`.'),
    x_label: text.optional().describe('The title of the x axis.'),
    y_label: text.optional().describe('The title of the y axis.'),
    title: text.optional().describe('The title of the plot.'),
    template: text.optional().describe('How to draw the plot: the name of a template, or the path of one.'),
  },
  expects('a map with the keys of a plot'),
);
export type WrittenPlot = z.infer<typeof PlotDefinition>;

export const Artifact = z.strictObject(
  {
    path: path.describe('The file or directory.'),
    type: text.optional().describe('The kind of thing it is, such as `model`.'),
    desc: text.optional().describe('What it is, for people.'),
    labels: texts('a list of labels').optional().describe('Words to find it by.'),
    meta: anything.optional().describe('Anything at all, for other tools.'),
  },
  expects('a map with the path of the artifact'),
);

const Dataset = z.looseObject(
  {
    name: text.describe('What stages call it, as `ds://name`.'),
    type: text.describe('Where it comes from: `dvc`, `dc` or `url`.'),
    url: text.optional().describe('Its address.'),
    path: text.optional().describe('Where it lies in the repository at the address.'),
    rev: text.optional().describe('The revision of the repository.'),
  },
  expects('a map with the name and the type of the dataset'),
);

/** What a pipeline file declares beside its stages. */
export const DECLARATIONS = {
  params: z
    .array(path, expects('a list of paths'))
    .describe('Params files to show and compare, beside those of stages.'),
  metrics: z
    .array(path, expects('a list of paths'))
    .describe('Metrics files to show and compare, beside those of stages.'),
  plots: z
    .array(
      z.union([path, z.record(z.string(), PlotDefinition.nullable())], expects('a path, or a plot under its name')),
      expects('a list of plots'),
    )
    .describe('What to draw: paths, or plots under a name or the path of their data.'),
  artifacts: z
    .record(z.string(), Artifact, expects('a map of names to artifacts'))
    .describe('Files that are known by a name, such as models.'),
  datasets: z.array(Dataset, expects('a list of datasets')).describe('Data from elsewhere that stages read.'),
};
