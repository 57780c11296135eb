import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { describe, expect, it } from 'vitest';
import { type Datapoints, datapointsOf } from './datapoints.ts';
import { definePlot } from './definition.ts';
import { anchorOf, fillTemplate, hasData, type Json } from './fill.ts';
import { TEMPLATES } from './templates.ts';

const tables = new Map([
  [
    'a.csv',
    [
      { step: '0', loss: '0.5', 'acc.top': 0.25, kind: 'cat', other: 'dog' },
      { step: '1', loss: '0.25', 'acc.top': 0.5, kind: 'dog', other: 'dog' },
      { step: '2', loss: '0.125', 'acc.top': 0.75, kind: 'cat', other: 'cat' },
    ],
  ],
]);

function points(x: string, y: string | readonly string[], revisions: readonly string[]): Datapoints {
  const made = datapointsOf(
    definePlot('a.csv', { x, y }),
    revisions.map((name) => ({ name, tables })),
  );
  if (typeof made === 'string') throw new Error(made);
  return made;
}

/** There is no window here, nothing under the mouse, and an anchor that a plot has no use for becomes an empty object. */
const HARMLESS = /Can not resolve event source: window|Infinite extent|Dropping \{\} from channel/;

/** Drawn by Vega itself, without a screen: or the error that a browser would have shown. */
async function draw(spec: Json): Promise<string> {
  const complaints: string[] = [];
  const complain = (...args: readonly unknown[]) => {
    const text = args.join(' ');
    if (!HARMLESS.test(text)) complaints.push(text);
    return logger;
  };
  const logger = { warn: complain, error: complain, info: () => logger, debug: () => logger, level: () => logger };
  const { spec: compiled } = compile(spec as unknown as TopLevelSpec, { logger: logger as never });
  const view = new View(parse(compiled), { renderer: 'none', logger: logger as never });
  const svg = await view.toSVG();
  view.finalize();
  expect(complaints).toEqual([]);
  return svg;
}

const CLASSES = ['confusion', 'confusion_normalized', 'scatter_jitter'];

describe('built-in templates', () => {
  it('have the names that DVC’s users know', () => {
    expect(Object.keys(TEMPLATES)).toEqual([
      'simple',
      'linear',
      'confusion',
      'confusion_normalized',
      'scatter',
      'scatter_jitter',
      'smooth',
      'bar_horizontal_sorted',
      'bar_horizontal',
    ]);
  });

  it.each(Object.keys(TEMPLATES))('%s is drawn by Vega without a complaint', async (name) => {
    const template = TEMPLATES[name] ?? null;
    expect(hasData(template)).toBe(true);
    const columns = CLASSES.includes(name) ? (['kind', 'other'] as const) : (['step', 'acc.top'] as const);
    const [x, y] = name.startsWith('bar') ? (['acc.top', 'kind'] as const) : columns;
    for (const revisions of [['workspace'], ['workspace', 'HEAD']]) {
      const spec = fillTemplate(template, points(x, y, revisions), 'A title');
      expect(JSON.stringify(spec)).not.toContain('<DVC_METRIC');
      expect(await draw(spec)).toContain('A title');
    }
  });

  it.each(['simple', 'linear', 'smooth', 'scatter'])('%s tells several columns apart', async (name) => {
    const spec = fillTemplate(TEMPLATES[name] ?? null, points('step', ['loss', 'acc.top'], ['workspace', 'HEAD']), 'T');
    expect(await draw(spec)).toContain('acc.top');
  });
});

describe('fillTemplate', () => {
  const filled = (template: Json) => fillTemplate(template, points('step', 'acc.top', ['HEAD', 'v1']), 'Title');

  it.each([
    ['title', 'Title'],
    ['x', 'step'],
    ['y', 'acc\\.top'],
    ['x_label', 'step'],
    ['y_label', 'acc.top'],
    ['group_by', ['rev']],
    ['group_by_x', ['rev', 'step']],
    ['group_by_y', ['rev', 'acc.top']],
    ['pivot_field', 'datum.rev'],
    ['stroke_dash', {}],
    ['row', {}],
    ['plot_width', 300],
    ['zoom_and_pan', { name: 'grid', select: 'interval', bind: 'scales' }],
    ['color', { field: 'rev', scale: { domain: ['HEAD', 'v1'], range: ['#4c6ef5', '#f76707'] } }],
  ])('puts %s in the place of its anchor', (name, value) => {
    expect(filled({ deep: [{ at: anchorOf(name) }] })).toEqual({ deep: [{ at: value }] });
  });

  it('puts texts within texts, and leaves what it does not know', () => {
    expect(filled({ text: 'see <DVC_METRIC_TITLE> by <DVC_METRIC_X>: <DVC_METRIC_NOPE>' })).toEqual({
      text: 'see Title by step: <DVC_METRIC_NOPE>',
    });
  });
});
