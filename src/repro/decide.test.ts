import { describe, expect, test } from 'vitest';
import type { Digest, Literal, ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import type { LockEntry } from '../pipeline/lock-entry.ts';
import type { Stage } from '../pipeline/stage.ts';
import { decide, findReasons, type Recall } from './decide.ts';
import type { Observation } from './observation.ts';

const path = (text: string) => text as ProjectPath;
const content = (mark: string, exec = false): Content => ({
  kind: 'file',
  digest: `sha256:${mark.repeat(64)}` as Digest,
  size: 1,
  exec,
});
const lit = (text: string) => text as Literal;

const stage: Stage = {
  id: 'pipeline.yaml:train' as StageId,
  name: 'train',
  file: path('pipeline.yaml'),
  wdir: path('.'),
  cmd: 'run it',
  env: { MODE: 'fast' },
  deps: [path('in')],
  params: [{ file: path('params.yaml'), keys: ['lr'] }],
  outs: [{ path: path('out'), kind: 'out', cache: true, persist: false, push: true }],
  frozen: false,
  alwaysChanged: false,
  retries: 0,
  resources: {},
  mutex: [],
};

const params = (value: string) => new Map([[path('params.yaml'), new Map([['lr', lit(value)]])]]);

const entry: LockEntry = {
  cmd: 'run it',
  wdir: path('.'),
  env: { MODE: 'fast' },
  params: params('0.1'),
  deps: new Map([[path('in'), content('a')]]),
  outs: new Map([[path('out'), { content: content('b'), persist: false }]]),
};

const observation: Observation = {
  deps: new Map([[path('in'), content('a')]]),
  params: params('0.1'),
  missingParams: [],
  outs: new Map([[path('out'), content('b')]]),
};

interface Situation {
  readonly stage?: Partial<Stage>;
  readonly entry?: Partial<LockEntry> | null;
  readonly edited?: boolean;
  readonly observation?: Partial<Observation>;
  readonly force?: boolean;
  readonly allowMissing?: boolean;
  readonly upstream?: readonly StageId[];
  readonly recall?: Recall;
}

function decideIn(situation: Situation) {
  const subject = { ...stage, ...situation.stage };
  const locked =
    situation.entry === null
      ? undefined
      : { entry: { ...entry, ...situation.entry }, edited: situation.edited ?? false };
  const wishes = { force: situation.force ?? false, allowMissing: situation.allowMissing ?? false };
  const findings = findReasons(subject, locked, { ...observation, ...situation.observation }, wishes);
  return decide(subject, findings, { upstream: situation.upstream ?? [], recall: situation.recall });
}

describe('decide', () => {
  test('keeps a stage whose inputs and outs are those of its lock entry', () => {
    expect(decideIn({})).toEqual({ do: 'keep' });
  });

  const runs: [name: string, situation: Situation, reasons: unknown[]][] = [
    ['no lock entry', { entry: null }, [{ reason: 'no-lock-entry' }]],
    ['an entry edited by hand', { edited: true }, [{ reason: 'lock-edited' }]],
    [
      'a changed command',
      { stage: { cmd: 'run that' } },
      [{ reason: 'command-changed', was: 'run it', now: 'run that' }],
    ],
    [
      'a script that became a list',
      { stage: { cmd: ['run it'] } },
      [{ reason: 'command-changed', was: 'run it', now: 'run it' }],
    ],
    ['a changed wdir', { stage: { wdir: path('sub') } }, [{ reason: 'wdir-changed', was: '.', now: 'sub' }]],
    [
      'changed env, both ways',
      { stage: { env: { NEW: '1' } } },
      [
        { reason: 'env-changed', name: 'MODE', was: 'fast', now: null },
        { reason: 'env-changed', name: 'NEW', was: null, now: '1' },
      ],
    ],
    [
      'a changed dep',
      { observation: { deps: new Map([[path('in'), content('c')]]) } },
      [{ reason: 'dep-changed', path: 'in', was: content('a'), now: content('c') }],
    ],
    [
      'a dep that became executable',
      { observation: { deps: new Map([[path('in'), content('a', true)]]) } },
      [{ reason: 'dep-changed', path: 'in', was: content('a'), now: content('a', true) }],
    ],
    [
      'a dep more and one less',
      { observation: { deps: new Map([[path('other'), content('a')]]) } },
      [
        { reason: 'dep-added', path: 'other' },
        { reason: 'dep-removed', path: 'in' },
      ],
    ],
    [
      'a param whose type changed',
      { observation: { params: params('"0.1"') } },
      [{ reason: 'param-changed', file: 'params.yaml', key: 'lr', was: '0.1', now: '"0.1"' }],
    ],
    [
      'a param no longer declared',
      { observation: { params: new Map() } },
      [{ reason: 'param-removed', file: 'params.yaml', key: 'lr', was: '0.1' }],
    ],
    ['an out no longer declared', { stage: { outs: [] } }, [{ reason: 'outs-redefined', added: [], removed: ['out'] }]],
    [
      'an out that became persistent',
      { stage: { outs: stage.outs.map((out) => ({ ...out, persist: true })) } },
      [{ reason: 'outs-redefined', added: ['out'], removed: [] }],
    ],
    [
      'a missing out',
      { observation: { outs: new Map([[path('out'), 'missing']]) } },
      [{ reason: 'out-missing', path: 'out' }],
    ],
    [
      'an edited out',
      { observation: { outs: new Map([[path('out'), content('d')]]) } },
      [{ reason: 'out-changed', path: 'out', was: content('b'), now: content('d') }],
    ],
    ['force', { force: true }, [{ reason: 'forced' }]],
    ['always_changed', { stage: { alwaysChanged: true } }, [{ reason: 'always' }]],
    [
      'an upstream that would run',
      { upstream: ['pipeline.yaml:prep' as StageId] },
      [{ reason: 'upstream-would-run', stage: 'pipeline.yaml:prep' }],
    ],
  ];
  test.each(runs)('runs on %s', (_name, situation, reasons) => {
    expect(decideIn(situation)).toEqual({ do: 'run', reasons });
  });

  test('finds every reason, not only the first', () => {
    const decision = decideIn({
      stage: { cmd: 'run that' },
      observation: { deps: new Map([[path('in'), content('c')]]), outs: new Map([[path('out'), 'missing']]) },
    });
    const names = decision.do === 'run' ? decision.reasons.map((reason) => reason.reason) : [];
    expect(names).toEqual(['command-changed', 'dep-changed', 'out-missing']);
  });

  const missingOut: Situation = { observation: { outs: new Map([[path('out'), 'missing']]) } };

  test('restores when an earlier result is intact', () => {
    const recall: Recall = { from: 'run-cache', verdict: 'intact', corrupt: [] };
    expect(decideIn({ ...missingOut, recall })).toMatchObject({ do: 'restore', from: 'run-cache' });
  });

  test('runs when an object of the earlier result is corrupt, and says so', () => {
    const recall: Recall = { from: 'lock', verdict: 'corrupt', corrupt: [path('out')] };
    expect(decideIn({ ...missingOut, recall })).toEqual({
      do: 'run',
      reasons: [
        { reason: 'out-missing', path: 'out' },
        { reason: 'object-corrupt', path: 'out' },
      ],
    });
  });

  test('never restores what is forced, always changed, or waits for an upstream', () => {
    const recall: Recall = { from: 'lock', verdict: 'intact', corrupt: [] };
    for (const situation of [{ force: true }, { stage: { alwaysChanged: true } }, { upstream: [stage.id] }]) {
      expect(decideIn({ ...situation, recall }).do).toBe('run');
    }
  });

  test('is blocked by a dep that is missing and that nobody makes', () => {
    expect(decideIn({ observation: { deps: new Map([[path('in'), 'missing']]) } })).toEqual({
      do: 'blocked',
      by: [],
      reasons: [{ reason: 'dep-missing', path: 'in' }],
    });
  });

  test('takes missing outs as unchanged on request', () => {
    expect(decideIn({ ...missingOut, allowMissing: true })).toEqual({ do: 'keep' });
  });

  test('leaves a frozen stage alone whatever its inputs are', () => {
    const changed = { deps: new Map([[path('in'), content('c')]]) };
    expect(decideIn({ stage: { frozen: true, cmd: 'other' }, observation: changed })).toEqual({ do: 'keep' });
  });

  test('restores the missing out of a frozen stage', () => {
    const recall: Recall = { from: 'lock', verdict: 'intact', corrupt: [] };
    expect(decideIn({ ...missingOut, stage: { frozen: true }, recall })).toMatchObject({ do: 'restore' });
  });

  test('runs a stage with neither deps, params nor outs every time, and one with only outs once', () => {
    const bare = { deps: [], params: [] };
    const none = { deps: new Map(), params: new Map() };
    const nothing = decideIn({
      stage: { ...bare, outs: [] },
      entry: { ...none, outs: new Map() },
      observation: { ...none, outs: new Map() },
    });
    expect(nothing).toEqual({ do: 'run', reasons: [{ reason: 'always' }] });
    expect(decideIn({ stage: bare, entry: none, observation: none })).toEqual({ do: 'keep' });
  });
});
