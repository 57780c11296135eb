import type { Datapoints } from './datapoints.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Names that stand in templates, with the words around them that DVC's templates have, too. */
export function anchorOf(name: string): string {
  return `<DVC_METRIC_${name.toUpperCase()}>`;
}

const RANGES: Readonly<Record<'color' | 'stroke_dash' | 'shape', readonly Json[]>> = {
  color: ['#4c6ef5', '#f76707', '#2f9e44', '#c2255c', '#1098ad', '#ae3ec9', '#868e96'],
  stroke_dash: [
    [1, 0],
    [8, 8],
    [8, 4],
    [4, 4],
    [4, 2],
    [2, 1],
    [1, 1],
  ],
  shape: ['circle', 'square', 'triangle', 'diamond'],
};

/** Whether a template shows any data at all. */
export function hasData(template: Json): boolean {
  return JSON.stringify(template).includes(JSON.stringify(anchorOf('data')));
}

/** The template with everything of the plot in its place. */
export function fillTemplate(template: Json, points: Datapoints, title: string): Json {
  const values = anchors(points, title);
  const visit = (node: Json): Json => {
    if (typeof node === 'string') return replaceText(node, values);
    if (isList(node)) return node.map(visit);
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, member]) => [key, visit(member)]));
  };
  return visit(template);
}

function isList(node: Json): node is readonly Json[] {
  return Array.isArray(node);
}

/** A text that is an anchor and nothing else becomes its value, of whatever kind; within a text only texts can stand. */
function replaceText(text: string, values: ReadonlyMap<string, Json>): Json {
  const whole = values.get(text);
  if (whole !== undefined) return whole;
  return text.replace(/<DVC_METRIC_[A-Z_]+>/g, (anchor) => {
    const value = values.get(anchor);
    return typeof value === 'string' ? value : anchor;
  });
}

function anchors(points: Datapoints, title: string): ReadonlyMap<string, Json> {
  const { x, y, group, revisions } = points;
  const groups = ['rev', ...(group === undefined ? [] : [group.field])];
  const facet = group === undefined ? {} : { field: group.field, sort: [] };
  const values: Readonly<Record<string, Json>> = {
    data: points.rows as readonly Json[],
    title,
    x: escapeField(x),
    y: escapeField(y),
    x_label: points.xLabel,
    y_label: points.yLabel,
    color: scaleOf('color', 'rev', revisions),
    stroke_dash: group === undefined ? {} : { ...scaleOf('stroke_dash', group.field, group.domain), ...HOLLOW },
    shape: group === undefined ? {} : { ...scaleOf('shape', group.field, group.domain), ...HOLLOW },
    group_by: groups,
    group_by_x: [...groups, x],
    group_by_y: [...groups, y],
    pivot_field: groups
      .map((field) => (/^\w+$/.test(field) ? `datum.${field}` : `datum['${field}']`))
      .join(" + '::' + "),
    row: facet,
    column: facet,
    tooltip: [...new Set(['rev', x, y, ...groups])].map((field) => ({ field: escapeField(field) })),
    plot_height: 300,
    plot_width: 300,
    zoom_and_pan: { name: 'grid', select: 'interval', bind: 'scales' },
  };
  return new Map(Object.entries(values).map(([name, value]) => [anchorOf(name), value]));
}

const HOLLOW = { legend: { symbolFillColor: 'transparent', symbolStrokeColor: 'grey' } };

function scaleOf(kind: keyof typeof RANGES, field: string, domain: readonly string[]) {
  const range = domain.map((_, index) => RANGES[kind][index % RANGES[kind].length] ?? null);
  return { field, scale: { domain, range } };
}

/** Vega takes dots and brackets in a name for a way into an object. */
function escapeField(field: string): string {
  return field.replace(/[.[\]]/g, '\\$&');
}
