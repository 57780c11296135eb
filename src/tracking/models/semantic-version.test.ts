import { describe, expect, it } from 'vitest';
import type { Digest, Literal } from '../../base/brand.ts';
import type { Lineage, Step } from './lineage.ts';
import { isCode } from './lineage.ts';
import { type Bump, nextVersion, proposeBump } from './semantic-version.ts';

const digest = (text: string) => `sha256:${text}` as Digest;
const file = (path: string, content = 'a') => ({ path, digest: digest(content) });
const param = (key: string, value: string) => ({ key, value: value as Literal });

let runs = 0;
function step(name: string, changes: Partial<Step> = {}): Step {
  runs += 1;
  return {
    run: String(runs),
    name,
    command: `python ${name}.py`,
    code: [file(`${name}.py`)],
    data: [],
    params: [],
    ...changes,
  };
}

const source = (content = 'a', columns?: readonly string[]) => ({
  ...file('raw.csv', content),
  made: false,
  ...(columns !== undefined && { columns }),
});
const features = (content = 'a', columns?: readonly string[]) => ({
  ...file('features.csv', content),
  made: true,
  ...(columns !== undefined && { columns }),
});

interface Parts {
  readonly train?: Partial<Step>;
  readonly prepare?: Partial<Step>;
  readonly evaluate?: Partial<Step>;
}

function lineage({ train, prepare, evaluate }: Parts = {}): Lineage {
  return {
    model: step('train', { data: [features()], ...train }),
    before: [step('prepare', { data: [source()], ...prepare })],
    after: [step('evaluate', evaluate)],
  };
}

const other = { code: [file('x.py')] };

describe('from one version to the next', () => {
  it.each<[string, Parts, Parts, Bump, readonly string[]]>([
    ['nothing', {}, {}, 'patch', []],
    ['training code', {}, { train: { code: [file('train.py', 'b')] } }, 'major', ['code train: train.py changed']],
    [
      'training command',
      {},
      { train: { command: 'python train.py --deep' } },
      'major',
      ['command train: python train.py → python train.py --deep'],
    ],
    [
      'a param that is in the command',
      { train: { command: 'python train.py 0.1', params: [param('lr', '0.1')] } },
      { train: { command: 'python train.py 0.2', params: [param('lr', '0.2')] } },
      'minor',
      ['params train: lr: 0.1 → 0.2'],
    ],
    [
      'a param that says which model it is',
      { train: { params: [param('train.model', '"forest"')] } },
      { train: { params: [param('train.model', '"boost"')] } },
      'major',
      ['params train: train.model: "forest" → "boost"'],
    ],
    [
      'bytes of the source data',
      {},
      { prepare: { data: [source('b')] }, train: { data: [features('b')] } },
      'minor',
      ['data prepare: raw.csv changed'],
    ],
    [
      'columns of the source data',
      { prepare: { data: [source('a', ['x', 'y'])] } },
      { prepare: { data: [source('b', ['x', 'z'])] } },
      'major',
      ['columns prepare: raw.csv: +z -y', 'data prepare: raw.csv changed'],
    ],
    [
      'the order of columns',
      { prepare: { data: [source('a', ['x', 'y'])] } },
      { prepare: { data: [source('b', ['y', 'x'])] } },
      'minor',
      ['data prepare: raw.csv changed'],
    ],
    [
      'another file of data',
      {},
      { prepare: { data: [source(), { ...file('more.csv'), made: false }] } },
      'major',
      ['data prepare: more.csv is new'],
    ],
    [
      'preprocessing code',
      {},
      { prepare: { data: [source()], code: [file('prepare.py', 'b')] }, train: { data: [features('b')] } },
      'patch',
      ['code prepare: prepare.py changed'],
    ],
    [
      'preprocessing code that makes other columns',
      { train: { data: [features('a', ['x'])] } },
      { prepare: { data: [source()], code: [file('prepare.py', 'b')] }, train: { data: [features('b', ['x', 'y'])] } },
      'major',
      ['columns train: features.csv: +y', 'code prepare: prepare.py changed'],
    ],
    [
      'data that came out differently by itself',
      {},
      { train: { data: [features('b')] } },
      'minor',
      ['data train: features.csv changed'],
    ],
    [
      'postprocessing code',
      {},
      { evaluate: other },
      'patch',
      ['code evaluate: x.py is new', 'code evaluate: evaluate.py is gone'],
    ],
  ])('%s', (_, from, to, bump, reasons) => {
    const proposal = proposeBump(lineage(from), lineage(to));
    expect(proposal.bump).toBe(bump);
    expect(proposal.reasons.map(({ what, step: name, detail }) => `${what} ${name}: ${detail}`)).toEqual(reasons);
  });

  it('a stage that came or went before or after training is a patch', () => {
    const with2 = { ...lineage(), after: [step('evaluate'), step('report')] };
    expect(proposeBump(lineage(), with2)).toMatchObject({
      bump: 'patch',
      reasons: [{ what: 'stage', step: 'report' }],
    });
    expect(proposeBump(with2, lineage()).reasons).toMatchObject([{ what: 'stage', detail: 'is gone' }]);
  });

  it.each<[string, Bump, string]>([
    ['1.2.3', 'major', '2.0.0'],
    ['1.2.3', 'minor', '1.3.0'],
    ['1.2.9', 'patch', '1.2.10'],
    ['no version', 'minor', '1.0.0'],
  ])('%s and %s give %s', (version, bump, next) => {
    expect(nextVersion(version, bump)).toBe(next);
  });
});

it.each([
  ['train.py', true],
  ['src', true],
  ['src/model', false],
  ['analysis/Model.R', true],
  ['data/raw.csv', false],
  ['data', false],
  ['.env', false],
  ['Makefile', true],
])('%s is code: %s', (path, expected) => {
  expect(isCode(path)).toBe(expected);
});
