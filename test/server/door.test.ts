import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { LockstepError } from '../../src/base/error.ts';
import { defineEndpoint, type Endpoint } from '../../src/server/endpoint.ts';
import { RequestError, type RequestErrorCode } from '../../src/tracking/request-error.ts';
import { serverRig } from './rig.ts';

/** Says what came in: text of each field, with its type where JSON would hide it. */
function echo(method: Endpoint['method'], path: Endpoint['path'] = '/mlflow/echo'): Endpoint {
  return defineEndpoint({
    method,
    path,
    request: z.unknown(),
    handle: async (_, request) => ({
      fields: Object.entries(request as object).map(([key, value]) => [key, typeof value, String(value)]),
    }),
  });
}

function failing(path: Endpoint['path'], error: unknown): Endpoint {
  const fail = async (): Promise<object> => {
    throw error;
  };
  return defineEndpoint({ method: 'GET', path, request: z.unknown(), handle: fail });
}

const JSON_TYPE = { 'content-type': 'application/json' };

test('a route stands below /api/2.0 and below /ajax-api/2.0', async () => {
  await using rig = await serverRig({ endpoints: [echo('GET')] });
  const answers = await Promise.all(
    ['/api/2.0', '/ajax-api/2.0'].map((prefix) => rig.get(`${prefix}/mlflow/echo?a=1`)),
  );
  expect(answers.map(({ status, json }) => [status, json])).toEqual([
    [200, { fields: [['a', 'string', '1']] }],
    [200, { fields: [['a', 'string', '1']] }],
  ]);
});

test('the parameters of a GET may repeat, and none is taken for a field of an object', async () => {
  await using rig = await serverRig({ endpoints: [echo('GET')] });
  const { json } = await rig.get('/api/2.0/mlflow/echo?id=a&id=b&text=a+b%2Bc&__proto__=x&constructor=y');
  expect(json.fields).toEqual([
    ['id', 'object', 'a,b'],
    ['text', 'string', 'a b+c'],
    ['__proto__', 'string', 'x'],
    ['constructor', 'string', 'y'],
  ]);
});

test.each(['POST', 'PATCH', 'DELETE'] as const)(
  '%s carries a JSON body, and a part of the path is a field',
  async (method) => {
    await using rig = await serverRig({ endpoints: [echo(method, '/mlflow/things/:thing_id')] });
    const path = '/api/2.0/mlflow/things/a%2Fb';
    const { json } = await rig.send({ method, path, json: { name: 'n', thing_id: 'other' } });
    expect(json.fields).toEqual([
      ['name', 'string', 'n'],
      ['thing_id', 'string', 'a/b'],
    ]);
  },
);

test.each([
  ['JSON in a JSON string', JSON.stringify('{"a": 1}'), [['a', 'number', '1']]],
  ['no JSON', '{"a": ', []],
  ['nothing', '', []],
  ['a list', '[1]', []],
  ['a number beyond 2^53', '{"a": 9007199254740993}', [['a', 'bigint', '9007199254740993']]],
  ['its negative', '{"a":-9223372036854775808}', [['a', 'bigint', '-9223372036854775808']]],
  [
    'a list with one',
    '{"a": [12345678901234567890, "\\"12345678901234567"]}',
    [['a', 'object', '12345678901234567890,"12345678901234567']],
  ],
  ['a long number in a text', '{"a": "12345678901234567"}', [['a', 'string', '12345678901234567']]],
  ['many digits behind the point', '{"a": 0.12345678901234566}', [['a', 'number', '0.12345678901234566']]],
  ['a field that objects have by themselves', '{"__proto__": 1}', [['__proto__', 'number', '1']]],
])('a body that is %s', async (_, body, fields) => {
  await using rig = await serverRig({ endpoints: [echo('POST')] });
  const answer = await rig.send({ method: 'POST', path: '/api/2.0/mlflow/echo', headers: JSON_TYPE, body });
  expect([answer.status, answer.json.fields]).toEqual([200, fields]);
});

test.each([undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp'])(
  'a body of the type %s is refused, because a page of another site can send it',
  async (type) => {
    await using rig = await serverRig({ endpoints: [echo('POST'), echo('DELETE')] });
    const headers = type === undefined ? {} : { 'content-type': type };
    const path = '/api/2.0/mlflow/echo';
    for (const method of ['POST', 'DELETE']) {
      const { status, json } = await rig.send({ method, path, headers, body: '{}' });
      expect([status, json.error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE']);
    }
    const charset = { 'content-type': 'application/json; charset=utf-8' };
    expect((await rig.send({ method: 'POST', path, headers: charset, body: '{}' })).status).toBe(200);
  },
);

test('numbers that JSON has no word for are answered as texts', async () => {
  const numbers = defineEndpoint({
    method: 'GET',
    path: '/mlflow/numbers',
    request: z.unknown(),
    handle: async () => ({ a: [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1], b: 2n ** 60n }),
  });
  await using rig = await serverRig({ endpoints: [numbers] });
  const { text } = await rig.get('/api/2.0/mlflow/numbers');
  expect(text).toBe('{"a":["NaN","Infinity","-Infinity",0.1],"b":"1152921504606846976"}');
});

test.each([
  '/',
  '/api/2.0/mlflow/nothing',
  '/api/3.0/mlflow/server-info',
  '/api/2.0/preview/mlflow/experiments/list',
  '/graphql',
  '/v1/traces',
])('%s is no endpoint', async (path) => {
  await using rig = await serverRig();
  const { status, json } = await rig.get(path);
  expect([status, json.error_code]).toEqual([404, 'ENDPOINT_NOT_FOUND']);
});

test.each([
  ['INVALID_PARAMETER_VALUE', 400],
  ['RESOURCE_ALREADY_EXISTS', 400],
  ['PERMISSION_DENIED', 403],
  ['RESOURCE_DOES_NOT_EXIST', 404],
  ['RESOURCE_CONFLICT', 409],
  ['REQUEST_LIMIT_EXCEEDED', 429],
  ['NOT_IMPLEMENTED', 501],
  ['TEMPORARILY_UNAVAILABLE', 503],
] as const)('%s is answered with status %i', async (code: RequestErrorCode, status) => {
  await using rig = await serverRig({ endpoints: [failing('/mlflow/fail', new RequestError(code, 'so'))] });
  const answer = await rig.get('/api/2.0/mlflow/fail');
  expect([answer.status, answer.json]).toEqual([status, { error_code: code, message: 'so' }]);
  expect(rig.log).toEqual([]);
});

test('a bug is told to the log, and to the client only by its number', async () => {
  const bug = new Error('SELECT * FROM secrets in /home/me');
  await using rig = await serverRig({ endpoints: [failing('/mlflow/fail', bug)] });
  const { status, json, text } = await rig.get('/api/2.0/mlflow/fail?password=x');
  expect([status, json.error_code]).toEqual([500, 'INTERNAL_ERROR']);
  expect(text).not.toMatch(/SELECT|home/);
  const entry = JSON.parse(rig.log[0] ?? '') as Record<string, string>;
  expect(json.message).toContain(entry.id);
  expect(entry).toMatchObject({ level: 'error', method: 'GET', path: '/api/2.0/mlflow/fail', message: bug.message });
  expect(rig.log.join()).not.toContain('password');
});

test('a database that is busy may be asked again', async () => {
  const busy = new LockstepError('busy', '/home/me/lockstep.db is locked');
  await using rig = await serverRig({ endpoints: [failing('/mlflow/fail', busy)] });
  const { status, headers, text } = await rig.get('/api/2.0/mlflow/fail');
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect(text).not.toContain('home');
});

test('a body that is too large is refused before it has come', async () => {
  await using rig = await serverRig();
  const headers = { ...JSON_TYPE, 'content-length': String(2 ** 21) };
  const status = await new Promise((resolve, reject) => {
    const socket = connect(rig.port, '127.0.0.1', () => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nhost: localhost\r\n${lines.join('')}\r\n{`);
    });
    socket.once('data', (data) => {
      resolve(data.toString().slice(0, 12));
      socket.destroy();
    });
    socket.once('error', reject);
  });
  expect(status).toBe('HTTP/1.1 400');
});

test('a body that grows too large while it comes is refused, too', async () => {
  await using rig = await serverRig();
  const { json, headers } = await rig.send({
    method: 'POST',
    path: '/api/2.0/mlflow/runs/log-batch',
    headers: { 'transfer-encoding': 'chunked' },
    json: { run_id: 'x'.repeat(2 ** 21) },
  });
  expect(json.message).toContain('larger than');
  expect(headers.connection).toBe('close');
});

test('health, version and metrics', async () => {
  await using rig = await serverRig();
  expect((await rig.get('/health')).text).toBe('OK');
  expect((await rig.get('/version')).text).toMatch(/^3\.[0-3]\.\d+$/);
  await rig.get('/api/2.0/mlflow/experiments/get?experiment_id=0');
  const { text, headers } = await rig.get('/metrics');
  expect(headers['content-type']).toContain('text/plain');
  expect(text).toContain(
    'lockstep_http_request_duration_seconds_count{method="GET",route="/mlflow/experiments/get",status="200"} 1\n',
  );
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
});

test('with --verbose each request is a line of JSON without its query', async () => {
  await using rig = await serverRig({ verbose: true });
  await rig.get('/api/2.0/mlflow/runs/get?run_id=secret');
  await rig.server.stop();
  const entry = JSON.parse(rig.log[0] ?? '') as Record<string, unknown>;
  expect(entry).toMatchObject({ level: 'info', method: 'GET', path: '/api/2.0/mlflow/runs/get', status: 404 });
  expect(rig.log.join()).not.toContain('secret');
});

test('a request that has begun is answered before the server ends', async () => {
  const { promise: released, resolve: release } = withResolvers();
  const { promise: begun, resolve: begin } = withResolvers();
  const slow = defineEndpoint({
    method: 'GET',
    path: '/mlflow/slow',
    request: z.unknown(),
    handle: async () => {
      begin();
      await released;
      return { done: true };
    },
  });
  await using rig = await serverRig({ endpoints: [slow] });
  const answer = rig.get('/api/2.0/mlflow/slow');
  await begun;
  const stopped = rig.server.stop();
  await expect(rig.get('/health')).rejects.toThrow(/ECONNREFUSED/);
  release();
  expect((await answer).json).toEqual({ done: true });
  await stopped;
});

test('no answer is taken for anything but what it is, or shown in a frame', async () => {
  await using rig = await serverRig();
  for (const path of ['/health', '/api/2.0/mlflow/nothing', '/api/2.0/mlflow-artifacts/artifacts']) {
    const { headers } = await rig.get(path);
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  }
});

/** Node 20 has none of its own. */
function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
