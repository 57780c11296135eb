import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProjectPath, StageId } from '../base/brand.ts';
import { contains } from '../base/project-path.ts';
import { buildGraph, readsOf } from './graph.ts';
import { labels } from './labels.ts';
import { ancestors, descendants } from './lineage.ts';
import { locate } from './locate.ts';
import { parsePipeline } from './parse.ts';
import type { Pipeline, Stage } from './stage.ts';

type Files = Readonly<Record<string, string>>;

function pipelinesOf(files: Files): Pipeline[] {
  return Object.entries(files).map(([file, text]) => {
    const { pipeline, diagnostics } = parsePipeline(file as ProjectPath, text);
    expect(diagnostics).toEqual([]);
    return pipeline as Pipeline;
  });
}

function mistakesIn(files: Files): string[] {
  const texts = new Map(Object.entries(files) as [ProjectPath, string][]);
  return locate(buildGraph(pipelinesOf(files)).mistakes, texts).map(({ place, message, related }) => {
    const see = related === undefined ? '' : ` [see ${related.file}:${related.line}:${related.column}]`;
    return `${place?.file}:${place?.line}:${place?.column} ${message}${see}`;
  });
}

function edgesOf(files: Files): string[] {
  const { graph, mistakes } = buildGraph(pipelinesOf(files));
  expect(mistakes).toEqual([]);
  return [...graph.upstream].flatMap(([id, needed]) => needed.map((other) => `${other} -> ${id}`));
}

function stage(name: string, { reads = [], writes = [] }: { reads?: string[]; writes?: string[] }): Stage {
  const file = 'p.yaml' as ProjectPath;
  return {
    id: `${file}:${name}` as StageId,
    name,
    file,
    wdir: '.' as ProjectPath,
    cmd: 'x',
    env: {},
    deps: reads as ProjectPath[],
    params: [],
    outs: writes.map((path) => ({ path: path as ProjectPath, kind: 'out', cache: true, persist: false, push: true })),
    frozen: false,
    alwaysChanged: false,
    retries: 0,
    resources: {},
    mutex: [],
  };
}

function pipeline(...stages: Stage[]): Pipeline {
  return { file: 'p.yaml' as ProjectPath, stages };
}

describe('edges', () => {
  test('by equality, by containment both ways, and by files of params, over all files', () => {
    const files = {
      'pipeline.yaml':
        'stages:\n  all: {cmd: x, deps: [out/]}\n  one: {cmd: x, deps: [dir/a/b, outer]}\n  par: {cmd: x, params: [made.yaml: [k]]}\n',
      'sub/pipeline.yaml':
        'stages:\n  m: {cmd: x, metrics: [../out/m.json]}\n  p: {cmd: x, plots: [../out/deep/p.csv]}\n  d: {cmd: x, outs: [../dir, ../made.yaml]}\n',
    };
    expect(edgesOf(files)).toEqual([
      'sub/pipeline.yaml:m -> pipeline.yaml:all',
      'sub/pipeline.yaml:p -> pipeline.yaml:all',
      'sub/pipeline.yaml:d -> pipeline.yaml:one',
      'sub/pipeline.yaml:d -> pipeline.yaml:par',
    ]);
  });

  test('a name that only begins like another is no containment', () => {
    expect(
      edgesOf({ 'p.yaml': 'stages:\n  a: {cmd: x, outs: [out]}\n  b: {cmd: x, deps: [out2, out.txt, ou]}\n' }),
    ).toEqual([]);
  });

  test('two paths between the same stages are one edge', () => {
    expect(edgesOf({ 'p.yaml': 'stages:\n  a: {cmd: x, outs: [o, p]}\n  b: {cmd: x, deps: [o, p]}\n' })).toHaveLength(
      1,
    );
  });

  const path = fc
    .array(fc.constantFrom('a', 'b', 'ab', 'a-b', 'a.b'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'));
  const paths = fc.array(path, { maxLength: 4 });

  test('are those that comparing every pair of paths finds, and the order respects them', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ reads: paths, writes: paths }), { maxLength: 8 }), (parts) => {
        const stages = parts.map((part, index) => stage(`s${index}`, part));
        const { graph, mistakes } = buildGraph([pipeline(...stages)]);
        for (const reader of stages) {
          const needed = stages
            .filter((writer) => writer !== reader && touches(writer, reader))
            .map((writer) => writer.id);
          expect(graph.upstream.get(reader.id)).toEqual(needed);
        }
        expect(new Set(graph.order)).toEqual(new Set(stages.map((one) => one.id)));
        if (mistakes.length > 0) return;
        const position = new Map(graph.order.map((id, index) => [id, index]));
        for (const [id, needed] of graph.upstream) {
          for (const other of needed) expect(position.get(other)).toBeLessThan(position.get(id) ?? -1);
        }
      }),
    );
  });

  function touches(writer: Stage, reader: Stage): boolean {
    const outs = writer.outs.map((out) => out.path);
    return readsOf(reader).some((read) => outs.some((out) => contains(out, read) || contains(read, out)));
  }

  test('a circle is told exactly when there is one', () => {
    const links = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 12 });
    fc.assert(
      fc.property(links, (pairs) => {
        const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
        const stages = names.map((name, index) => {
          return stage(name, {
            writes: [`o/${name}`],
            reads: pairs.filter(([, to]) => to === index).map(([from]) => `o/${names[from]}`),
          });
        });
        const { graph, mistakes } = buildGraph([pipeline(...stages)]);
        const circular = stages.some(({ id }) => ancestors(graph, [id]).has(id));
        expect(mistakes.length > 0).toBe(circular);
      }),
    );
  });

  test('thousands of stages in a chain, deeper than the stack of the engine', () => {
    const stages = Array.from({ length: 20_000 }, (_, index) =>
      stage(`s${index}`, { writes: [`o${index}`], reads: [`o${index + 1}`] }),
    );
    const { graph, mistakes } = buildGraph([pipeline(...stages)]);
    expect(mistakes).toEqual([]);
    expect(graph.order[0]).toBe('p.yaml:s19999');
  });
});

describe('order', () => {
  test('is that of the files as far as it can be', () => {
    const files = {
      'a.yaml':
        'stages:\n  last: {cmd: x, deps: [b]}\n  one: {cmd: x, outs: [o]}\n  two: {cmd: x, deps: [o]}\n  three: {cmd: x}\n',
      'b.yaml': 'stages:\n  makes: {cmd: x, outs: [b]}\n',
    };
    const { graph } = buildGraph(pipelinesOf(files));
    expect(graph.order).toEqual(['b.yaml:makes', 'a.yaml:last', 'a.yaml:one', 'a.yaml:two', 'a.yaml:three']);
  });
});

describe('mistakes', () => {
  test('a circle, with its stages in order, at the first of them', () => {
    const text =
      'stages:\n  free: {cmd: x, outs: [f]}\n  c: {cmd: x, deps: [b, f], outs: [c]}\n  a: {cmd: x, deps: [c], outs: [a]}\n  b: {cmd: x, deps: [a], outs: [b]}\n  after: {cmd: x, deps: [b]}\n';
    expect(mistakesIn({ 'p.yaml': text })).toEqual([
      'p.yaml:3:3 these stages need each other in a circle: c -> a -> b -> c',
    ]);
    const [mistake] = buildGraph(pipelinesOf({ 'p.yaml': text })).mistakes;
    expect(mistake?.hint).toBe('a reads `c` of c; b reads `a` of a; c reads `b` of b');
  });

  test('each of several circles', () => {
    const pair = (a: string, b: string) =>
      `  ${a}: {cmd: x, deps: [${b}], outs: [${a}]}\n  ${b}: {cmd: x, deps: [${a}], outs: [${b}]}\n`;
    expect(mistakesIn({ 'p.yaml': `stages:\n${pair('a', 'b')}${pair('c', 'd')}` })).toEqual([
      'p.yaml:2:3 these stages need each other in a circle: a -> b -> a',
      'p.yaml:4:3 these stages need each other in a circle: c -> d -> c',
    ]);
  });

  test('two files that write one path, or a path in another', () => {
    const files = {
      'pipeline.yaml': 'stages:\n  a: {cmd: x, outs: [o, d/in: {cache: false}], metrics: [m]}\n',
      'sub/pipeline.yaml':
        'stages:\n  a: {cmd: x, outs: [../o]}\n  b:\n    cmd: x\n    outs:\n    - ../d\n    plots:\n    - n\n    - ../m\n',
    };
    expect(mistakesIn(files)).toEqual([
      'sub/pipeline.yaml:2:22 the out `o` is written by two stages, `pipeline.yaml:a` and `sub/pipeline.yaml:a` [see pipeline.yaml:2:22]',
      'sub/pipeline.yaml:6:7 the out `d/in` of `pipeline.yaml:a` lies inside the out `d` of `b` [see pipeline.yaml:2:25]',
      'sub/pipeline.yaml:9:7 the out `m` is written by two stages, `pipeline.yaml:a` and `b` [see pipeline.yaml:2:58]',
    ]);
  });

  test('a file that is given twice', () => {
    const one = pipeline(stage('a', {}));
    expect(buildGraph([one, one]).mistakes.map((mistake) => mistake.message)).toEqual([
      'the stage `p.yaml:a` is defined twice',
    ]);
  });
});

test('labels are bare names where they are unique', () => {
  const files = { 'a.yaml': 'stages:\n  x: {cmd: x}\n  y: {cmd: x}\n', 'b.yaml': 'stages:\n  x: {cmd: x}\n' };
  expect([...labels(pipelinesOf(files))]).toEqual([
    ['a.yaml:x', 'a.yaml:x'],
    ['a.yaml:y', 'y'],
    ['b.yaml:x', 'b.yaml:x'],
  ]);
});

test('ancestors and descendants are reached through others, and do not hold where they began', () => {
  const stages = ['a', 'b', 'c', 'd'].map((name, index, all) =>
    stage(name, { writes: [name], reads: index > 0 ? [`${all[index - 1]}`] : [] }),
  );
  const { graph } = buildGraph([pipeline(...stages, stage('free', {}))]);
  const id = (name: string) => `p.yaml:${name}` as StageId;
  expect([...ancestors(graph, [id('c')])]).toEqual([id('b'), id('a')]);
  expect(new Set(descendants(graph, [id('a'), id('c')]))).toEqual(new Set([id('b'), id('c'), id('d')]));
  expect(ancestors(graph, [id('free')]).size).toBe(0);
});
