import { expect, test } from 'vitest';
import { addAccessToken, listAccessTokens, revokeAccessToken, type Scope } from '../../src/server/access-tokens.ts';
import { ENDPOINTS } from '../../src/server/endpoints.ts';
import type { TrackingDatabase } from '../../src/tracking/tracking-database.ts';
import { type ServerRig, serverRig } from './rig.ts';

test.each([
  'evil.example',
  'evil.example:5000',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '192.168.0.7',
  'a b',
  '[::1',
])('a request for the host %j is refused: its name may have been made to point here', async (host) => {
  await using rig = await serverRig();
  const { status, json } = await rig.get('/health', { host });
  expect([status, json.error_code]).toEqual([403, 'PERMISSION_DENIED']);
});

test.each(['localhost', 'LOCALHOST:80', '127.0.0.1:5000', '[::1]:5000', '127.1.2.3', 'ml.example', 'a.b.ml.test:1'])(
  'a request for the host %s is served',
  async (host) => {
    await using rig = await serverRig({ allowedHosts: ['ml.example', '*.ml.test'] });
    expect((await rig.get('/health', { host })).status).toBe(200);
  },
);

test('on an address of the network any address in numbers will do, but no name', async () => {
  await using rig = await serverRig({ host: '0.0.0.0', insecure: true });
  expect((await rig.get('/health', { host: '192.168.0.7:5000' })).status).toBe(200);
  expect((await rig.get('/health', { host: 'evil.example' })).status).toBe(403);
});

test.each(['http://evil.example', 'null', 'http://localhost:1', 'https://127.0.0.1.evil.example', 'file://'])(
  'a page from %s gets nothing done',
  async (origin) => {
    await using rig = await serverRig();
    const json = { experiment_id: '0' };
    for (const path of ['/api/2.0/mlflow/runs/create', '/ajax-api/2.0/mlflow/runs/create']) {
      const { status } = await rig.send({ method: 'POST', path, json, headers: { host: 'localhost:2', origin } });
      expect(status).toBe(403);
    }
    const preflight = { host: 'localhost:2', origin, 'access-control-request-method': 'POST' };
    const asked = await rig.send({ method: 'OPTIONS', path: '/api/2.0/mlflow/runs/create', headers: preflight });
    expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    expect((await rig.post('runs/search', { experiment_ids: ['0'] })).json.runs).toBeUndefined();
  },
);

test('a form that a page of another site sends is refused even where the browser names no origin', async () => {
  await using rig = await serverRig();
  const headers = { 'sec-fetch-site': 'cross-site' };
  const path = '/api/2.0/mlflow/runs/create';
  expect((await rig.send({ method: 'POST', path, json: { experiment_id: '0' }, headers })).status).toBe(403);
  expect((await rig.get('/health', headers)).status).toBe(200);
});

test('our own page may ask', async () => {
  await using rig = await serverRig();
  const headers = { host: 'localhost:2', origin: 'http://localhost:2', 'sec-fetch-site': 'same-origin' };
  const path = '/ajax-api/2.0/mlflow/runs/create';
  expect((await rig.send({ method: 'POST', path, json: { experiment_id: '0' }, headers })).status).toBe(200);
});

test.each(['0.0.0.0', '::', '192.0.2.1'])('%s is not served without a token', async (host) => {
  await expect(serverRig({ host })).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('no token'),
  });
});

async function withTokens(): Promise<{ readonly rig: ServerRig; readonly tokens: Readonly<Record<Scope, string>> }> {
  const tokens: Record<Scope, string> = { read: '', write: '', admin: '' };
  const prepare = async (tracking: TrackingDatabase) => {
    for (const scope of ['read', 'write', 'admin'] as const) {
      tokens[scope] = (await addAccessToken(tracking, { name: `for ${scope}`, scope, now: 1 })) ?? '';
    }
  };
  return { rig: await serverRig({ prepare, host: '0.0.0.0' }), tokens };
}

test('every route is closed without a token, those that do not exist included', async () => {
  const { rig } = await withTokens();
  await using _ = rig;
  const artifacts = '/mlflow-artifacts/artifacts/a';
  const others = [
    ...['GET', 'PUT', 'DELETE'].map((method) => ({ method, path: artifacts })),
    ...['create', 'complete', 'abort'].map((step) => ({ method: 'POST', path: `/mlflow-artifacts/mpu/${step}/a` })),
    { method: 'GET', path: '/mlflow/artifacts/list?run_id=a' },
    { method: 'POST', path: '/mlflow/upload-artifact?run_id=a&path=b' },
    { method: 'POST', path: '/mlflow/users/create' },
    { method: 'GET', path: '/mlflow-artifacts/presigned/a' },
  ];
  const below = ['/api/2.0', '/ajax-api/2.0'].flatMap((prefix) =>
    [...ENDPOINTS, ...others].map(({ method, path }) => ({ method, path: prefix + path.replaceAll(':', '') })),
  );
  const roots = [
    '/',
    '/metrics',
    '/get-artifact?run_id=a&path=b',
    '/model-versions/get-artifact',
    '/health/',
    '/healthz',
    '//health',
  ];
  const asked = [...below, ...roots.map((path) => ({ method: 'GET', path })), { method: 'POST', path: '/signup' }];
  for (const { method, path } of asked) {
    const { status, json, headers } = await rig.send({ method, path, ...(method === 'GET' ? {} : { json: {} }) });
    expect([method, path, status, json.error_code]).toEqual([method, path, 401, 'UNAUTHENTICATED']);
    expect(headers['www-authenticate']).toContain('Basic');
  }
  expect((await rig.get('/health')).status).toBe(200);
  expect((await rig.get('/version')).status).toBe(200);
});

test('a token comes as a bearer, or as a password, and opens what its scope says', async () => {
  const { rig, tokens } = await withTokens();
  await using _ = rig;
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  const try_ = async (authorization: string, method: string, path: string) =>
    (
      await rig.send({
        method,
        path,
        headers: { authorization },
        ...(method === 'POST' && { json: { experiment_id: '0', experiment_ids: ['0'] } }),
      })
    ).status;
  const search = '/api/2.0/mlflow/runs/search';
  const create = '/api/2.0/mlflow/runs/create';
  for (const scope of ['read', 'write', 'admin'] as const) {
    for (const sent of [`Bearer ${tokens[scope]}`, basic(`anyone:${tokens[scope]}`), basic(`${tokens[scope]}:`)]) {
      expect(await try_(sent, 'POST', search)).toBe(200);
      expect(await try_(sent, 'GET', '/api/2.0/mlflow/experiments/get?experiment_id=0')).toBe(200);
      expect(await try_(sent, 'POST', create)).toBe(scope === 'read' ? 403 : 200);
      expect(await try_(sent, 'DELETE', '/api/2.0/mlflow-artifacts/artifacts/a')).toBe(scope === 'read' ? 403 : 200);
    }
  }
  const wrong = [
    tokens.read.slice(0, -1),
    `${tokens.read.slice(0, -1)}!`,
    'x',
    `${tokens.read.slice(0, 18)}${tokens.admin.slice(18)}`,
  ];
  for (const token of wrong) expect(await try_(`Bearer ${token}`, 'POST', search)).toBe(401);
});

test('a path that is written in another way does not pass for a question', async () => {
  const { rig, tokens } = await withTokens();
  await using _ = rig;
  const headers = { authorization: `Bearer ${tokens.read}` };
  for (const path of [
    '/api/2.0/mlflow/runs/create/../search',
    '/api/2.0/mlflow/runs/create?/search',
    '/api/2.0/mlflow/runs/create#/search',
  ]) {
    const { status } = await rig.send({ method: 'POST', path, headers, json: { experiment_id: '0' } });
    expect([400, 403, 404]).toContain(status);
  }
});

test('only a hash of a token is kept, and a token that was revoked opens nothing', async () => {
  await using rig = await serverRig();
  const token = await addAccessToken(rig.tracking, { name: 'mine', scope: 'write', now: 1 });
  expect(await addAccessToken(rig.tracking, { name: 'mine', scope: 'write', now: 1 })).toBeUndefined();
  const rows = await rig.tracking.db.selectFrom('access_tokens').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(token?.slice(18));
  expect(await revokeAccessToken(rig.tracking, 'mine')).toBe(true);
  expect(await revokeAccessToken(rig.tracking, 'mine')).toBe(false);
  expect(await listAccessTokens(rig.tracking)).toEqual([]);
});

test('the history of a model names the token that changed it', async () => {
  const { rig, tokens } = await withTokens();
  await using _ = rig;
  const headers = { authorization: `Bearer ${tokens.write}` };
  const post = async (path: string, json: object) => {
    const { status } = await rig.send({ method: 'POST', path: `/api/2.0/mlflow/${path}`, headers, json });
    expect([path, status]).toEqual([path, 200]);
  };
  await post('registered-models/create', { name: 'm' });
  await post('model-versions/create', { name: 'm', source: 's3://bucket/model' });
  await post('model-versions/transition-stage', { name: 'm', version: '1', stage: 'Staging' });
  const { json } = await rig.get('/api/2.0/mlflow/registered-models/history?name=m', headers);
  expect(json.history).toMatchObject([{ what: 'stage', now: 'Staging', who: 'for write' }]);
});
