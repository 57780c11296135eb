import { describe, expect, it } from 'vitest';
import { datapointsOf, type Row } from './datapoints.ts';
import { definePlot, type WrittenPlot } from './definition.ts';

const LOGS: readonly Row[] = [
  { step: '0', loss: '0.9', acc: '0.1' },
  { step: '1', loss: '0.4', acc: '0.3' },
];

function of(
  id: string,
  written: WrittenPlot,
  files: Readonly<Record<string, readonly Row[]>>,
  revisions = ['workspace'],
) {
  const tables = new Map(Object.entries(files));
  return datapointsOf(
    definePlot(id, written),
    revisions.map((name) => ({ name, tables })),
  );
}

describe('datapointsOf gives what real DVC gives', () => {
  it('for one column: the rows with their revision', () => {
    expect(of('logs.csv', { x: 'step', y: 'loss' }, { 'logs.csv': LOGS }, ['workspace', 'HEAD'])).toEqual({
      rows: [
        { step: '0', loss: '0.9', acc: '0.1', rev: 'workspace' },
        { step: '1', loss: '0.4', acc: '0.3', rev: 'workspace' },
        { step: '0', loss: '0.9', acc: '0.1', rev: 'HEAD' },
        { step: '1', loss: '0.4', acc: '0.3', rev: 'HEAD' },
      ],
      revisions: ['workspace', 'HEAD'],
      x: 'step',
      y: 'loss',
      xLabel: 'step',
      yLabel: 'loss',
      group: undefined,
    });
  });

  it('for no columns named: the last one, by the number of the row', () => {
    const rows = [
      { u: 1, v: 2 },
      { u: 2, v: 5 },
    ];
    expect(of('points.json', {}, { 'points.json': rows })).toMatchObject({
      rows: [
        { u: 1, v: 2, step: 0, rev: 'workspace' },
        { u: 2, v: 5, step: 1, rev: 'workspace' },
      ],
      x: 'step',
      y: 'v',
    });
  });

  it('for two columns of a file: both under one name, told apart by a field', () => {
    const curves = { x: { 'logs.csv': 'step' }, y: { 'logs.csv': ['loss', 'acc'] } };
    expect(of('curves', curves, { 'logs.csv': LOGS })).toMatchObject({
      rows: [
        { step: '0', loss: '0.9', acc: '0.1', dvc_inferred_y_value: '0.9', rev: 'workspace', field: 'loss' },
        { step: '1', dvc_inferred_y_value: '0.4', field: 'loss' },
        { step: '0', dvc_inferred_y_value: '0.1', field: 'acc' },
        { step: '1', dvc_inferred_y_value: '0.3', field: 'acc' },
      ],
      y: 'dvc_inferred_y_value',
      yLabel: 'y',
      group: { field: 'field', domain: ['acc', 'loss'] },
    });
  });

  it('for one column of two files: told apart by the file', () => {
    const both = { x: 'step', y: { 'a.csv': 'loss', 'b.csv': 'loss' } };
    expect(of('both', both, { 'a.csv': LOGS, 'b.csv': LOGS })).toMatchObject({
      y: 'loss',
      group: { field: 'filename', domain: ['a.csv', 'b.csv'] },
    });
  });
});

it.each([
  [{ x: 'step', y: 'lost' }, "logs.csv has no column 'lost', but step, loss, acc"],
  [
    { x: { 'other.csv': 'step' }, y: 'loss' },
    "workspace: 'step' of other.csv and 'loss' of logs.csv are not of one length",
  ],
  [{ x: ['step', 'acc'], y: ['loss'] }, 'there are 2 columns for x and 1 for y: give one x, or one for each y'],
])('says what is wrong with %o', (written, message) => {
  expect(of('logs.csv', written as WrittenPlot, { 'logs.csv': LOGS, 'other.csv': LOGS.slice(1) })).toBe(message);
});
