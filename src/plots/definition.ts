/** A column of a file. */
export interface Column {
  readonly file: string;
  /** Null: the last column, whatever it is called. */
  readonly field: string | null;
}

/** One plot: which columns are drawn against which, and how. */
export interface PlotDefinition {
  /** A name, or the path of its only file. */
  readonly id: string;
  readonly ys: readonly Column[];
  /** Empty: the number of the row. One for all, or one for each y. */
  readonly xs: readonly { readonly file: string; readonly field: string }[];
  readonly template?: string | undefined;
  readonly title?: string | undefined;
  readonly xLabel?: string | undefined;
  readonly yLabel?: string | undefined;
  /** False: the first row of a table is data, and columns are called 0, 1, 2, … */
  readonly header?: boolean | undefined;
}

/** As it stands in a pipeline file: a column, several columns, or columns by file. */
export type WrittenAxis = string | readonly string[] | { readonly [file: string]: string | readonly string[] };

export interface WrittenPlot {
  readonly x?: WrittenAxis | undefined;
  readonly y?: WrittenAxis | undefined;
  readonly template?: string | undefined;
  readonly title?: string | undefined;
  readonly xLabel?: string | undefined;
  readonly yLabel?: string | undefined;
  readonly header?: boolean | undefined;
}

/** Columns that name no file belong to the file that the plot is called after. */
export function definePlot(id: string, written: WrittenPlot): PlotDefinition {
  const { x, y, ...rest } = written;
  const named = columnsOf(y, id);
  const ys = named.length > 0 ? named : [{ file: id, field: null }];
  return { ...rest, id, ys, xs: typeof x === 'string' ? sameColumn(x, ys) : columnsOf(x, id) };
}

function columnsOf(axis: WrittenAxis | undefined, own: string): { file: string; field: string }[] {
  if (axis === undefined) return [];
  if (typeof axis === 'string') return [{ file: own, field: axis }];
  if (isList(axis)) return axis.map((field) => ({ file: own, field }));
  return Object.entries(axis).flatMap(([file, fields]) =>
    (typeof fields === 'string' ? [fields] : fields).map((field) => ({ file, field })),
  );
}

function isList(axis: Exclude<WrittenAxis, string>): axis is readonly string[] {
  return Array.isArray(axis);
}

/** A bare name of x is a column of each file that has a y. */
function sameColumn(field: string, ys: readonly Column[]): { file: string; field: string }[] {
  return ys.map(({ file }) => ({ file, field }));
}

/** All files that a plot is drawn from. */
export function filesOf({ xs, ys }: PlotDefinition): readonly string[] {
  return [...new Set([...ys, ...xs].map(({ file }) => file))];
}
