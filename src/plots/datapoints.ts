import type { Column, PlotDefinition } from './definition.ts';

export type Row = Readonly<Record<string, unknown>>;

/** The rows of each file at one revision. */
export interface Revision {
  readonly name: string;
  readonly tables: ReadonlyMap<string, readonly Row[]>;
}

/** What a template is filled with. */
export interface Datapoints {
  readonly rows: readonly Row[];
  readonly revisions: readonly string[];
  readonly x: string;
  readonly y: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** What tells the lines of one revision apart, where a plot has several. */
  readonly group: { readonly field: string; readonly domain: readonly string[] } | undefined;
}

/** Fields that are made; templates written for DVC know them by these names. */
const STEP = 'step';
const INFERRED_X = 'dvc_inferred_x_value';
const INFERRED_Y = 'dvc_inferred_y_value';
const REVISION = 'rev';

/** The rows of all revisions in one list, or what is wrong with the definition. */
export function datapointsOf(definition: PlotDefinition, revisions: readonly Revision[]): Datapoints | string {
  const first = revisions.find(({ tables }) => definition.ys.some(({ file }) => (tables.get(file)?.length ?? 0) > 0));
  if (first === undefined) return 'there is no table in it';
  const ys = definition.ys.map((column) => ({ file: column.file, field: fieldOf(column, first) }));
  if (definition.xs.length > 1 && definition.xs.length !== ys.length) {
    return `there are ${definition.xs.length} columns for x and ${ys.length} for y: give one x, or one for each y`;
  }
  const wrong = [...ys, ...definition.xs].map((column) => missing(column, first)).find((text) => text !== undefined);
  if (wrong !== undefined) return wrong;
  const axes = axesOf(definition, ys);
  const group = groupOf(ys);
  const rows: Row[] = [];
  for (const { name, tables } of revisions) {
    for (const [index, y] of ys.entries()) {
      const x = definition.xs.length > 1 ? definition.xs[index] : definition.xs[0];
      const joined = joinColumns(tables, { x, y, axes });
      if (typeof joined === 'string') return `${name}: ${joined}`;
      const label = group === undefined ? {} : { [group.field]: groupValue(y, group.field) };
      for (const row of joined) rows.push({ ...row, [REVISION]: name, ...label });
    }
  }
  return { rows, revisions: revisionsIn(rows), ...axes, ...labelsOf(definition, ys), group };
}

function fieldOf({ file, field }: Column, { tables }: Revision): string {
  return field ?? Object.keys(tables.get(file)?.[0] ?? {}).at(-1) ?? '';
}

function missing({ file, field }: Source, { tables }: Revision): string | undefined {
  const row = tables.get(file)?.[0];
  if (row === undefined || Object.hasOwn(row, field)) return undefined;
  return `${file} has no column '${field}', but ${Object.keys(row).join(', ')}`;
}

interface Source {
  readonly file: string;
  readonly field: string;
}

interface Axes {
  readonly x: string;
  readonly y: string;
}

function axesOf({ xs }: PlotDefinition, ys: readonly Source[]): Axes {
  return { x: sharedName(xs, INFERRED_X) ?? STEP, y: sharedName(ys, INFERRED_Y) ?? '' };
}

/** One column keeps its name; several get one of ours. */
function sharedName(columns: readonly Source[], ours: string): string | undefined {
  const names = new Set(columns.map(({ field }) => field));
  return names.size > 1 ? ours : [...names][0];
}

interface Join {
  readonly x: Source | undefined;
  readonly y: Source;
  readonly axes: Axes;
}

function joinColumns(tables: Revision['tables'], { x, y, axes }: Join): readonly Row[] | string {
  const rows = tables.get(y.file) ?? [];
  const others = x === undefined || x.file === y.file ? rows : (tables.get(x.file) ?? []);
  if (others.length !== rows.length) {
    return `'${x?.field}' of ${x?.file} and '${y.field}' of ${y.file} are not of one length`;
  }
  return rows.map((row, index) => ({
    ...row,
    ...(axes.y === y.field ? {} : { [axes.y]: row[y.field] }),
    [axes.x]: x === undefined ? index : others[index]?.[x.field],
  }));
}

function groupOf(ys: readonly Source[]): Datapoints['group'] {
  const [files, fields] = [new Set(ys.map(({ file }) => file)), new Set(ys.map(({ field }) => field))];
  const parts = [...(files.size > 1 ? ['filename'] : []), ...(fields.size > 1 ? ['field'] : [])];
  if (parts.length === 0) return undefined;
  const field = parts.join('::');
  return { field, domain: [...new Set(ys.map((y) => groupValue(y, field)))].sort() };
}

function groupValue({ file, field }: Source, group: string): string {
  if (group === 'filename') return file;
  return group === 'field' ? field : `${file}::${field}`;
}

function labelsOf({ xs, xLabel, yLabel }: PlotDefinition, ys: readonly Source[]) {
  return {
    xLabel: xLabel ?? sharedName(xs, 'x') ?? STEP,
    yLabel: yLabel ?? sharedName(ys, 'y') ?? '',
  };
}

function revisionsIn(rows: readonly Row[]): readonly string[] {
  return [...new Set(rows.map((row) => String(row[REVISION])))];
}
