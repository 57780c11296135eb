import { describe, expect, test } from 'vitest';
import type { Digest, Literal, ProjectPath, StageId } from '../base/brand.ts';
import type { FileContent } from '../base/content.ts';
import { explainChange, type LockState } from './lock-diff.ts';
import { findWarnings } from './lock-warnings.ts';
import { metricChanges } from './metric-changes.ts';
import type { ParamsTree } from './params.ts';
import type { Stage } from './stage.ts';

const path = (text: string) => text as ProjectPath;
const id = (name: string) => `pipeline.yaml:${name}` as StageId;

function content(letter: string): FileContent {
  const digest = `sha256:${letter.charCodeAt(0).toString(16).repeat(32)}` as Digest;
  return { kind: 'file', digest, size: letter.charCodeAt(0), exec: false };
}

interface Sketch {
  readonly cmd?: string;
  readonly env?: Record<string, string>;
  /** Path → a letter that stands for its bytes. */
  readonly deps?: Record<string, string>;
  readonly outs?: Record<string, string>;
  /** Key of params.yaml → literal. */
  readonly params?: Record<string, string>;
  readonly metrics?: readonly string[];
  readonly persist?: boolean;
  readonly edited?: boolean;
}

/** Lockfile and pipeline file of these stages, which agree. */
function state(stages: Readonly<Record<string, Sketch>>): LockState {
  const entries = Object.entries(stages);
  return {
    locked: new Map(
      entries.map(([name, sketch]) => [id(name), { entry: entryOf(sketch), edited: sketch.edited === true }]),
    ),
    declared: new Map(entries.map(([name, sketch]) => [id(name), declare(name, sketch)])),
  };
}

function entryOf({ cmd = 'run', env = {}, deps = {}, outs = {}, params = {}, persist = false }: Sketch) {
  const values = new Map(Object.entries(params) as [string, Literal][]);
  return {
    cmd,
    wdir: path('.'),
    env,
    params: new Map(values.size === 0 ? [] : [[path('params.yaml'), values]]),
    deps: new Map(Object.entries(deps).map(([name, letter]) => [path(name), content(letter)])),
    outs: new Map(Object.entries(outs).map(([name, letter]) => [path(name), { content: content(letter), persist }])),
  };
}

function declare(name: string, sketch: Sketch): Stage {
  const { cmd = 'run', env = {}, deps = {}, outs = {}, params = {}, metrics = [], persist = false } = sketch;
  const kindOf = (out: string) => (metrics.includes(out) ? ('metric' as const) : ('out' as const));
  return {
    id: id(name),
    name,
    file: path('pipeline.yaml'),
    wdir: path('.'),
    cmd,
    env,
    deps: Object.keys(deps).map(path),
    params: Object.keys(params).length === 0 ? [] : [{ file: path('params.yaml'), keys: Object.keys(params) }],
    outs: Object.keys(outs).map((out) => ({ path: path(out), kind: kindOf(out), cache: true, persist, push: true })),
    frozen: false,
    alwaysChanged: false,
    retries: 0,
    resources: {},
    mutex: [],
  };
}

const CHAIN: Record<string, Sketch> = {
  prepare: { deps: { 'data/raw.csv': 'a' }, outs: { 'data/clean': 'b' } },
  train: { deps: { 'data/clean/train.csv': 'c' }, params: { lr: '0.1' }, outs: { model: 'd' } },
  evaluate: { deps: { model: 'd' }, params: { lr: '0.1' }, outs: { 'metrics.json': 'e' }, metrics: ['metrics.json'] },
};

describe('root causes and what they led to', () => {
  test('nothing changed', () => {
    expect(explainChange(state(CHAIN), state(CHAIN))).toEqual({ causes: [], stages: [] });
  });

  test('a dep that changed because a stage above it changed is a consequence', () => {
    const after = state({
      prepare: { deps: { 'data/raw.csv': 'x' }, outs: { 'data/clean': 'y' } },
      train: { ...CHAIN.train, deps: { 'data/clean/train.csv': 'z' }, outs: { model: 'w' } },
      evaluate: { ...CHAIN.evaluate, deps: { model: 'w' }, outs: { 'metrics.json': 'v' } },
    });
    const { causes, stages } = explainChange(state(CHAIN), after);
    expect(causes).toEqual([
      {
        change: { reason: 'dep-changed', path: 'data/raw.csv', was: content('a'), now: content('x') },
        stages: [id('prepare')],
      },
    ]);
    expect(stages.map(({ stage, causes, through }) => ({ stage, causes, through }))).toEqual([
      { stage: id('prepare'), causes: [0], through: [] },
      { stage: id('train'), causes: [], through: [{ path: 'data/clean/train.csv', stage: id('prepare') }] },
      { stage: id('evaluate'), causes: [], through: [{ path: 'model', stage: id('train') }] },
    ]);
    expect(stages[2]?.outs).toEqual([{ path: 'metrics.json', kind: 'metric', was: content('e'), now: content('v') }]);
  });

  test('one param that several stages read is one cause', () => {
    const lr = { lr: '0.05' };
    const after = state({
      ...CHAIN,
      train: { ...CHAIN.train, params: lr, outs: { model: 'w' } },
      evaluate: { ...CHAIN.evaluate, params: lr, deps: { model: 'w' } },
    });
    const { causes, stages } = explainChange(state(CHAIN), after);
    expect(causes).toEqual([
      {
        change: { reason: 'param-changed', file: 'params.yaml', key: 'lr', was: '0.1', now: '0.05' },
        stages: [id('evaluate'), id('train')],
      },
    ]);
    expect(stages.map((change) => change.stage)).toEqual([id('train'), id('evaluate')]);
    expect(stages[1]).toMatchObject({ causes: [0], through: [{ stage: id('train') }], outs: [] });
  });

  test('a dep that changed while its maker did not is a root cause', () => {
    const after = state({ ...CHAIN, evaluate: { ...CHAIN.evaluate, deps: { model: 'x' } } });
    expect(explainChange(state(CHAIN), after).causes).toMatchObject([
      { change: { reason: 'dep-changed', path: 'model' } },
    ]);
  });

  test.each<[string, Sketch, Sketch, object]>([
    ['command', { cmd: 'a' }, { cmd: 'b' }, { reason: 'command-changed', was: 'a', now: 'b' }],
    ['env', { env: { A: '1' } }, {}, { reason: 'env-changed', name: 'A', was: '1', now: null }],
    ['new dep', {}, { deps: { d: 'a' } }, { reason: 'dep-added', path: 'd' }],
    ['removed dep', { deps: { d: 'a' } }, {}, { reason: 'dep-removed', path: 'd' }],
    ['new param', {}, { params: { k: '1' } }, { reason: 'param-added', key: 'k', now: '1' }],
    ['removed param', { params: { k: '1' } }, {}, { reason: 'param-removed', key: 'k', was: '1' }],
    [
      'typed param',
      { params: { k: '1' } },
      { params: { k: '1.0' } },
      { reason: 'param-changed', was: '1', now: '1.0' },
    ],
    ['new out', {}, { outs: { o: 'a' } }, { reason: 'outs-redefined', added: ['o'], removed: [] }],
    ['removed out', { outs: { o: 'a' } }, {}, { reason: 'outs-redefined', added: [], removed: ['o'] }],
  ])('%s', (_, was, now, change) => {
    expect(explainChange(state({ s: was }), state({ s: now })).causes).toMatchObject([{ change, stages: [id('s')] }]);
  });

  test('new and removed stages', () => {
    const { causes, stages } = explainChange(
      state({ old: { outs: { o: 'a' } } }),
      state({ young: { outs: { y: 'b' } } }),
    );
    expect(causes).toEqual([
      { change: { reason: 'stage-removed' }, stages: [id('old')] },
      { change: { reason: 'stage-added' }, stages: [id('young')] },
    ]);
    expect(stages).toMatchObject([
      { kind: 'removed', outs: [{ path: 'o', now: null }] },
      { kind: 'added', outs: [{ path: 'y', was: null }] },
    ]);
  });
});

describe('what a reviewer must know', () => {
  const warningsOf = (before: LockState, after: LockState, params: Record<string, ParamsTree> = {}) =>
    findWarnings({ before, after, params: new Map(Object.entries(params) as [ProjectPath, ParamsTree][]) });
  const tree = (lr: string) => ({ 'params.yaml': { lr: lr as Literal } });

  test('nothing, when all agree', () => {
    expect(warningsOf(state(CHAIN), state(CHAIN), tree('0.1'))).toEqual([]);
  });

  test.each<[string, Sketch, object]>([
    ['command', { cmd: 'new' }, { reason: 'command-changed', was: 'run', now: 'new' }],
    ['deps', { deps: { d: 'a', e: 'b' } }, { reason: 'dep-added', path: 'e' }],
    ['outs', { outs: { p: 'a' } }, { reason: 'outs-redefined', added: ['p'], removed: ['o'] }],
    ['env', { env: { A: '2' } }, { reason: 'env-changed', name: 'A' }],
    ['persistence', { persist: true }, { reason: 'outs-redefined', added: ['o'], removed: [] }],
  ])('a lock that is stale against its pipeline file: %s', (_, change, expected) => {
    const sketch: Sketch = { deps: { d: 'a' }, outs: { o: 'a' }, env: { A: '1' } };
    const after = { locked: state({ s: sketch }).locked, declared: state({ s: { ...sketch, ...change } }).declared };
    expect(warningsOf(state({ s: sketch }), after)).toMatchObject([
      { warning: 'stale', stage: id('s'), changes: [expected] },
    ]);
  });

  test('a lock that is stale against its params file', () => {
    expect(warningsOf(state(CHAIN), state(CHAIN), tree('0.2')).map((one) => one.warning)).toEqual(['stale', 'stale']);
  });

  test('a frozen stage is never stale', () => {
    const now = state({ s: { cmd: 'a' } });
    const declared = new Map([[id('s'), { ...declare('s', { cmd: 'b' }), frozen: true }]]);
    expect(warningsOf(now, { ...now, declared })).toEqual([]);
  });

  test('stages that are gone, not locked yet, or edited by hand', () => {
    const locked = state({ old: {}, edited: { edited: true } }).locked;
    const declared = state({ edited: {}, young: {} }).declared;
    expect(warningsOf(state({}), { locked, declared })).toEqual([
      { warning: 'edited', stage: id('edited') },
      { warning: 'gone', stage: id('old') },
      { warning: 'not-locked', stage: id('young') },
    ]);
  });

  test('outs that changed though no input did, unless they go on from where they were', () => {
    const was: Sketch = { outs: { o: 'a' } };
    const now: Sketch = { outs: { o: 'b' } };
    const warning = { warning: 'not-deterministic', stage: id('s'), paths: ['o'] };
    expect(warningsOf(state({ s: was }), state({ s: now }))).toEqual([warning]);
    expect(warningsOf(state({ s: { ...was, persist: true } }), state({ s: { ...now, persist: true } }))).toEqual([]);
    expect(warningsOf(state({ s: was }), state({ s: { ...now, cmd: 'b' } }))).toEqual([]);
  });

  test('a stage that ran with other bytes than its maker wrote', () => {
    const after = state({ ...CHAIN, evaluate: { ...CHAIN.evaluate, deps: { model: 'x' } } });
    expect(warningsOf(after, after)).toEqual([
      { warning: 'mismatch', stage: id('evaluate'), path: 'model', maker: id('train') },
    ]);
  });
});

test('metrics are the numbers of YAML, JSON and TOML files', () => {
  const changes = metricChanges([
    {
      path: path('m.json'),
      before: '{"acc": 0.9, "n": 3, "name": "a", "f": {"x": 1}}',
      after: '{"acc": 0.92, "n": 3, "name": "b", "f": {"y": NaN}}',
    },
    { path: path('m.toml'), before: undefined, after: 'loss = 0.5\n' },
    { path: path('m.csv'), before: 'a,b\n', after: 'a,c\n' },
    { path: path('m.yaml'), before: 'broken: [', after: 'ok: 1\n' },
  ]);
  expect(changes).toEqual([
    { file: 'm.json', key: 'acc', was: 0.9, now: 0.92 },
    { file: 'm.json', key: 'f.x', was: 1, now: null },
    { file: 'm.json', key: 'f.y', was: null, now: Number.NaN },
    { file: 'm.toml', key: 'loss', was: null, now: 0.5 },
    { file: 'm.yaml', key: 'ok', was: null, now: 1 },
  ]);
});
