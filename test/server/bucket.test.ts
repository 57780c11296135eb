import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { artifactBucket, BUCKET, bucketEnv } from '../support/artifact-bucket.ts';
import { FakeS3, refuse } from '../support/fake-s3.ts';
import { project } from '../support/rig.ts';
import { type RigOptions, serverRig } from './rig.ts';

/** A server whose artifacts are in a bucket. */
async function scene(options: RigOptions = {}) {
  const { artifacts, server } = await artifactBucket();
  const rig = await serverRig({ ...options, artifactContents: artifacts.contents });
  const end = async () => {
    await rig[Symbol.asyncDispose]();
    await artifacts.close();
    await server[Symbol.asyncDispose]();
  };
  return { rig, server, [Symbol.asyncDispose]: end };
}

function keyOf(bytes: string | Uint8Array): string {
  const hex = createHash('sha256').update(bytes).digest('hex');
  return `some/where/sha256/${hex.slice(0, 2)}/${hex.slice(2)}`;
}

test('what is put is in the bucket by its content, once, and is got whole and in parts', async () => {
  await using s = await scene();
  const bytes = randomBytes(300_000);
  for (const path of ['a/one', 'b/two']) expect((await s.rig.putArtifact(path, bytes)).status).toBe(200);
  expect([...s.server.objects.keys()]).toEqual([keyOf(bytes)]);
  expect(s.server.counts()).toMatchObject({ PUT: 1 });
  expect(s.rig.files()).toEqual([]);
  const got = await s.rig.getArtifact('b/two');
  expect([got.body.equals(bytes), got.headers['content-length']]).toEqual([true, '300000']);
  const part = await s.rig.getArtifact('a/one', { range: 'bytes=100000-100009' });
  expect([part.status, part.body.equals(bytes.subarray(100_000, 100_010))]).toEqual([206, true]);
  const known = await s.rig.getArtifact('a/one', { 'if-none-match': String(got.headers.etag) });
  expect(known.status).toBe(304);
  const artifacts = '/api/2.0/mlflow-artifacts/artifacts';
  await s.rig.send({ method: 'DELETE', path: `${artifacts}/a` });
  expect(s.server.objects.size).toBe(1);
  await s.rig.send({ method: 'DELETE', path: `${artifacts}/b` });
  expect(s.server.objects.size).toBe(0);
});

test('a large artifact goes to the bucket in parts', async () => {
  await using s = await scene();
  const bytes = Buffer.alloc(40 * 2 ** 20, 'weights ');
  expect((await s.rig.putArtifact('large', bytes)).status).toBe(200);
  expect(s.server.counts()).toMatchObject({ upload: 1, part: 3, complete: 1 });
  expect((await s.rig.getArtifact('large')).body.equals(bytes)).toBe(true);
});

test('a bucket that fails for once costs nothing; one that refuses is no mistake of the client', async () => {
  await using s = await scene();
  let failed = 0;
  s.server.mischief = ({ method }, response, request) => {
    if (method !== 'PUT' || failed > 0) return false;
    failed += 1;
    request.resume().once('end', () => refuse(response, 503, 'SlowDown'));
    return true;
  };
  expect((await s.rig.putArtifact('a', 'text')).status).toBe(200);
  s.server.mischief = (_, response, request) => {
    request.resume().once('end', () => refuse(response, 403, 'AccessDenied'));
    return true;
  };
  const refused = await s.rig.putArtifact('b', 'other');
  expect([refused.status, refused.json.error_code]).toEqual([503, 'TEMPORARILY_UNAVAILABLE']);
  expect(s.rig.log.join('')).toContain('access is denied');
  expect(refused.text + s.rig.log.join('')).not.toContain('s3cr3t');
  s.server.mischief = () => false;
  expect((await s.rig.getArtifact('b')).status).toBe(404);
  expect((await s.rig.getArtifact('a')).text).toBe('text');
});

test('content that is dropped while it comes in again is sent again', async () => {
  await using s = await scene();
  await s.rig.putArtifact('a', 'text');
  let isDropped = false;
  // The first look finds it there, and right after that somebody else removes it.
  s.server.mischief = ({ method, bytes }, response) => {
    if (method !== 'HEAD' || isDropped) return false;
    isDropped = true;
    response.writeHead(200, { 'content-length': bytes.length }).end();
    s.server.objects.clear();
    return true;
  };
  expect((await s.rig.putArtifact('b', 'text')).status).toBe(200);
  expect((await s.rig.getArtifact('b')).text).toBe('text');
});

test('an answer whose source breaks off breaks off, too', async () => {
  await using s = await scene();
  await s.rig.putArtifact('a', 'x'.repeat(100_000));
  s.server.mischief = ({ method, bytes }, response) => {
    if (method !== 'GET') return false;
    response.writeHead(206, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 50_000), () => response.destroy());
    return true;
  };
  await expect(s.rig.getArtifact('a')).rejects.toThrow();
});

test('lockstep server keeps artifacts in a bucket, and does not start where it cannot', async () => {
  await using server = new FakeS3();
  const env = bucketEnv(await server.listen());
  await using p = await project({});
  const controller = new AbortController();
  const started = p.lockstep(['server', '--port', '0', '--artifacts', BUCKET], { env, signal: controller.signal });
  controller.abort();
  expect(await started).toMatchObject({ code: 0, stderr: '' });
  server.bucket = 'another';
  const refused = await p.lockstep(['server', '--port', '0', '--artifacts', BUCKET], { env });
  expect([refused.code, refused.stdout]).toEqual([1, '']);
  expect(refused.stderr).toContain('the remote s3://bucket/some/where cannot be used: there is no bucket bucket');
});
