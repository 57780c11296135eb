import { createHash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addAccessToken } from '../../src/server/access-tokens.ts';
import { type ServerRig, serverRig } from './rig.ts';

const MPU = '/api/2.0/mlflow-artifacts/mpu';

interface Begun {
  readonly upload_id: string;
  readonly credentials: readonly { url: string; part_number: number; headers: Record<string, string> }[];
}

async function begin(rig: ServerRig, directory: string, count: number): Promise<Begun> {
  const json = { path: '/home/me/large.bin', num_parts: count };
  const answer = await rig.send({ method: 'POST', path: `${MPU}/create/${directory}`, json });
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('upload_id')]);
  return answer.json as unknown as Begun;
}

async function sendPart(rig: ServerRig, { url, headers }: Begun['credentials'][number], body: string) {
  const answer = await rig.send({ method: 'PUT', path: new URL(url).pathname, headers, body });
  return { status: answer.status, etag: String(answer.headers.etag) };
}

function complete(rig: ServerRig, directory: string, request: object) {
  const json = { path: 'large.bin', ...request };
  return rig.send({ method: 'POST', path: `${MPU}/complete/${directory}`, json });
}

test('a file that comes in parts, in any order and some of them twice, is there when it is complete', async () => {
  await using rig = await serverRig();
  const { root } = await rig.run();
  const { upload_id, credentials } = await begin(rig, root, 3);
  expect(credentials.map(({ part_number }) => part_number)).toEqual([1, 2, 3]);
  expect(credentials[0]?.url).toMatch(`http://127.0.0.1:${rig.port}${MPU}/parts/`);
  const parts: { part_number: number; etag: string }[] = [];
  for (const [i, text] of [
    [2, 'three'],
    [0, 'wrong'],
    [0, 'one'],
    [1, 'two'],
  ] as const) {
    const credential = credentials[i] as Begun['credentials'][number];
    const { etag } = await sendPart(rig, credential, text);
    expect(etag).toBe(`"${createHash('sha256').update(text).digest('hex')}"`);
    if (text !== 'wrong') parts.push({ part_number: i + 1, etag });
  }
  expect((await rig.getArtifact(`${root}/large.bin`)).status).toBe(404);
  expect((await complete(rig, root, { upload_id, parts })).status).toBe(200);
  expect((await rig.getArtifact(`${root}/large.bin`)).text).toBe('onetwothree');
  // Nothing is left of the parts.
  expect(rig.files()).toHaveLength(1);
  expect((await complete(rig, root, { upload_id, parts })).status).toBe(404);
});

test('parts that are missing, others, or of another path make no file; abort leaves nothing', async () => {
  await using rig = await serverRig();
  const { root } = await rig.run();
  const { upload_id, credentials } = await begin(rig, root, 2);
  const [first, second] = credentials as [Begun['credentials'][number], Begun['credentials'][number]];
  const { etag } = await sendPart(rig, first, 'one');
  const one = { part_number: 1, etag };
  for (const [directory, parts] of [
    [root, [one, { part_number: 2, etag: '"x"' }]],
    [root, []],
    [root, [one]],
    [root, [one, one]],
    [root, [{ part_number: 1, etag: '"x"' }]],
    [root, [{ part_number: 2, etag }]],
    ['0/other/artifacts', [one, one]],
  ] as const) {
    expect((await complete(rig, directory, { upload_id, parts })).status).toBe(400);
  }
  expect((await sendPart(rig, { ...second, url: second.url.replace(upload_id, 'f'.repeat(32)) }, 'x')).status).toBe(
    404,
  );
  expect((await sendPart(rig, { ...second, url: second.url.replace(/2$/, '0') }, 'x')).status).toBe(400);
  const abort = (directory: string) =>
    rig.send({ method: 'POST', path: `${MPU}/abort/${directory}`, json: { path: 'large.bin', upload_id } });
  expect((await abort('0/other/artifacts')).status).toBe(400);
  expect((await abort(root)).status).toBe(200);
  expect(rig.files()).toEqual([]);
});

test('an upload needs a token where everything does, and its parts are told to bring it', async () => {
  let token = '';
  await using rig = await serverRig({
    prepare: async (tracking) => {
      token = (await addAccessToken(tracking, { name: 'w', scope: 'write', now: 1 })) ?? '';
    },
  });
  const headers = { authorization: `Bearer ${token}`, 'x-forwarded-proto': 'https' };
  const json = { path: 'a', num_parts: 1 };
  expect((await rig.send({ method: 'POST', path: `${MPU}/create/0/r`, json })).status).toBe(401);
  const begun = (await rig.send({ method: 'POST', path: `${MPU}/create/0/r`, json, headers })).json as unknown as Begun;
  const [credential] = begun.credentials as [Begun['credentials'][number]];
  expect(credential).toMatchObject({
    url: expect.stringMatching(/^https:/),
    headers: { Authorization: `Bearer ${token}` },
  });
  expect((await sendPart(rig, { ...credential, headers: {} }, 'x')).status).toBe(401);
  expect((await sendPart(rig, credential, 'x')).status).toBe(200);
});

test.each([
  { path: '', num_parts: 1 },
  { path: '..', num_parts: 1 },
  { path: 'a', num_parts: 0 },
  { path: 'a', num_parts: 10_001 },
  { path: 'a' },
])('an upload of %j is refused', async (json) => {
  await using rig = await serverRig();
  const answer = await rig.send({ method: 'POST', path: `${MPU}/create/0/r`, json });
  expect(answer.status).toBe(400);
});

test('uploads that nobody went on with for a day go when the next one begins', async () => {
  await using rig = await serverRig();
  const { upload_id } = await begin(rig, '0/r', 1);
  const place = join(rig.directory, 'artifacts/uploads', upload_id);
  utimesSync(place, new Date(0), new Date(0));
  await begin(rig, '0/r', 1);
  expect((await complete(rig, '0/r', { upload_id, parts: [] })).status).toBe(404);
});
