import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const PIPELINE = `stages:
  prepare:
    cmd: cp raw.txt clean.txt
    deps: [raw.txt]
    outs: [clean.txt]
  train-a:
    cmd: cp clean.txt a.txt
    deps: [clean.txt]
    outs: [a.txt]
  train-b:
    cmd: cp clean.txt b.txt
    deps: [clean.txt]
    outs: [b.txt]
  compare:
    cmd: cat a.txt b.txt > all.txt
    deps: [a.txt, b.txt]
    outs: [all.txt]
`;

async function dag(p: ProjectRig, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await p.lockstep(['dag', ...args]);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

describe('dag', () => {
  test('draws the stages, or the targets and what they need', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE, 'raw.txt': 'x\n' });
    expect(`\n${await dag(p)}`).toMatchInlineSnapshot(`
      "
             ┌─────────┐
             │ prepare │
             └────┬────┘
           ╭──────┴──────╮
           ▼             ▼
      ┌─────────┐   ┌─────────┐
      │ train-a │   │ train-b │
      └────┬────┘   └────┬────┘
           ╰──────┬──────╯
                  ▼
             ┌─────────┐
             │ compare │
             └─────────┘
      "
    `);
    expect(`\n${await dag(p, 'train-a', '--direction', 'right')}`).toMatchInlineSnapshot(`
      "
      ┌─────────┐   ┌─────────┐
      │ prepare ├──▶│ train-a │
      └─────────┘   └─────────┘
      "
    `);
  });

  test('-P is all of it, whatever the targets', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE, 'raw.txt': 'x\n' });
    expect(await dag(p, '-P', 'train-a')).toBe(await dag(p));
  });

  test('draws a pipeline file as one box, and files', async () => {
    const more =
      'stages:\n  a: {cmd: cp ../all.txt x, deps: [../all.txt], outs: [x]}\n  b: {cmd: cp x y, deps: [x], outs: [y]}\n';
    await using p = await project({ 'pipeline.yaml': PIPELINE, 'raw.txt': 'x\n', 'report/pipeline.yaml': more });
    expect(`\n${await dag(p, '--collapse-files', '--direction', 'right')}`).toMatchInlineSnapshot(`
      "
      ┌───────────────────┐   ┌──────────────────────────┐
      │ pipeline.yaml (4) ├──▶│ report/pipeline.yaml (2) │
      └───────────────────┘   └──────────────────────────┘
      "
    `);
    expect(`\n${await dag(p, '--outs', '--direction', 'right')}`).toMatchInlineSnapshot(`
      "
                        ┌───────┐
                    ╭──▶│ a.txt ├─╮
      ┌───────────┐ │   └───────┘ │   ┌─────────┐   ┌──────────┐   ┌──────────┐
      │ clean.txt ├─┤             ├──▶│ all.txt ├──▶│ report/x ├──▶│ report/y │
      └───────────┘ │   ┌───────┐ │   └─────────┘   └──────────┘   └──────────┘
                    ╰──▶│ b.txt ├─╯
                        └───────┘
      "
    `);
  });

  test('speaks Mermaid, Graphviz and JSON', async () => {
    const files = { 'pipeline.yaml': PIPELINE.replaceAll('clean.txt', 'a "b".txt'), 'raw.txt': 'x\n' };
    await using p = await project(files);
    expect(`\n${await dag(p, '--outs', '--mermaid')}`).toMatchInlineSnapshot(`
      "
      flowchart TD
        n1(["a #34;b#34;.txt"])
        n2(["a.txt"])
        n3(["b.txt"])
        n4(["all.txt"])
        n1 --> n2
        n1 --> n3
        n2 --> n4
        n3 --> n4
      "
    `);
    expect(`\n${await dag(p, '--outs', '--dot')}`).toMatchInlineSnapshot(`
      "
      digraph pipeline {
        rankdir=TB;
        node [shape=box, fontname="sans-serif"];
        "a \\"b\\".txt" [label="a \\"b\\".txt", shape=note];
        "a.txt" [label="a.txt", shape=note];
        "b.txt" [label="b.txt", shape=note];
        "all.txt" [label="all.txt", shape=note];
        "a \\"b\\".txt" -> "a.txt";
        "a \\"b\\".txt" -> "b.txt";
        "a.txt" -> "all.txt";
        "b.txt" -> "all.txt";
      }
      "
    `);
    expect(JSON.parse(await dag(p, '--json', 'train-b'))).toEqual({
      stages: [
        { stage: 'prepare', file: 'pipeline.yaml', deps: [], outs: ['a "b".txt'] },
        { stage: 'train-b', file: 'pipeline.yaml', deps: ['prepare'], outs: ['b.txt'] },
      ],
      edges: [{ from: 'prepare', to: 'train-b' }],
    });
  });

  test('draws an SVG picture that needs nothing else', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE, 'raw.txt': 'x\n' });
    const svg = await dag(p, '--svg');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/);
    expect(svg.match(/<text /g)).toHaveLength(4);
    expect(svg.match(/class="edge"/g)).toHaveLength(4);
    expect(svg).not.toMatch(/NaN|undefined|href/);
  });

  test('marks what would be done', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE, 'raw.txt': 'x\n' });
    expect(await dag(p, '--status', 'train-a')).toContain('│ ● prepare │');
    const { stages } = JSON.parse(await dag(p, '--status', '--json'));
    expect(stages[0]).toMatchObject({ stage: 'prepare', decision: 'run' });
  });

  test('takes one format, and says so', async () => {
    await using p = await project({ 'pipeline.yaml': PIPELINE, 'raw.txt': 'x\n' });
    expect(await p.lockstep(['dag', '--svg', '--dot'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'error: choose one of --dot and --svg\n',
    });
  });
});
