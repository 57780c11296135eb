import { expect, test } from 'vitest';
import type { Digest, ProjectPath, StageId } from '../base/brand.ts';
import { literalOf } from '../pipeline/literal.ts';
import type { DiffReport } from './diff-report.ts';
import { renderDiffMarkdown } from './render-diff-markdown.ts';

const path = (text: string) => text as ProjectPath;
const content = { kind: 'file' as const, digest: `sha256:${'a'.repeat(64)}` as Digest, size: 1234, exec: false };

function report(stages: number, name = 'stage'): DiffReport {
  const ids = Array.from({ length: stages }, (_, i) => `pipeline.yaml:${name}${i}` as StageId);
  return {
    from: { name: 'main', commit: 'x' },
    to: { name: 'working tree', commit: null },
    causes: ids.map((id) => ({ change: { reason: 'command-changed', was: `a ${id}`, now: `b ${id}` }, stages: [id] })),
    stages: ids.map((stage, index) => ({
      stage,
      kind: 'changed',
      causes: [index],
      through: [],
      outs: [{ path: path(`out/${stage}`), kind: 'out', was: content, now: { ...content, size: 2 } }],
    })),
    metrics: ids.map((id) => ({ file: path('m.json'), key: id, was: 1, now: 2 })),
    warnings: ids.map((stage) => ({ warning: 'edited', stage })),
    labels: new Map(),
  };
}

test('a comment stays short enough for GitHub, however much changed', () => {
  for (const [stages, name] of [
    [50, 'x'],
    [400, 'y'],
    [3000, 'long-'.repeat(60)],
  ] as const) {
    const text = renderDiffMarkdown(report(stages, name));
    expect(text.length).toBeLessThan(65_536);
    expect(text).toContain(`<details><summary>${stages} stages</summary>`);
  }
  expect(renderDiffMarkdown(report(3000))).toMatch(/\nand \d+ more: `lockstep diff` shows them all\n/);
  expect(renderDiffMarkdown(report(3))).not.toContain('<details>');
});

test('what is in the files is shown, not interpreted', () => {
  const stage = 'pipeline.yaml:a|b' as StageId;
  const text = renderDiffMarkdown({
    ...report(0),
    causes: [
      {
        change: {
          reason: 'param-changed',
          file: path('params.yaml'),
          key: '<b>*x*</b>@you',
          was: literalOf('`a|b`'),
          now: literalOf('line\n<script>'),
        },
        stages: [stage],
      },
    ],
  });
  const row = text.split('\n').find((line) => line.startsWith('| param'));
  const cells = [
    'param \\<b\\>\\*x\\*\\</b\\>@\u200byou',
    '``"`a\\|b`"``',
    '`"line\\n<script>"`',
    '`pipeline.yaml:a\\|b`',
  ];
  expect(row).toBe(`| ${cells.join(' | ')} |`);
});
