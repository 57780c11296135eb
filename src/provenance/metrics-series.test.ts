import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { metricsOfRun } from './metrics-of-run.ts';
import { metricsOf, readSeriesLog, seriesOf } from './metrics-series.ts';

const defaults = { timestamp: 1000 };

/** Points as `key@step=value`, which is what most tests ask about. */
function brief(points: readonly { key: string; value: number; step: number }[]): string[] {
  return points.map(({ key, value, step }) => `${key}@${step}=${value}`);
}

describe('readSeriesLog', () => {
  it('reads a point a line, and fills in what is left out', () => {
    const text = [
      '{"key": "loss", "value": 0.5, "step": 3, "timestamp": 1700000000000.7}',
      '{"key": "loss", "value": 0.25}',
      '',
      '{"key": "acc", "value": 1, "more": true}\r',
      '',
    ].join('\n');
    expect(readSeriesLog(text, defaults)).toEqual({
      points: [
        { key: 'loss', value: 0.5, step: 3, timestamp: 1_700_000_000_000 },
        { key: 'loss', value: 0.25, step: 4, timestamp: 1000 },
        { key: 'acc', value: 1, step: 0, timestamp: 1000 },
      ],
      warnings: [],
    });
  });

  it('takes what is no number as text, and as Python writes it', () => {
    const text = ['"NaN"', 'NaN', '"Infinity"', '-Infinity']
      .map((value) => `{"key":"NaN:","value":${value}}\n`)
      .join('');
    expect(brief(readSeriesLog(text, defaults).points)).toEqual([
      'NaN:@0=NaN',
      'NaN:@1=NaN',
      'NaN:@2=Infinity',
      'NaN:@3=-Infinity',
    ]);
  });

  it('warns of each line it cannot use, a few by name, and uses the others', () => {
    const bad = ['nonsense', '[]', '{"key": "a"}', '{"key": "a", "value": "1"}', '{"key": "", "value": 1}'];
    const more = ['{"key": "a", "value": 1, "step": 0.5}', '{"key": "a", "value": true}'];
    const { points, warnings } = readSeriesLog([...bad, ...more, '{"key":"a","value":1}', ''].join('\n'), defaults);
    expect(brief(points)).toEqual(['a@0=1']);
    expect(warnings).toEqual([
      'line 1 is not JSON: nonsense',
      'line 2 is not an object with key and value',
      'line 3 has no usable value',
      'line 4 has no usable value',
      'line 5 has no usable key',
      '2 more lines are unusable',
    ]);
  });

  it('says nothing of a last line that was cut off', () => {
    const whole = '{"key": "a", "value": 1}\n';
    const { points, warnings } = readSeriesLog(`${whole}{"key": "a", "val`, defaults);
    expect({ points: brief(points), warnings }).toEqual({ points: ['a@0=1'], warnings: [] });
  });

  it('never throws and never makes up a point', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (lines) => {
        const { points, warnings } = readSeriesLog(`${lines.join('\n')}\n`, defaults);
        for (const point of points) expect(Number.isSafeInteger(point.step)).toBe(true);
        expect(warnings.length).toBeLessThanOrEqual(6);
      }),
    );
  });
});

describe('metricsOf', () => {
  it.each([
    ['m.json', '{"acc": 0.5, "by": {"cat": {"f1": 1}}, "n": null, "name": "1", "ok": true, "loss": NaN}'],
    ['m.yaml', 'acc: 0.5\nby:\n  cat: {f1: 1}\nn: null\nname: "1"\nok: true\nloss: .nan\n'],
    ['m.toml', 'acc = 0.5\nby.cat.f1 = 1\nname = "1"\nok = true\nloss = nan\n'],
  ])('finds the numbers of %s and nothing else', (path, text) => {
    const points = metricsOf(`results/${path}`, text, defaults);
    expect(new Set(brief(points))).toEqual(new Set(['acc@0=0.5', 'by.cat.f1@0=1', 'loss@0=NaN']));
    expect(points.every(({ timestamp }) => timestamp === 1000)).toBe(true);
  });

  it('names members of lists by their index, but takes long lists as data', () => {
    expect(brief(metricsOf('m.json', '{"matrix": [[1, 2], [{"n": 3}]]}', defaults))).toEqual([
      'matrix[0][0]@0=1',
      'matrix[0][1]@0=2',
      'matrix[1][0].n@0=3',
    ]);
    expect(metricsOf('m.json', JSON.stringify({ data: Array(1001).fill(1) }), defaults)).toEqual([]);
  });

  it('takes a lone number by the name of its file', () => {
    expect(brief(metricsOf('results/accuracy.json', '0.97\n', defaults))).toEqual(['accuracy@0=0.97']);
  });

  it.each([
    ['m.json', '{"acc": '],
    ['m.json', '[{"acc": 1}]'],
    ['m.yaml', 'a: [1\nb: {'],
    ['m.yaml', 'a: *missing'],
    ['m.toml', 'acc = '],
    ['m.json', '['.repeat(50_000) + ']'.repeat(50_000)],
    ['m.json', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`],
    ['m.png', '1'],
    ['noextension', '1'],
  ])('finds nothing in %s that holds %.40j', (path, text) => {
    expect(metricsOf(path, text, defaults)).toEqual([]);
  });
});

describe('seriesOf', () => {
  it.each([
    ['t.csv', '\uFEFFepoch,loss,note\n1,0.5,a\n2, NaN ,b\n3,,c\n'],
    ['t.tsv', 'epoch\tloss\tnote\n1\t0.5\ta\n2\tnan\tb\n3\t\tc\n'],
    ['t.json', '[{"epoch": 1, "loss": 0.5, "note": "a"}, {"epoch": 2, "loss": NaN}, {"epoch": 3, "loss": null}]'],
    ['t.json', '{"train": [{"epoch": "1", "loss": "0.5"}, {"epoch": "2", "loss": "NaN"}]}'],
    ['t.yaml', '- {epoch: 1, loss: 0.5, note: a}\n- {epoch: 2, loss: .nan}\n'],
  ])('reads the table of %s by its step column', (path, text) => {
    expect(brief(seriesOf(path, text, defaults))).toEqual(['loss@1=0.5', 'loss@2=NaN']);
  });

  it('takes quoted cells and a timestamp column', () => {
    const text = 'Step,timestamp,"my, loss"\n10,1700000000000,"1.5"\n';
    expect(seriesOf('t.csv', text, defaults)).toEqual([
      { key: 'my, loss', value: 1.5, step: 10, timestamp: 1_700_000_000_000 },
    ]);
  });

  it('prefers the column that counts finest', () => {
    expect(brief(seriesOf('t.csv', 'epoch,step,loss\n0.5,10,1\n', defaults))).toEqual(['epoch@10=0.5', 'loss@10=1']);
    expect(brief(seriesOf('t.csv', 'step,round,loss\n0.5,2,1\n', defaults))).toEqual(['step@2=0.5', 'loss@2=1']);
  });

  it.each([
    ['t.csv', 'actual,predicted\n0,1\n'],
    ['t.csv', 'step,loss\nfirst,1\n'],
    ['t.csv', '"unclosed\n'],
    ['t.csv', ''],
    ['t.json', '[1, 2]'],
    ['t.json', '[]'],
    ['t.png', 'step,loss\n1,1\n'],
  ])('finds no series in %s that holds %.40j', (path, text) => {
    expect(seriesOf(path, text, defaults)).toEqual([]);
  });
});

describe('metricsOfRun', () => {
  const table = (path: string, text: string) => ({ path, text, kind: 'plot' as const });

  it('keeps equal names of different tables apart, and leaves the others short', () => {
    const files = [table('plots/train.csv', 'step,loss,lr\n0,1,0.1\n'), table('plots/valid.csv', 'step,loss\n0,2\n')];
    expect(brief(metricsOfRun([], files, defaults))).toEqual([
      'plots/train/loss@0=1',
      'lr@0=0.1',
      'plots/valid/loss@0=2',
    ]);
  });

  it('does not let a curve pass for the number of a metrics file', () => {
    const files = [
      { path: 'm.json', text: '{"acc": 0.9}', kind: 'metric' as const },
      table('curve.csv', 'step,acc\n5,1\n'),
    ];
    expect(brief(metricsOfRun([], files, defaults))).toEqual(['acc@0=0.9', 'curve/acc@5=1']);
  });

  it('puts the number of a metrics file at the end of the series that was logged under its name', () => {
    const logged = [
      { key: 'acc', value: 0.1, step: 7, timestamp: 1 },
      { key: 'acc', value: 0.2, step: 3, timestamp: 2 },
    ];
    const files = [{ path: 'm.json', text: '{"acc": 0.9}', kind: 'metric' as const }];
    expect(brief(metricsOfRun(logged, files, defaults))).toEqual(['acc@7=0.1', 'acc@3=0.2', 'acc@7=0.9']);
  });
});
