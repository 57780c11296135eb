import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { RunId, StageId } from '../../base/brand.ts';
import type { ReproEvent } from '../../repro/event.ts';
import type { Context } from '../context.ts';
import { widthOf } from '../fit-text.ts';
import { stylesOf } from '../style.ts';
import { frameLines } from './frame.ts';
import { startLive } from './live.tsx';
import { createModel, follow } from './model.ts';

const styles = stylesOf({ colors: false });
const run = 'a'.repeat(32) as RunId;

function stages(count: number): StageId[] {
  return Array.from({ length: count }, (_, index) => `pipeline.yaml:stage-${index}` as StageId);
}

function started(stage: StageId, expected: number | null = null): ReproEvent {
  return { event: 'stage-started', stage, run, cmd: 'sh a.sh', attempt: 1, expected };
}

function output(stage: StageId, text: string): ReproEvent {
  return { event: 'stage-output', stage, stream: 'stdout', text };
}

/** The frame ten seconds after these events. */
function frame(events: readonly ReproEvent[], size: { columns: number; rows: number }, stopping = false): string[] {
  const model = createModel(0);
  for (const event of events) follow(model, event, 0);
  const labels = new Map(
    events.flatMap((event) => (event.event === 'planned' ? event.stages.map((id) => [id, id.slice(14)] as const) : [])),
  );
  return frameLines(model, { ...size, now: 10_000, stopping }, { labels, styles });
}

describe('the frame', () => {
  const [a, b, c] = stages(3) as [StageId, StageId, StageId];
  const planned: ReproEvent = { event: 'planned', stages: [a, b, c], dry: false };

  test('shows what runs, how far it should be, and its last line', () => {
    const events = [
      planned,
      started(a, 20_000),
      started(b),
      output(a, 'epoch 1\nepoch 2\n'),
      output(b, '\u001b[32m 10%\r 20%\r\u001b[0m\n\n'),
    ];
    expect(frame(events, { columns: 80, rows: 24 })).toEqual([
      '● stage-0     10s  ━━━━━━━━━━━━──────────── of ~20s',
      '  epoch 2',
      '● stage-1     10s',
      '  20%',
      '0 of 3 done · 2 running · 1 waiting · 10s',
    ]);
  });

  test('fits any terminal', () => {
    const many = stages(30);
    const events: ReproEvent[] = [
      { event: 'planned', stages: many, dry: false },
      ...many.flatMap((id, index) => [started(id, index % 2 === 0 ? 15_000 : null), output(id, '漢字'.repeat(60))]),
    ];
    for (const columns of [20, 40, 80, 200]) {
      for (const rows of [5, 12, 24, 100]) {
        const lines = frame(events, { columns, rows });
        expect(lines.length).toBeLessThan(rows);
        for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
      }
    }
    expect(frame(events, { columns: 40, rows: 12 }).at(-2)).toBe('  and 22 more running');
  });

  test('says that it is stopping, and counts failures', () => {
    const failed: ReproEvent = {
      event: 'stage-finished',
      stage: a,
      duration: 1,
      outcome: { kind: 'failed', run, message: 'exit code 1', lastLines: [] },
    };
    expect(frame([planned, started(a), failed], { columns: 80, rows: 24 })).toEqual([
      '1 of 3 done · 1 failed · 0 running · 2 waiting · 10s',
    ]);
    expect(frame([planned], { columns: 80, rows: 24 }, true)).toEqual(['stopping…']);
  });
});

test('the view leaves finished stages and the summary on the terminal, and the cursor shown', async () => {
  const stream = Object.assign(new PassThrough(), { columns: 80, rows: 24, isTTY: true });
  const parts: string[] = [];
  stream.on('data', (chunk) => parts.push(String(chunk)));
  const stderr = { write: () => {}, isTerminal: true, columns: 80, colors: false, terminal: stream };
  const context = { stderr, now: () => 0, signal: new AbortController().signal } as unknown as Context;
  const [a] = stages(1) as [StageId];
  const live = startLive(context, new Map([[a, 'train']]), [{ event: 'planned', stages: [a], dry: false }]);
  live.onEvent(started(a));
  live.onEvent({ event: 'stage-finished', stage: a, duration: 1200, outcome: { kind: 'ran', run, again: null } });
  const lists = { restored: [], kept: [], failed: [], interrupted: [], blocked: [], reproduced: [], differs: [] };
  live.onEvent({ event: 'summary', ran: [a], ...lists });
  await live.stop();
  const text = parts.join('');
  expect(text).toContain('✔ train  ran 1.2s\n');
  expect(text).toContain('1 ran\n');
  expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThanOrEqual(text.lastIndexOf('\u001b[?25l'));
});
