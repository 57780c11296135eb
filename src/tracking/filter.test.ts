import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Literal, RunId } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { type Filter, type FilterValue, type Operator, parseFilter, parseSubject } from './filter.ts';
import { matches, sortRuns } from './filter-match.ts';
import type { MetricPoint, ParamRecord, Run } from './run.ts';
import type { Subject } from './subject.ts';

function point(key: string, value: number, step = 0): MetricPoint {
  return { key, value, step, timestamp: 1 };
}

function param(key: string, value: string): ParamRecord {
  return { key, value: value as Literal };
}

const run: Run = {
  id: 'abc0'.padEnd(32, '0') as RunId,
  parent: null,
  stage: 'train',
  file: 'pipeline.yaml',
  status: 'FINISHED',
  startTime: Date.UTC(2026, 0, 31, 12),
  endTime: Date.UTC(2026, 0, 31, 12, 2),
  code: {
    gitSha: 'c0ffee',
    branch: 'main',
    remoteUrl: null,
    dirty: true,
    patch: null,
    omitted: [],
    command: 'python train.py\necho done',
  },
  data: [],
  params: [
    param('lr', '0.1'),
    param('net.depth', '4'),
    param('model', '"forest"'),
    param('flag', 'true'),
    param('none', 'null'),
    param('layers', '[1, 2]'),
    param('params.toml:a b', '"x"'),
    param('huge', '.inf'),
  ],
  metrics: [point('acc', 0.5, 1), point('acc', 0.9, 2), point('f1 score', 0.8), point('loss', Number.NaN)],
  artifacts: [],
  environment: null,
  tags: { 'lockstep.again': 'reproduced' },
};

describe('a filter', () => {
  it.each([
    ['metrics.acc > 0.8', true],
    ['metrics.acc = 0.5', false],
    ['metric.acc >= 9e-1 AND params.lr = 0.1', true],
    ['metrics.acc < 1 and not metrics.acc <= .9', false],
    ['metrics.`f1 score` == 0.8', true],
    ['metrics."f1 score" != 0.8', false],
    ['metrics.loss = nan', true],
    ['metrics.loss > 0 or metrics.loss <= 0', false],
    ['params.net.depth = 4', true],
    ['params.net.depth = 4.0', true],
    ["params.net.depth = '4'", true],
    ["params.net.depth = '4.0'", false],
    ['params.net.depth > 3 and params.net.depth < 5', true],
    ["params.model = 'forest'", true],
    ['params.model = forest', true],
    ["params.model > 'f' and params.model < 'g'", true],
    ['params.model > 3', false],
    ['params.model like for%', true],
    ["params.model like '%OREST'", false],
    ["params.model ilike '_OREST'", true],
    ["params.lr like '0._'", true],
    ["params.lr like '0x1'", false],
    ['params.flag = true', true],
    ['params.flag = 1', false],
    ['params.none = null', true],
    ["params.layers = '[1, 2]'", true],
    ['params.huge > 1e308', true],
    ['params.`params.toml:a b` = x', true],
    ['params.absent = 1', false],
    ['params.absent != 1', false],
    ['not params.absent = 1', true],
    ["tags.lockstep.again = 'reproduced'", true],
    ['status = finished', true],
    ["attributes.status != 'FAILED'", true],
    ["stage = 'train' and file = pipeline.yaml", true],
    ['duration = 120', true],
    ["duration > '1.5m' and duration < 1h", true],
    ['start_time > 2026-01-31', true],
    ["start_time < '2026-01-31T12:00:01Z'", true],
    ['dirty = true', true],
    ['branch = main and sha like c0%', true],
    ['command like %echo%', true],
    ['parent = x', false],
    ['metrics.acc = 0 and metrics.acc = 0 or metrics.acc > 0', true],
    ['metrics.acc = 0 and (metrics.acc = 0 or metrics.acc > 0)', false],
    ['not metrics.acc = 0 and metrics.acc = 0', false],
    ['not (metrics.acc = 0 and metrics.acc = 0)', true],
    ["params.model = 'it''s'", false],
  ])('%s is %s', (text, expected) => {
    expect(matches(run, parseFilter(text))).toBe(expected);
  });

  it.each([
    ['', 1, 'expected metrics.KEY'],
    ['metrics.acc', 12, 'expected =, !='],
    ['metrics.acc >', 14, 'expected a value'],
    ['metrics.acc > 0.9 params.lr = 1', 19, 'expected and, or, or the end'],
    ['metrics.acc > high', 15, 'expected a number'],
    ['metrics. > 1', 1, 'expected a key after metrics.'],
    ['metrcs.acc > 1', 1, 'did you mean metrics?'],
    ['statsu = FAILED', 1, 'did you mean status?'],
    ['colour = red', 1, 'the attributes are id, parent'],
    ['(metrics.acc > 1', 17, 'expected )'],
    ['metrics.acc > 1)', 16, 'expected and, or, or the end'],
    ["params.model = 'forest", 16, 'expected a value'],
    ['metrics.acc ! 1', 13, 'expected =, !='],
    ['metrics.acc > 1 and and', 21, 'expected metrics.KEY'],
    ['start_time > yesterday', 14, 'expected a date'],
    ['duration > long', 12, 'expected seconds'],
    ['dirty = maybe', 9, 'expected true or false'],
    [`${'('.repeat(5000)}`, 202, 'nested too deeply'],
  ])('%.40s is wrong at column %i: %s', (text, column, message) => {
    expect.assertions(2);
    try {
      parseFilter(text);
    } catch (error) {
      const diagnostic = error instanceof LockstepError ? error.diagnostics[0] : undefined;
      expect(diagnostic?.place?.column).toBe(column);
      expect(diagnostic?.message).toContain(message);
    }
  });
});

const key = fc.stringMatching(/^[a-z_][\w./:[\]-]{0,8}$/);
const anyKey = fc.oneof(key, fc.string({ minLength: 1 }));
const subject: fc.Arbitrary<Subject> = fc.oneof(
  fc.record({ of: fc.constantFrom('metric' as const, 'param' as const, 'tag' as const), key: anyKey }),
  fc.record({ of: fc.constant('attribute' as const), name: fc.constantFrom('stage' as const, 'branch' as const) }),
);
const comparison: fc.Arbitrary<Filter> = subject.chain((of) => {
  const number = fc.double({ noNaN: true }).map((value) => value + 0);
  const text = fc.string();
  const value: fc.Arbitrary<FilterValue> =
    of.of === 'metric'
      ? number
      : of.of === 'attribute'
        ? text
        : fc.oneof(number, text, fc.boolean(), fc.constant(null));
  return fc.record({
    kind: fc.constant('compare' as const),
    subject: fc.constant(of),
    operator: fc.constantFrom<Operator>('=', '!=', '>', '>=', '<', '<='),
    value,
  });
});
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    fc.record({ kind: fc.constant('not' as const), operand: tie('filter') }),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), left: tie('filter'), right: tie('filter') }),
  ),
}));

function format(node: Filter): string {
  if (node.kind === 'not') return `not (${format(node.operand)})`;
  if (node.kind !== 'compare') return `(${format(node.left)}) ${node.kind} (${format(node.right)})`;
  const of = node.subject;
  const name = of.of === 'attribute' ? of.name : `${of.of}s.\`${of.key.replaceAll('`', '``')}\``;
  const { value } = node;
  const text =
    typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value).replace('Infinity', 'inf');
  return `${name} ${node.operator} ${text}`;
}

describe('the grammar', () => {
  it('reads every filter back as it was written', () => {
    fc.assert(
      fc.property(filter, (node) => {
        expect(parseFilter(format(node))).toEqual(node);
      }),
    );
  });

  it('takes any text for a filter or a mistake with a place, and nothing else', () => {
    const words = fc.constantFrom('and', 'or', 'not', '(', ')', 'metrics.a', '>', '1', "'", '`', 'stage', '=', 'x');
    const text = fc.oneof(
      fc.string(),
      fc.array(words).map((some) => some.join(' ')),
    );
    fc.assert(
      fc.property(text, (some) => {
        try {
          parseFilter(some);
        } catch (error) {
          if (!(error instanceof LockstepError)) throw error;
          const column = error.diagnostics[0]?.place?.column ?? 0;
          expect(column >= 1 && column <= some.length + 1).toBe(true);
        }
      }),
    );
  });

  it('keeps the laws of logic', () => {
    const params = fc.array(fc.tuple(key, fc.constantFrom('1', '1.5', '"a"', 'true', 'null', '.nan')), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(filter, filter, params, (left, right, values) => {
        const some = { ...run, params: values.map(([name, value]) => param(name, value)) };
        const not = (operand: Filter): Filter => ({ kind: 'not', operand });
        const both = matches(some, not({ kind: 'and', left, right }));
        expect(both).toBe(matches(some, { kind: 'or', left: not(left), right: not(right) }));
        expect(matches(some, not(not(left)))).toBe(matches(some, left));
      }),
    );
  });
});

describe('sortRuns', () => {
  const withAcc = (id: string, value?: number): Run => ({
    ...run,
    id: id as RunId,
    metrics: value === undefined ? [] : [point('acc', value)],
  });
  const runs = [withAcc('none'), withAcc('nan', Number.NaN), withAcc('low', -1), withAcc('high', 2)];
  const order = (by: string, descending: boolean) =>
    sortRuns(runs, { subject: parseSubject(by), descending }).map(({ id }) => id);

  it('puts runs without a value last in both directions, NaN before them', () => {
    expect(order('metrics.acc', false)).toEqual(['low', 'high', 'nan', 'none']);
    expect(order('metrics.acc', true)).toEqual(['high', 'low', 'nan', 'none']);
  });

  it('keeps the order of equal ones', () => {
    expect(order('stage', false)).toEqual(['none', 'nan', 'low', 'high']);
    expect(order('stage', true)).toEqual(['none', 'nan', 'low', 'high']);
  });

  it('takes one subject and nothing more', () => {
    expect(() => parseSubject('metrics.acc desc')).toThrow(LockstepError);
  });
});
