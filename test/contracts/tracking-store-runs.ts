import type { Digest, Literal, RunId } from '../../src/base/brand.ts';
import type { Run } from '../../src/tracking/run.ts';

export function runIdOf(number: number): RunId {
  return number.toString(16).padStart(32, '0') as RunId;
}

export function digestNumber(number: number): Digest {
  return `sha256:${number.toString(16).padStart(64, '0')}` as Digest;
}

/** A run of the stage `train` with nothing recorded, number and start time from its id. */
export function bareRun(number: number, changes: Partial<Run> = {}): Run {
  return {
    id: runIdOf(number),
    parent: null,
    stage: 'train',
    file: 'pipeline.yaml',
    status: 'FINISHED',
    startTime: 1_700_000_000_000 + number * 1000,
    endTime: 1_700_000_000_000 + number * 1000 + 250,
    code: null,
    data: [],
    params: [],
    metrics: [],
    artifacts: [],
    environment: null,
    tags: {},
    ...changes,
  };
}

/** A run with something unusual in every category. */
export function fullRun(number: number): Run {
  return bareRun(number, {
    parent: runIdOf(9999),
    code: {
      gitSha: 'c0ffee'.repeat(6).slice(0, 40),
      branch: 'feature/ü',
      remoteUrl: 'https://example.org/team/project.git',
      dirty: true,
      patch: digestNumber(77),
      omitted: ['data/with "quotes".bin', 'line\nbreak'],
      command: "python train.py --name='a b'\necho done",
    },
    data: [
      { path: 'data/z.csv', digest: digestNumber(1), size: 2 ** 40, producer: runIdOf(5) },
      { path: 'data/a.csv', digest: digestNumber(2), size: 0, producer: null },
    ],
    params: [
      { key: 'train.lr', value: '0.1' as Literal },
      { key: 'depth', value: '1' as Literal },
      { key: 'other.yaml:depth', value: '1.0' as Literal },
      { key: '__proto__', value: '"1"' as Literal },
      { key: 'layers', value: '[1, 2.5, {"a": null}]' as Literal },
    ],
    metrics: [
      { key: 'loss', value: 0.1 + 0.2, step: 0, timestamp: 1_700_000_000_001 },
      { key: 'loss', value: Number.NaN, step: 2, timestamp: 1_700_000_000_002 },
      { key: 'acc', value: Number.NEGATIVE_INFINITY, step: -1, timestamp: 1_700_000_000_003 },
      { key: 'loss', value: 5e-324, step: 1, timestamp: 1_700_000_000_004 },
      { key: 'loss', value: 5e-324, step: 1, timestamp: 1_700_000_000_005 },
    ],
    artifacts: [
      { path: 'outs/model.bin', digest: digestNumber(3), size: 10, kind: 'out', stored: true },
      { path: 'logs/output.log', digest: digestNumber(4), size: 0, kind: 'log', stored: true },
      { path: 'outs/big.bin', digest: digestNumber(5), size: 2 ** 41, kind: 'out', stored: false },
    ],
    environment: {
      platform: 'linux',
      arch: 'x64',
      cpus: 2,
      memory: 8 * 2 ** 30,
      runtimes: { node: '20.20.2', python: '3.11.7' },
      packages: { numpy: '2.1.0' },
      lockfiles: { 'package-lock.json': digestNumber(6) },
      variables: { LANG: 'C.UTF-8' },
    },
    tags: { 'lockstep.outcome': 'ran', empty: '' },
  });
}
