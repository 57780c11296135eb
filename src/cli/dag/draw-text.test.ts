import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runs } from '../../../test/support/hunt.ts';
import { stylesOf } from '../style.ts';
import { collapse, type DagGraph, type DagNode } from './dag-graph.ts';
import { type Direction, drawText } from './draw-text.ts';
import { drawPicture } from './picture.ts';

const styles = stylesOf({ colors: false });

/** `a > b,c; b > d` */
function graph(text: string): DagGraph {
  const nodes = new Map<string, DagNode>();
  const edges: [string, string][] = [];
  for (const chain of text.split(';')) {
    const steps = chain.split('>').map((step) => step.split(',').map((name) => name.trim()));
    for (const id of steps.flat()) nodes.set(id, { id, label: id, kind: 'stage' });
    for (const [index, froms] of steps.entries()) {
      for (const from of froms) for (const to of steps[index + 1] ?? []) edges.push([from, to]);
    }
  }
  return { nodes: [...nodes.values()], edges };
}

function draw(text: string, direction: Direction = 'down'): string {
  return `\n${drawText(graph(text), direction, styles).lines.join('\n')}\n`;
}

const THIRTY = `download > unpack > clean; labels > clean; schema > validate > clean;
  clean > features-text,features-image,features-tabular > join > split; labels > features-text;
  split > train-rf,train-gbm,train-mlp,train-svm,train-knn;
  train-rf > eval-rf; train-gbm > eval-gbm; train-mlp > eval-mlp; train-svm > eval-svm; train-knn > eval-knn;
  split > eval-rf,eval-gbm,eval-mlp,eval-svm,eval-knn > compare > select > calibrate > export;
  clean > profile > report; compare > report > publish; export > publish; select > card > publish`;

describe('a picture', () => {
  test('of a chain with a shortcut', () => {
    expect(draw('fetch > split > train > evaluate; split > evaluate')).toMatchInlineSnapshot(`
      "
        ┌───────┐
        │ fetch │
        └───┬───┘
            ▼
        ┌───────┐
        │ split │
        └───┬───┘
        ╭───┴──╮
        │      ▼
        │  ┌───────┐
        │  │ train │
        │  └───┬───┘
        ╰───┬──╯
            ▼
      ┌───────────┐
      │ evaluate  │
      └───────────┘
      "
    `);
  });

  test('of a fan-out and a fan-in, both ways', () => {
    expect(draw('a > b,c,d > e')).toMatchInlineSnapshot(`
      "
              ┌───┐
              │ a │
              └─┬─┘
        ╭───────┼───────╮
        ▼       ▼       ▼
      ┌───┐   ┌───┐   ┌───┐
      │ b │   │ c │   │ d │
      └─┬─┘   └─┬─┘   └─┬─┘
        ╰───────┼───────╯
                ▼
              ┌───┐
              │ e │
              └───┘
      "
    `);
    expect(draw('a > b,c,d > e', 'right')).toMatchInlineSnapshot(`
      "
                ┌───┐
            ╭──▶│ b ├─╮
            │   └───┘ │
            │         │
      ┌───┐ │   ┌───┐ │   ┌───┐
      │ a ├─┼──▶│ c ├─┼──▶│ e │
      └───┘ │   └───┘ │   └───┘
            │         │
            │   ┌───┐ │
            ╰──▶│ d ├─╯
                └───┘
      "
    `);
  });

  test('where lines must cross', () => {
    expect(draw('a1 > b1,b2; a2 > b2,b3; a3 > b1,b3')).toMatchInlineSnapshot(`
      "
       ┌─────┐   ┌─────┐   ┌─────┐
       │ a1  │   │ a2  │   │ a3  │
       └──┬──┘   └──┬──┘   └──┬──┘
        ╭─┴────────╮│         │
        │  ╭───────│┴────────╮│
        │  │       │ ╭───────│┴─╮
        ▼  ▼       ▼ ▼       ▼  ▼
      ┌─────┐    ┌─────┐    ┌─────┐
      │ b2  │    │ b1  │    │ b3  │
      └─────┘    └─────┘    └─────┘
      "
    `);
  });

  test('with wide characters and marks', () => {
    const marks = ['keep', 'restore', 'run', 'blocked'] as const;
    const nodes = marks.map(
      (mark, index): DagNode => ({
        id: mark,
        label: ['数据', 'split', 'train\n', 'é'][index] ?? '',
        kind: 'stage',
        mark,
      }),
    );
    const edges = [
      ['keep', 'restore'],
      ['restore', 'run'],
      ['run', 'blocked'],
    ] as const;
    expect(`\n${drawText({ nodes, edges }, 'right', styles).lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      ┌────────┐   ┌─────────┐   ┌───────────┐   ┌─────┐
      │ ✔ 数据 ├──▶│ ↻ split ├──▶│ ● train\\n ├──▶│ ✖ é │
      └────────┘   └─────────┘   └───────────┘   └─────┘
      "
    `);
  });

  test('of thirty stages', () => {
    expect(draw(THIRTY)).toMatchInlineSnapshot(`
      "
       ┌─────────┐                 ┌───────────┐
       │ schema  │                 │ download  │
       └────┬────┘                 └─────┬─────┘
            ▼                            ▼
      ┌───────────┐   ┌─────────┐   ┌─────────┐
      │ validate  │   │ labels  │   │ unpack  │
      └─────┬─────┘   └───┬─┬───┘   └────┬────┘
            │             │ ╰────────────│──────╮
            ╰─────────────┴──────────────┤      │
                                         ▼      │
                                     ┌───────┐  │
                                     │ clean │  │
                                     └───┬───┘  │
                                         │      ╰──────────────╮
                  ╭──────────────────────┼───────────────────┬─│────────────────────────────────────────────────╮
                  ▼                      ▼                   ▼ ▼                                                │
        ┌───────────────────┐   ┌─────────────────┐   ┌───────────────┐                                         │
        │ features-tabular  │   │ features-image  │   │ features-text │                                         │
        └─────────┬─────────┘   └────────┬────────┘   └───────┬───────┘                                         │
                  ╰──────────────────────┴────────────────────┤                                                 │
                                                              ▼                                                 │
                                                          ┌───────┐                                             │
                                                          │ join  │                                             │
                                                          └───┬───┘                                             │
                                                              ▼                                                 │
                                                          ┌───────┐                                             │
                                                          │ split │                                             │
                                                          └───┬───┘                                             │
                 ╭────────┬────────┬────────┬────────┬────────┼────────┬────────┬────────┬────────╮             │
                 ▼        │        ▼        │        ▼        │        ▼        │        ▼        │             │
           ┌───────────┐  │  ┌───────────┐  │  ┌───────────┐  │  ┌───────────┐  │  ┌───────────┐  │             │
           │ train-rf  │  │  │ train-gbm │  │  │ train-mlp │  │  │ train-svm │  │  │ train-knn │  │             │
           └─────┬─────┘  │  └─────┬─────┘  │  └─────┬─────┘  │  └─────┬─────┘  │  └─────┬─────┘  │             │
                 ╰────────┤        ╰────────┤        ╰────────┤        ╰────────┤        ╰────────┤             │
                          ▼                 ▼                 ▼                 ▼                 ▼             │
                     ┌─────────┐      ┌───────────┐     ┌───────────┐     ┌───────────┐     ┌───────────┐       │
                     │ eval-rf │      │ eval-gbm  │     │ eval-mlp  │     │ eval-svm  │     │ eval-knn  │       │
                     └────┬────┘      └─────┬─────┘     └─────┬─────┘     └─────┬─────┘     └─────┬─────┘       │
                          ╰─────────────────┴─────────────────┴─────────────────┴─────────────────┤             │
                                                                                                  ▼             ▼
                                                                                             ┌─────────┐   ┌─────────┐
                                                                                             │ compare │   │ profile │
                                                                                             └────┬────┘   └─────┬───┘
                                                                                                ╭─┴────────────╮ │
                                                                                                ▼              ▼ ▼
                                                                                           ┌─────────┐     ┌─────────┐
                                                                                           │ select  │     │ report  │
                                                                                           └────┬────┘     └────┬────┘
                                                                                   ╭────────────┤               │
                                                                                   │            ▼               │
                                                                                   │      ┌───────────┐         │
                                                                                   │      │ calibrate │         │
                                                                                   │      └─────┬─────┘         │
                                                                                   ▼            ▼               │
                                                                               ┌───────┐   ┌─────────┐          │
                                                                               │ card  │   │ export  │          │
                                                                               └───┬───┘   └────┬────┘          │
                                                                                   ╰────────────┴───────────────┤
                                                                                                                ▼
                                                                                                           ┌─────────┐
                                                                                                           │ publish │
                                                                                                           └─────────┘
      "
    `);
  });

  test('takes the direction that fits the terminal, and packs what no arrow joins', () => {
    const fan = graph('a > b1,b2,b3,b4,b5,b6,b7,b8,b9');
    expect(drawPicture(fan, { columns: 200, direction: undefined }, styles).lines[1]).toMatch(/^ +│ a │$/);
    expect(drawPicture(fan, { columns: 40, direction: undefined }, styles).width).toBeLessThanOrEqual(40);
    const loose = drawPicture(graph('a;b;c;d'), { columns: 20, direction: undefined }, styles);
    expect(`\n${loose.lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      ┌───┐   ┌───┐
      │ a │   │ b │
      └───┘   └───┘

      ┌───┐   ┌───┐
      │ c │   │ d │
      └───┘   └───┘
      "
    `);
  });
});

/** Follows the lines from below each box to the boxes that they end at; crossings go straight on. */
function readBack(lines: readonly string[], labels: readonly string[]): Set<string> {
  const at = (x: number, y: number) => lines[y]?.[x] ?? ' ';
  const boxAt = (x: number, y: number) =>
    labels.find((label) => {
      const column = lines[y]?.indexOf(` ${label} `) ?? -1;
      return column >= 0 && x >= column - 3 && x <= column + label.length + 4;
    });
  const found = new Set<string>();
  for (const [y, line] of lines.entries()) {
    for (const match of line.matchAll(/┬/g)) {
      const from = boxAt(match.index, y - 1);
      if (from === undefined || !line.slice(0, match.index).includes('└')) continue;
      const seen = new Set<string>();
      const todo: [number, number, string][] = [[match.index, y + 1, 'down']];
      for (const [x, row, heading] of todo) {
        if (seen.has(`${x},${row},${heading}`)) continue;
        seen.add(`${x},${row},${heading}`);
        const character = at(x, row);
        if (character === '▼') {
          found.add(`${from}>${boxAt(x, row + 2)}`);
          continue;
        }
        for (const next of exits(character, heading)) {
          const [dx, dy] = { down: [0, 1], left: [-1, 0], right: [1, 0] }[next] as [number, number];
          todo.push([x + dx, row + dy, next]);
        }
      }
    }
  }
  return found;
}

const EXITS: Readonly<Record<string, readonly string[]>> = {
  '╭': ['down', 'right'],
  '╮': ['down', 'left'],
  '╰': ['up', 'right'],
  '╯': ['up', 'left'],
  '┬': ['down', 'left', 'right'],
  '┴': ['up', 'left', 'right'],
  '├': ['up', 'down', 'right'],
  '┤': ['up', 'down', 'left'],
  '┼': ['up', 'down', 'left', 'right'],
};
const BACK: Readonly<Record<string, string>> = { left: 'right', right: 'left' };

/** A reader goes down, and across, but never back up: that is where another arrow comes from. */
function exits(character: string, heading: string): readonly string[] {
  if (character === '│' || character === '─') return [heading];
  return (EXITS[character] ?? []).filter((exit) => exit !== 'up' && exit !== BACK[heading]);
}

test('whoever follows the lines finds exactly the arrows of the graph', () => {
  const layered = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 24 })
    .map((pairs) => {
      const edges = new Map<string, [string, string]>();
      for (const [a, b] of pairs) {
        if (a !== b)
          edges.set(`${Math.min(a, b)}>${Math.max(a, b)}`, [`stage-${Math.min(a, b)}`, `stage-${Math.max(a, b)}`]);
      }
      const ids = new Set([...edges.values()].flat());
      const nodes = [...ids].map((id): DagNode => ({ id, label: id, kind: 'stage' }));
      return { nodes, edges: [...edges.values()] } satisfies DagGraph;
    })
    .filter((candidate) => candidate.edges.length > 0);
  fc.assert(
    fc.property(layered, (sample) => {
      const { lines } = drawText(sample, 'down', styles);
      const labels = sample.nodes.map((node) => node.label);
      expect([...readBack(lines, labels)].sort()).toEqual(sample.edges.map(([a, b]) => `${a}>${b}`).sort());
    }),
    { numRuns: runs(30) },
  );
});

describe('collapsing', () => {
  const byPrefix = (node: DagNode) => (node.id.includes('@') ? node.id.slice(0, node.id.indexOf('@')) : undefined);

  test('makes a group one box with its arrows', () => {
    const collapsed = collapse(graph('a > t@1,t@2 > b'), byPrefix);
    expect(collapsed.nodes.map((node) => node.label)).toEqual(['a', 't (2)', 'b']);
    expect(collapsed.edges).toEqual([
      ['a', 'group t'],
      ['group t', 'b'],
    ]);
  });

  test('leaves a group that stands before and after another stage as it is', () => {
    const before = graph('t@1 > x > t@2; u@1,u@2 > x');
    expect(collapse(before, byPrefix).nodes.map((node) => node.label)).toEqual(['t@1', 'x', 't@2', 'u (2)']);
  });
});
