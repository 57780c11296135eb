import { expect, test } from 'vitest';
import { serverRig } from './rig.ts';

/** Paths that once led out of some MLflow server's artifact root, as they go over the wire. */
const CLIMBING = [
  '../../../../etc/passwd',
  'a/../../etc/passwd',
  '..',
  '%2e%2e/%2e%2e/etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '%252E%252E%252F%252E%252E%252Fetc%252fpasswd',
  '%25252e%25252e%25252fetc',
  'a%5c..%5c..%5cb',
  '..%5cfilename',
  'a/b%5Cc',
  '%2fetc%2fpasswd',
  '%2F%2Fproc%2Fself%2Froot',
  '/etc/passwd',
  '//proc/self/root',
  'C:/',
  'C%3A%5CWindows',
  'file:///etc/passwd',
  'file%3A%2F%2F%2Fetc%2Fpasswd',
  'http://attacker.example/x',
  'a%23/../../etc',
  'a%23b',
  'a;/../../etc',
  'a%3B..%2F..%2Fetc',
  'a%00b',
  'a%0d%0aset-cookie:x',
  '%7f',
  '%ff%fe',
];

test.each(CLIMBING)('the path %s is refused everywhere', async (path) => {
  await using rig = await serverRig();
  const { id } = await rig.run();
  const inQuery = path.includes('%') ? path : encodeURIComponent(path);
  const asked = [
    { method: 'GET', path: `/api/2.0/mlflow-artifacts/artifacts/${path}` },
    { method: 'PUT', path: `/api/2.0/mlflow-artifacts/artifacts/${path}`, body: 'x' },
    { method: 'DELETE', path: `/api/2.0/mlflow-artifacts/artifacts/${path}` },
    { method: 'POST', path: `/api/2.0/mlflow-artifacts/mpu/create/${path}`, json: { path: 'a', num_parts: 1 } },
    ...(path === '%ff%fe'
      ? []
      : [
          { method: 'GET', path: `/api/2.0/mlflow-artifacts/artifacts?path=${inQuery}` },
          { method: 'GET', path: `/get-artifact?run_uuid=${id}&path=${inQuery}` },
          { method: 'GET', path: `/api/2.0/mlflow/artifacts/list?run_id=${id}&path=${inQuery}` },
          { method: 'POST', path: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=${inQuery}`, body: 'x' },
        ]),
  ];
  for (const one of asked) {
    const { status, json } = await rig.send(one);
    expect([one.method, one.path, status, json.message]).toEqual([one.method, one.path, 400, 'Invalid path']);
  }
  expect(rig.files()).toEqual([]);
});

test.each(['..', 'a\\..\\b', 'b#c', 'C:', 'x/..', '%2e%2e', '..%2fup', 'a\u0000b'])(
  'an upload in parts of a file called %j is refused',
  async (path) => {
    await using rig = await serverRig();
    const create = '/api/2.0/mlflow-artifacts/mpu/create/0/run';
    const { status } = await rig.send({ method: 'POST', path: create, json: { path, num_parts: 1 } });
    expect([status, rig.files()]).toEqual([400, []]);
  },
);

test.each([
  'file:///etc',
  '/etc',
  'file:',
  'file://host/../../../',
  'http:///?/../../../../etc/',
  'http:///#/../../../etc/',
  'http://host#/../../',
  'http://host;/../..',
  'mlflow-artifacts://h:1/../../',
  'mlflow-artifacts:/0/../../etc',
  'mlflow-artifacts:/%252e%252e/etc',
  's3:/b/a/../../c',
  '..%2f..%2f',
  `file:///${'a'.repeat(3000)}`,
])('an experiment whose artifacts lie at %s leads to no file and no address', async (location) => {
  await using rig = await serverRig();
  const created = await rig.post('experiments/create', { name: 'x', artifact_location: location });
  if (created.status === 400) return;
  const run = await rig.post('runs/create', { experiment_id: created.json.experiment_id, start_time: 1 });
  const { run_id } = (run.json.run as { info: { run_id: string } }).info;
  for (const path of [
    `/get-artifact?run_uuid=${run_id}&path=passwd`,
    `/api/2.0/mlflow/artifacts/list?run_id=${run_id}&path=`,
  ]) {
    const { status, text } = await rig.get(path);
    expect([path, status]).toEqual([path, 400]);
    expect(text).not.toMatch(/root:|etc/);
  }
  const upload = `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${run_id}&path=a`;
  expect((await rig.send({ method: 'POST', path: upload, body: 'x' })).status).toBe(400);
});

test('a type that is a script is not given back as a page', async () => {
  await using rig = await serverRig();
  const headers = { 'content-type': '<script>alert(1)</script>' };
  const answer = await rig.send({ method: 'POST', path: '/api/2.0/mlflow/runs/create', headers, body: '{}' });
  expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/json']);
  expect(answer.text).not.toContain('<script>');
});

test.each(['/api/2.0/preview/mlflow/experiments/list', '/api/2.0/preview/mlflow/runs/search'])(
  '%s is gone',
  async (path) => {
    await using rig = await serverRig();
    expect((await rig.get(path)).json.error_code).toBe('ENDPOINT_NOT_FOUND');
  },
);

test.each([
  ['POST', '/api/2.0/mlflow/users/create'],
  ['POST', '/ajax-api/2.0/mlflow/gateway-proxy'],
  ['GET', '/ajax-api/2.0/mlflow/gateway-proxy?gateway_path=http://169.254.169.254/'],
  ['POST', '/api/2.0/mlflow/webhooks'],
  ['POST', '/graphql'],
  ['POST', '/ajax-api/3.0/jobs/'],
  ['POST', '/ajax-api/3.0/mlflow/assistant/message'],
  ['POST', '/api/2.0/mlflow/runs/create-promptlab-run'],
  ['POST', '/signup'],
])('%s %s, which others were attacked through, does not exist', async (method, path) => {
  await using rig = await serverRig();
  const answer = await rig.send({ method, path, ...(method === 'POST' && { json: {} }) });
  expect([answer.status, answer.json.error_code]).toEqual([404, 'ENDPOINT_NOT_FOUND']);
});

test.each([
  { name: 'a'.repeat(501) },
  { name: 'a', artifact_location: `s3://${'b'.repeat(3000)}` },
  { name: '' },
  { name: 7 },
])('an experiment of %o is refused', async (experiment) => {
  await using rig = await serverRig();
  expect((await rig.post('experiments/create', experiment)).status).toBe(400);
});

test.each([
  "' or 1=1 --",
  "attributes.status = 'x'; drop table runs",
  `${'('.repeat(5000)}`,
  "params.`a` = 'b' union select * from access_tokens",
])('the filter %s changes nothing and breaks nothing', async (filter) => {
  await using rig = await serverRig();
  await rig.run();
  const { status, text } = await rig.post('runs/search', { experiment_ids: ['0'], filter });
  expect(status).toBe(400);
  expect(text).not.toMatch(/sqlite|near "/i);
  const all = await rig.post('runs/search', { experiment_ids: ['0'] });
  expect((all.json.runs as unknown[]).length).toBe(1);
});
