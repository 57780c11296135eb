import type { Json } from './fill.ts';

const HEAD = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  data: { values: '<DVC_METRIC_DATA>' },
  title: { text: '<DVC_METRIC_TITLE>', anchor: 'middle' },
};
const SIZE = { width: '<DVC_METRIC_PLOT_WIDTH>', height: '<DVC_METRIC_PLOT_HEIGHT>' };

const X = { field: '<DVC_METRIC_X>', title: '<DVC_METRIC_X_LABEL>' };
const Y = { field: '<DVC_METRIC_Y>', title: '<DVC_METRIC_Y_LABEL>' };
const AMOUNT_X = { ...X, type: 'quantitative', scale: { zero: false } };
const AMOUNT_Y = { ...Y, type: 'quantitative', scale: { zero: false } };
const COLOR = '<DVC_METRIC_COLOR>';
const DASH = '<DVC_METRIC_STROKE_DASH>';
const TOOLTIP = '<DVC_METRIC_TOOLTIP>';
const ZOOM = '<DVC_METRIC_ZOOM_AND_PAN>';

const simple: Json = {
  ...HEAD,
  ...SIZE,
  params: [ZOOM],
  mark: { type: 'line', point: true },
  encoding: { x: AMOUNT_X, y: AMOUNT_Y, color: COLOR, strokeDash: DASH, tooltip: TOOLTIP },
};

const linear: Json = {
  ...HEAD,
  ...SIZE,
  encoding: { x: AMOUNT_X },
  layer: [
    {
      params: [ZOOM],
      mark: 'line',
      encoding: { y: AMOUNT_Y, color: COLOR, strokeDash: DASH },
    },
    {
      transform: [{ filter: { param: 'near', empty: false } }],
      mark: { type: 'point', filled: true, size: 50 },
      encoding: { y: AMOUNT_Y, color: COLOR },
    },
    {
      transform: [
        { calculate: '<DVC_METRIC_PIVOT_FIELD>', as: 'line_name' },
        { pivot: 'line_name', value: '<DVC_METRIC_Y>', groupby: ['<DVC_METRIC_X>'], op: 'mean' },
      ],
      params: [
        {
          name: 'near',
          select: { type: 'point', fields: ['<DVC_METRIC_X>'], nearest: true, on: 'mouseover', clear: 'mouseout' },
        },
      ],
      mark: { type: 'rule', color: 'grey', tooltip: { content: 'data' } },
      encoding: { opacity: { condition: { param: 'near', empty: false, value: 0.4 }, value: 0 } },
    },
  ],
};

const smooth: Json = {
  ...HEAD,
  ...SIZE,
  params: [{ name: 'bandwidth', value: 0.3, bind: { input: 'range', min: 0.02, max: 1, step: 0.02 } }],
  layer: [
    {
      transform: [
        {
          loess: '<DVC_METRIC_Y>',
          on: '<DVC_METRIC_X>',
          groupby: '<DVC_METRIC_GROUP_BY>',
          bandwidth: { signal: 'bandwidth' },
        },
      ],
      mark: 'line',
      encoding: { x: AMOUNT_X, y: AMOUNT_Y, color: COLOR, strokeDash: DASH },
    },
    {
      params: [ZOOM],
      mark: { type: 'line', strokeOpacity: 0.25 },
      encoding: { x: AMOUNT_X, y: AMOUNT_Y, color: COLOR, strokeDash: DASH, tooltip: TOOLTIP },
    },
  ],
};

const scatter: Json = {
  ...HEAD,
  ...SIZE,
  params: [ZOOM],
  mark: { type: 'point', filled: true, opacity: 0.7 },
  encoding: { x: AMOUNT_X, y: AMOUNT_Y, color: COLOR, shape: '<DVC_METRIC_SHAPE>', tooltip: TOOLTIP },
};

const scatterJitter: Json = {
  ...HEAD,
  ...SIZE,
  transform: [
    { calculate: 'random()', as: 'shift_x' },
    { calculate: 'random()', as: 'shift_y' },
  ],
  mark: { type: 'point', filled: true, opacity: 0.7, size: 20 },
  encoding: {
    x: { ...X, type: 'nominal' },
    xOffset: { field: 'shift_x', type: 'quantitative' },
    y: { ...Y, type: 'nominal' },
    yOffset: { field: 'shift_y', type: 'quantitative' },
    color: COLOR,
    shape: '<DVC_METRIC_SHAPE>',
    tooltip: TOOLTIP,
  },
};

/** Counts how often each pair of classes occurs; `share` makes the value that a cell shows and is coloured by. */
function confusionMatrix(share: readonly Json[], { shown, format }: { shown: string; format: string }): Json {
  const cells = [
    { aggregate: [{ op: 'count', as: 'cases' }], groupby: ['rev', '<DVC_METRIC_X>', '<DVC_METRIC_Y>'] },
    { impute: 'cases', key: '<DVC_METRIC_X>', groupby: ['rev', '<DVC_METRIC_Y>'], value: 0 },
    ...share,
    { joinaggregate: [{ op: 'max', field: shown, as: 'highest' }], groupby: [] },
  ];
  return {
    ...HEAD,
    facet: { column: { field: 'rev', sort: [], title: null } },
    spec: {
      ...SIZE,
      transform: cells,
      encoding: { x: { ...X, type: 'nominal' }, y: { ...Y, type: 'nominal' } },
      layer: [
        {
          mark: { type: 'rect', tooltip: { content: 'data' } },
          encoding: {
            color: { field: shown, type: 'quantitative', title: '', scale: { domainMin: 0, scheme: 'blues' } },
          },
        },
        {
          mark: 'text',
          encoding: {
            text: { field: shown, type: 'quantitative', format },
            color: { condition: { test: `datum.${shown} > datum.highest / 2`, value: 'white' }, value: 'black' },
          },
        },
      ],
    },
  };
}

const normalized: readonly Json[] = [
  { joinaggregate: [{ op: 'sum', field: 'cases', as: 'total' }], groupby: ['rev', '<DVC_METRIC_Y>'] },
  { calculate: 'datum.total > 0 ? datum.cases / datum.total : 0', as: 'share' },
];

function bars(sort: Json): Json {
  return {
    ...HEAD,
    width: '<DVC_METRIC_PLOT_WIDTH>',
    mark: 'bar',
    encoding: {
      x: { ...X, type: 'quantitative' },
      y: { ...Y, type: 'nominal', sort },
      yOffset: { field: 'rev', sort: null },
      color: COLOR,
      tooltip: TOOLTIP,
    },
  };
}

/** Vega-Lite specs by the names that DVC's users know, with anchors where a plot's own things go. */
export const TEMPLATES: Readonly<Record<string, Json>> = {
  simple,
  linear,
  confusion: confusionMatrix([], { shown: 'cases', format: 'd' }),
  confusion_normalized: confusionMatrix(normalized, { shown: 'share', format: '.2f' }),
  scatter,
  scatter_jitter: scatterJitter,
  smooth,
  bar_horizontal_sorted: bars('-x'),
  bar_horizontal: bars(null),
};

export const DEFAULT_TEMPLATE = 'linear';
