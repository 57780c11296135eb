import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Literal, RunId } from '../base/brand.ts';
import type { Run } from '../tracking/run.ts';
import { widthOf } from './fit-text.ts';
import { runsTable } from './render-runs-list.ts';

const run: Run = {
  id: 'abcd'.repeat(8) as RunId,
  parent: null,
  stage: 'a-stage-with-quite-a-long-name',
  file: 'pipeline.yaml',
  status: 'FAILED',
  startTime: 0,
  endTime: 1234,
  code: {
    gitSha: 'f'.repeat(40),
    branch: 'main',
    remoteUrl: null,
    dirty: true,
    patch: null,
    omitted: [],
    command: 'x',
  },
  data: [],
  params: ['one', 'two', 'three', 'four'].map((key) => ({ key, value: '0.125' as Literal })),
  metrics: ['accuracy', 'loss', 'f1'].map((key) => ({ key, value: 1 / 3, step: 0, timestamp: 0 })),
  artifacts: [],
  environment: null,
  tags: {},
};

describe('runsTable', () => {
  it.each([80, 100, 140])('fits a terminal of %i columns', (columns) => {
    const table = runsTable([run], { output: { isTerminal: true, columns, colors: false }, now: 5000 });
    for (const line of table.trimEnd().split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  });

  it('cuts nothing in a pipe', () => {
    const table = runsTable([run], { output: { isTerminal: false, columns: 80, colors: false }, now: 5000 });
    expect(table).toMatchInlineSnapshot(`
      "RUN       STAGE                           STATUS  STARTED  TOOK  CODE      METRICS                                PARAMS
      abcdabcd  a-stage-with-quite-a-long-name  FAILED   5s ago  1.2s  fffffff+  accuracy=0.3333 loss=0.3333 f1=0.3333  one=0.125 two=0.125 three=0.125 four=0.125
      "
    `);
  });

  it('colours a status without moving anything', () => {
    const output = { isTerminal: true, columns: 120, colors: false };
    const plain = runsTable([run], { output, now: 5000 });
    const painted = runsTable([run], { output: { ...output, colors: true }, now: 5000 });
    expect(painted).toContain('\u001b[31mFAILED\u001b[39m');
    expect(stripVTControlCharacters(painted)).toBe(plain);
  });

  it.each([
    [59_000, '59s ago'],
    [3_599_000, '59m ago'],
    [47 * 3_600_000, '47h ago'],
    [49 * 3_600_000, '1970-01-01'],
  ])('says that %i ms ago is %s', (now, text) => {
    expect(runsTable([run], { output: { isTerminal: false, columns: 80, colors: false }, now })).toContain(` ${text} `);
  });
});
