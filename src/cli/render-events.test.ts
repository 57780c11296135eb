import { describe, expect, test } from 'vitest';
import type { Digest, Literal, ProjectPath, RunId, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { Decision, Reason } from '../repro/decision.ts';
import type { ReproEvent, Summary } from '../repro/event.ts';
import type { Context } from './context.ts';
import { decisionJson, eventJson, reasonJson } from './event-json.ts';
import { plainRenderer } from './render-events.ts';
import { summaryText } from './render-outcome.ts';
import { reasonsText, reasonText } from './render-reasons.ts';

const prepare = 'pipeline.yaml:prepare' as StageId;
const train = 'pipeline.yaml:train' as StageId;
const labels = new Map([
  [prepare, 'prepare'],
  [train, 'train'],
]);
const run = 'a1b2c3d4e5f60718293a4b5c6d7e8f90' as RunId;
const path = (text: string) => text as ProjectPath;
const literal = (text: string) => text as Literal;

function file(start: string, size: number, exec = false): Content {
  return { kind: 'file', digest: `sha256:${start.padEnd(64, '0')}` as Digest, size, exec };
}

function tree(start: string, size: number, files: number): Content {
  return { kind: 'tree', digest: `sha256:${start.padEnd(64, '0')}` as Digest, size, files };
}

const data = path('data.csv');
const REASONS: readonly (readonly [Reason, string])[] = [
  [{ reason: 'no-lock-entry' }, 'not in the lockfile yet'],
  [{ reason: 'lock-edited' }, 'its lock entry was edited by hand'],
  [{ reason: 'command-changed', was: 'sh a.sh', now: 'sh b.sh' }, 'command changed: sh a.sh → sh b.sh'],
  [
    {
      reason: 'command-changed',
      was: 'python train.py --epochs 100 --batch-size 64 --learning-rate 0.1',
      now: 'python train.py --epochs 100 --batch-size 64 --learning-rate 0.05',
    },
    'command changed: …--learning-rate 0.1 → …--learning-rate 0.05',
  ],
  [{ reason: 'command-changed', was: 'a\nb\nc', now: 'a\nx' }, 'command changed: line 2: b → x'],
  [{ reason: 'command-changed', was: 'a', now: 'a\nb' }, 'command changed: line 2: (none) → b'],
  [{ reason: 'wdir-changed', was: path('.'), now: path('src') }, 'wdir: . → src'],
  [{ reason: 'env-changed', name: 'SEED', was: null, now: '4' }, 'env SEED: (unset) → 4'],
  [
    { reason: 'dep-changed', path: data, was: file('12ab34cd', 1200), now: file('34cd56ef', 1300) },
    'dep data.csv changed (sha256:12ab34cd… → 34cd56ef…, 1.2 kB → 1.3 kB)',
  ],
  [
    { reason: 'dep-changed', path: data, was: file('12ab34cd', 12), now: file('12ab34cd', 12, true) },
    'dep data.csv became executable',
  ],
  [
    { reason: 'out-changed', path: path('imgs'), was: tree('aa', 9, 3), now: tree('bb', 9, 1) },
    'out imgs changed (sha256:aa000000… → bb000000…, 3 → 1 file)',
  ],
  [
    { reason: 'dep-changed', path: data, was: tree('aa', 9, 3), now: file('bb', 9) },
    'dep data.csv changed: a directory → a file',
  ],
  [{ reason: 'dep-added', path: path('a\nb') }, 'dep a\\nb is new'],
  [{ reason: 'dep-removed', path: data }, 'dep data.csv was removed'],
  [{ reason: 'dep-missing', path: data }, 'dep data.csv is missing'],
  [
    { reason: 'param-changed', file: path('params.yaml'), key: 'train.lr', was: literal('0.1'), now: literal('0.05') },
    'param train.lr: 0.1 → 0.05',
  ],
  [{ reason: 'param-added', file: path('c.json'), key: 'n', now: literal('1') }, 'param c.json:n is new: 1'],
  [
    { reason: 'param-removed', file: path('params.yaml'), key: 'n', was: literal('"x"') },
    'param n was removed (was "x")',
  ],
  [{ reason: 'out-missing', path: data }, 'out data.csv is missing'],
  [{ reason: 'outs-redefined', added: [data], removed: [path('b')] }, 'outs redefined: now data.csv, no longer b'],
  [{ reason: 'object-corrupt', path: data }, 'cached object of data.csv is corrupt'],
  [{ reason: 'upstream-would-run', stage: prepare }, 'upstream prepare would run'],
  [{ reason: 'always' }, 'always runs'],
  [{ reason: 'forced' }, 'forced'],
];

describe('reasons', () => {
  test.each(REASONS)('%j', (reason, text) => {
    expect(reasonText(reason, labels)).toBe(text);
    expect(reasonJson(reason, labels).reason).toBe(reason.reason);
  });

  test('many reasons are counted, but never just one left out', () => {
    const reasons = (count: number): Reason[] =>
      Array.from({ length: count }, (_, i) => ({ reason: 'dep-added', path: path(`d${i}`) }));
    expect(reasonsText(reasons(4), labels)).toBe('dep d0 is new; dep d1 is new; dep d2 is new; dep d3 is new');
    expect(reasonsText(reasons(5), labels)).toBe('dep d0 is new; dep d1 is new; dep d2 is new; 2 more reasons');
  });

  test('in JSON, contents are digests, params values, and stages names', () => {
    const [was, now] = [file('aa', 1), file('bb', 2)];
    expect(reasonJson({ reason: 'dep-changed', path: data, was, now }, labels)).toEqual({
      reason: 'dep-changed',
      path: 'data.csv',
      was: was.digest,
      now: now.digest,
    });
    const param = { reason: 'param-changed', file: path('params.yaml'), key: 'k' } as const;
    expect(reasonJson({ ...param, was: literal('[1, "a"]'), now: literal('{"b": null}') }, labels)).toEqual({
      ...param,
      was: [1, 'a'],
      now: { b: null },
    });
    expect(reasonJson({ ...param, was: literal('1'), now: literal('1.0') }, labels)).toMatchObject({
      was: '1',
      now: '1.0',
    });
    expect(decisionJson({ do: 'blocked', by: [prepare], reasons: [{ reason: 'forced' }] }, labels)).toEqual({
      decision: 'blocked',
      by: ['prepare'],
      reasons: [{ reason: 'forced' }],
    });
  });
});

const EMPTY: Summary = {
  ran: [],
  restored: [],
  kept: [],
  failed: [],
  interrupted: [],
  blocked: [],
  reproduced: [],
  differs: [],
};

describe('the summary', () => {
  test.each<[Partial<Summary>, boolean, string]>([
    [{}, false, 'Nothing to do: no stages'],
    [{ kept: [train] }, false, 'Nothing to do: 1 stage is up to date'],
    [{ kept: [train, prepare] }, true, 'Nothing to do: 2 stages are up to date'],
    [{ ran: [train, prepare], restored: [train], kept: [train] }, false, '2 ran, 1 restored, 1 kept'],
    [{ ran: [train, prepare], reproduced: [train], differs: [prepare] }, false, '2 ran (1 reproduced, 1 differs)'],
    [{ failed: [train], blocked: [prepare] }, false, '1 failed, 1 blocked'],
    [{ ran: [train], restored: [train], kept: [train] }, true, '1 would run, 1 would be restored, 1 kept'],
  ])('%j', (summary, dry, text) => {
    expect(summaryText({ ...EMPTY, ...summary }, dry)).toBe(text);
  });

  test('in JSON has the names of the stages', () => {
    expect(eventJson({ event: 'summary', ...EMPTY, ran: [train] }, labels)).toEqual({
      event: 'summary',
      ...EMPTY,
      ran: ['train'],
    });
  });
});

function render(events: readonly ReproEvent[], flags: Partial<Context> = {}): string {
  const parts: string[] = [];
  const output = { write: (text: string) => void parts.push(text), isTerminal: false, columns: 80, colors: false };
  const context = { stderr: output, quiet: false, verbose: false, ...flags } as Context;
  const onEvent = plainRenderer(context, labels);
  for (const event of events) onEvent(event);
  return parts.join('');
}

const changed: Decision = {
  do: 'run',
  reasons: [{ reason: 'param-changed', file: path('params.yaml'), key: 'lr', was: literal('1'), now: literal('2') }],
};
const started = { event: 'stage-started', run, attempt: 1, expected: null } as const;
const output = { event: 'stage-output', stream: 'stdout' } as const;
const finished = { event: 'stage-finished', duration: 2100 } as const;

const STORY: readonly ReproEvent[] = [
  { event: 'planned', stages: [prepare, train], dry: false },
  { event: 'stage-decided', stage: prepare, decision: changed },
  { ...started, stage: prepare, cmd: 'sh prepare.sh' },
  { ...output, stage: prepare, text: 'one\ntwo\n' },
  { ...started, stage: train, cmd: 'set -x\npython train.py\n', attempt: 2 },
  { ...output, stage: train, text: 'epoch 1\n\nepoch 2' },
  { event: 'notice', level: 'warning', stage: train, message: 'careful' },
  { ...finished, stage: prepare, outcome: { kind: 'ran', run, again: { kind: 'differs', outs: [data] } } },
  { ...output, stage: train, text: 'epoch 3\n' },
  {
    ...finished,
    stage: train,
    outcome: { kind: 'failed', run, message: 'exit code 3', lastLines: ['epoch 3', 'oh no'] },
  },
  { event: 'summary', ...EMPTY, ran: [prepare], failed: [train], differs: [prepare] },
];

describe('plain lines', () => {
  test('tell the story in order, prefixed only while several stages run', () => {
    expect(render(STORY)).toMatchInlineSnapshot(`
      "▶ prepare  runs: sh prepare.sh (param lr: 1 → 2)
      one
      two
      ▶ train  runs again, attempt 2: set -x …
      train | epoch 1
      train | 
      train | epoch 2
      warning: train: careful
      ✔ prepare  ran 2.1s, differs in data.csv
      epoch 3
      ✖ train  failed after 2.1s: exit code 3
        full log: lockstep runs log a1b2c3d4
      1 ran (1 differs), 1 failed
      "
    `);
  });

  test('-q leaves warnings, failures and differences', () => {
    expect(render(STORY, { quiet: true })).toMatchInlineSnapshot(`
      "warning: train: careful
      ✔ prepare  ran 2.1s, differs in data.csv
      ✖ train  failed after 2.1s: exit code 3
        │ epoch 3
        │ oh no
        full log: lockstep runs log a1b2c3d4
      "
    `);
  });

  test('kept stages are silent unless -v', () => {
    const kept: ReproEvent[] = [{ ...finished, stage: prepare, duration: 0, outcome: { kind: 'kept' } }];
    expect(render(kept)).toBe('');
    expect(render(kept, { verbose: true })).toBe('✔ prepare  up to date\n');
  });

  test('a dry run tells what would be done', () => {
    const events: ReproEvent[] = [
      { event: 'planned', stages: [prepare, train], dry: true },
      {
        event: 'stage-decided',
        stage: prepare,
        decision: { do: 'restore', from: 'run-cache', reasons: changed.reasons },
      },
      { event: 'stage-decided', stage: train, decision: { do: 'blocked', by: [prepare], reasons: [] } },
      { event: 'summary', ...EMPTY, restored: [prepare], blocked: [train] },
    ];
    expect(render(events)).toMatchInlineSnapshot(`
      "↻ prepare  would be restored from the run cache (param lr: 1 → 2)
      ✖ train  blocked by prepare
      1 would be restored, 1 blocked
      "
    `);
  });
});
