import { expect, it } from 'vitest';
import type { Digest, RunId } from '../../base/brand.ts';
import type { ArtifactRecord, DataRecord, Run } from '../run.ts';
import { lineageOf } from './lineage.ts';

const digest = (text: string) => `sha256:${text}` as Digest;
const dep = (path: string, producer: string | null, content = path): DataRecord => ({
  ...{ path, digest: digest(content), size: 1, producer: producer as RunId | null },
});
const out = (path: string): ArtifactRecord => ({
  ...{ path: `outs/${path}`, digest: digest(path), size: 1, kind: 'out', stored: true },
});

function run(stage: string, data: readonly DataRecord[], artifacts: readonly ArtifactRecord[], id = stage): Run {
  return {
    id: id as RunId,
    parent: null,
    stage,
    file: 'p.yaml',
    status: 'FINISHED',
    startTime: 0,
    endTime: 1,
    code: null,
    data,
    params: [],
    metrics: [],
    artifacts,
    environment: null,
    tags: {},
  };
}

function lineageAmong(runs: readonly Run[]) {
  const around = {
    find: async (id: string) => runs.find((one) => one.id === id),
    consumersOf: async (content: Digest) => runs.filter(({ data }) => data.some((one) => one.digest === content)),
  };
  const [model = run('none', [], [])] = runs.filter(({ stage }) => stage === 'train');
  return lineageOf(model, around, async ({ path }) => (path.endsWith('.csv') ? ['x'] : undefined));
}

const runsOf = (steps: readonly { readonly run: string }[]) => steps.map((step) => step.run);

it('a lineage is all that the data came from and, of each stage, the newest run that took the model in', async () => {
  const { model, before, after } = await lineageAmong([
    run('report', [dep('scores', 'newer')], []),
    run('evaluate', [dep('model', 'train'), dep('evaluate.py', null)], [out('scores')], 'newer'),
    run('evaluate', [dep('model', 'train')], [out('scores')], 'older'),
    run('train', [dep('train.py', null), dep('b.csv', 'clean'), dep('c', 'gone')], [out('model')]),
    run('clean', [dep('a.csv', 'fetch')], [out('b.csv')]),
    run('fetch', [dep('source', null)], [out('a.csv')]),
  ]);
  expect([runsOf(before), runsOf(after)]).toEqual([
    ['clean', 'fetch'],
    ['newer', 'report'],
  ]);
  expect(model).toMatchObject({
    name: 'p.yaml:train',
    code: [{ path: 'train.py' }],
    data: [
      { path: 'b.csv', made: true, columns: ['x'] },
      { path: 'c', made: true },
    ],
  });
});

it('who copies a file does not come before himself, and records that lead in a circle have an end', async () => {
  const { model, before } = await lineageAmong([
    run('train', [dep('b', 'clean'), dep('copied', 'train')], [out('model')]),
    run('clean', [dep('c', 'other'), dep('d', 'clean')], [out('b')]),
    run('other', [dep('b', 'clean')], [out('c')]),
  ]);
  expect(runsOf(before)).toEqual(['clean', 'other']);
  expect(model.data.map(({ path, made }) => [path, made])).toEqual([
    ['b', true],
    ['copied', false],
  ]);
});
