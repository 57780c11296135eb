import { expect, test } from 'vitest';
import { ENDPOINTS } from '../../src/server/endpoints.ts';
import { serverRig } from './rig.ts';

type Operation = { parameters: { name: string; in: string; required: boolean }[]; requestBody?: object };

test('the server describes itself: every endpoint, its fields, and which of them must be there', async () => {
  await using rig = await serverRig();
  const { status, json } = await rig.get('/openapi.json');
  expect([status, json.openapi]).toEqual([200, '3.1.0']);
  const paths = json.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  for (const { method, path } of ENDPOINTS) {
    const templated = `/api/2.0${path.replaceAll(/:(\w+)/g, '{$1}')}`;
    expect([path, paths[templated]?.[method.toLowerCase()]]).toEqual([path, expect.anything()]);
  }
  expect(paths['/api/2.0/mlflow/runs/log-batch']?.post?.requestBody).toMatchObject({
    content: {
      'application/json': {
        schema: {
          required: ['run_id'],
          properties: {
            run_id: { type: 'string' },
            metrics: { type: 'array', items: { properties: { step: expect.anything() } } },
          },
        },
      },
    },
  });
  const history = paths['/api/2.0/mlflow/metrics/get-history']?.get?.parameters ?? [];
  expect(history.map(({ name, in: place, required }) => [name, place, required])).toEqual([
    ['run_id', 'query', false],
    ['run_uuid', 'query', false],
    ['metric_key', 'query', true],
    ['page_token', 'query', false],
    ['max_results', 'query', false],
  ]);
  expect(paths['/api/2.0/mlflow-artifacts/artifacts/{path}']).toMatchObject({ get: {}, put: {}, delete: {} });
  const tags = paths['/api/2.0/mlflow/logged-models/{model_id}/tags']?.patch;
  expect(tags?.parameters).toMatchObject([{ name: 'model_id', in: 'path', required: true }]);
  expect(JSON.stringify(tags?.requestBody)).not.toContain('model_id');
});
