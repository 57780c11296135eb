import { describe, expect, it } from 'vitest';
import { drawBars, drawChart } from './text-chart.ts';

const plain = { connected: true, paint: (text: string) => text };
const falling = [0, 1, 2, 3, 4, 5, 6, 7].map((x) => [x, 1 / (x + 1)] as const);

describe('drawChart', () => {
  it('draws one line finely', () => {
    expect(
      `\n${drawChart([{ name: 'a', points: falling }], { columns: 30, lines: 4 }, plain)}\n`,
    ).toMatchInlineSnapshot(`
      "
          1 ┤⠱⡀
            │ ⠘⢄
            │  ⠈⠒⠤⠤⣀⡀
      0.125 ┤       ⠈⠉⠒⠒⠢⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀
            └───────────────────────
             0                     7
      "
    `);
  });

  it('draws several lines with marks of their own, in a narrow terminal, too', () => {
    const other = falling.map(([x, y]) => [x, y / 2] as const);
    const series = [
      { name: 'a', points: falling },
      { name: 'b', points: other },
    ];
    const chart = drawChart(series, { columns: 24, lines: 5 }, plain);
    expect(`\n${chart}\n`).toMatchInlineSnapshot(`
      "
           1 ┤●
             │ ●
             │○ ●
             │ ○○●●●●●●●
      0.0625 ┤   ○○○○○○○○○○○○○
             └────────────────
              0              7
      "
    `);
    expect(Math.max(...chart.split('\n').map((line) => line.length))).toBeLessThanOrEqual(24);
  });

  it('draws a single point, and nothing where there are no numbers', () => {
    expect(drawChart([{ name: 'a', points: [[1, 2]] }], { columns: 24, lines: 3 }, plain)).toContain('1');
    expect(drawChart([{ name: 'a', points: [[Number.NaN, 2]] }], { columns: 24, lines: 3 }, plain)).toBe('');
  });

  it('is not stopped by more points than a call has arguments', () => {
    const points = Array.from({ length: 200_000 }, (_, x) => [x, Math.sin(x)] as const);
    expect(drawChart([{ name: 'a', points }], { columns: 40, lines: 4 }, plain)).toContain('200000');
  });
});

it('draws bars to one scale, long names cut', () => {
  const bars = [
    { label: 'width', value: 4, series: 0 },
    { label: 'a name that is too long', value: 1, series: 1 },
  ];
  expect(`\n${drawBars(bars, 30, plain.paint)}\n`).toMatchInlineSnapshot(`
    "
    width      █████████████████ 4
    a name th… ▒▒▒▒ 1
    "
  `);
});
