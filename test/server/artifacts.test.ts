import { createHash, randomBytes } from 'node:crypto';
import { rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { serverRig } from './rig.ts';

const LIST = '/api/2.0/mlflow-artifacts/artifacts';

test('what is put is got again, with its kind and its digest', async () => {
  await using rig = await serverRig();
  const bytes = randomBytes(3_000_000);
  const hex = createHash('sha256').update(bytes).digest('hex');
  const put = await rig.putArtifact('0/r/artifacts/model.bin', bytes);
  expect([put.status, put.json]).toEqual([200, {}]);
  const got = await rig.getArtifact('0/r/artifacts/model.bin');
  expect(got.body.equals(bytes)).toBe(true);
  expect(got.headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-length': '3000000',
    'content-disposition': `attachment; filename="model.bin"; filename*=UTF-8''model.bin`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    etag: `"${hex}"`,
    'repr-digest': `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`,
  });
});

test.each([
  ['a.html', 'text/plain; charset=utf-8'],
  ['MLmodel', 'text/plain; charset=utf-8'],
  ['a.svg', 'text/plain; charset=utf-8'],
  ['a.png', 'image/png'],
  ['a', 'application/octet-stream'],
])('%s is sent as %s', async (name, type) => {
  await using rig = await serverRig();
  await rig.putArtifact(name, '<script>');
  expect((await rig.getArtifact(name)).headers['content-type']).toBe(type);
});

test('one level is listed, by the names in it', async () => {
  await using rig = await serverRig();
  for (const path of ['a/b/c.txt', 'a/b/d/e.txt', 'a/b-c', 'a/b0', 'a/f.txt']) await rig.putArtifact(path, 'text');
  const list = async (path: string) => (await rig.get(`${LIST}?path=${path}`)).json;
  expect(await list('a')).toEqual({
    files: [
      { path: 'b-c', is_dir: false, file_size: 4 },
      { path: 'b', is_dir: true },
      { path: 'b0', is_dir: false, file_size: 4 },
      { path: 'f.txt', is_dir: false, file_size: 4 },
    ],
  });
  expect(await list('a/b/')).toEqual({
    files: [
      { path: 'c.txt', is_dir: false, file_size: 4 },
      { path: 'd', is_dir: true },
    ],
  });
  expect([await list('a/f.txt'), await list('nothing'), (await rig.get(LIST)).json]).toEqual([
    {},
    {},
    { files: [{ path: 'a', is_dir: true }] },
  ]);
});

test.each([
  ['bytes=0-3', 206, '0123', 'bytes 0-3/10'],
  ['bytes=8-', 206, '89', 'bytes 8-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=-0', 416, '', 'bytes */10'],
  ['bytes=5-2', 200, '0123456789', undefined],
  ['bytes=0-1,4-5', 200, '0123456789', undefined],
  ['lines=1-2', 200, '0123456789', undefined],
])('the range %s', async (range, status, text, contentRange) => {
  await using rig = await serverRig();
  await rig.putArtifact('ten', '0123456789');
  const answer = await rig.getArtifact('ten', { range });
  expect([answer.status, answer.text, answer.headers['content-range']]).toEqual([status, text, contentRange]);
  expect(answer.headers['content-length']).toBe(String(text.length));
});

test('who has the content already is told so, and gets all of it when it is another by now', async () => {
  await using rig = await serverRig();
  await rig.putArtifact('a', 'first');
  const { etag = '' } = (await rig.getArtifact('a')).headers;
  expect((await rig.getArtifact('a', { 'if-none-match': etag })).status).toBe(304);
  expect((await rig.getArtifact('a', { 'if-range': etag, range: 'bytes=0-1' })).text).toBe('fi');
  await rig.putArtifact('a', 'second');
  expect((await rig.getArtifact('a', { 'if-none-match': etag })).text).toBe('second');
  expect((await rig.getArtifact('a', { 'if-range': etag, range: 'bytes=0-1' })).text).toBe('second');
});

test('HEAD says what GET would, without the content', async () => {
  await using rig = await serverRig();
  const complaints = vi.spyOn(console, 'error');
  await rig.putArtifact('a', 'text');
  const { status, headers, body } = await rig.send({ method: 'HEAD', path: `${LIST}/a` });
  expect([status, headers['content-length'], body.length]).toEqual([200, '4', 0]);
  expect(complaints).not.toHaveBeenCalled();
});

test.each(['0', ''])('an empty file that is sent in chunks, path %j', async (suffix) => {
  await using rig = await serverRig();
  const path = `${LIST}/empty${suffix}.txt`;
  const put = await rig.send({ method: 'PUT', path, headers: { 'transfer-encoding': 'chunked' } });
  expect(put.status).toBe(200);
  const got = await rig.get(path);
  expect([got.status, got.text, got.headers['content-length']]).toEqual([200, '', '0']);
});

test('a plus is a plus, and what is encoded is decoded once', async () => {
  await using rig = await serverRig();
  await rig.putArtifact('img+1/%C3%BC%20a+b%2525.png', 'x');
  expect((await rig.get(`${LIST}?path=img%2B1`)).json.files).toEqual([
    { path: 'ü a+b%25.png', is_dir: false, file_size: 1 },
  ]);
  const { status, headers } = await rig.getArtifact('img+1/%C3%BC%20a%2Bb%2525.png');
  expect(status).toBe(200);
  expect(headers['content-disposition']).toBe(
    `attachment; filename="__a+b_25.png"; filename*=UTF-8''%C3%BC%20a%2Bb%2525.png`,
  );
});

test('what is not there is no artifact, and removing it is nothing', async () => {
  await using rig = await serverRig();
  await rig.putArtifact('dir/file', 'x');
  for (const path of ['nothing', 'dir', 'dir/file/more']) {
    const { status, json } = await rig.getArtifact(path);
    expect([path, status, json.error_code]).toEqual([path, 404, 'RESOURCE_DOES_NOT_EXIST']);
  }
  expect((await rig.send({ method: 'DELETE', path: `${LIST}/nothing` })).status).toBe(200);
});

test('the same content is kept once, until its last name is gone', async () => {
  await using rig = await serverRig();
  for (const path of ['a', 'd/b', 'd/c']) await rig.putArtifact(path, 'same');
  expect(rig.files()).toHaveLength(1);
  await rig.send({ method: 'DELETE', path: `${LIST}/d` });
  expect((await rig.get(LIST)).json.files).toEqual([{ path: 'a', is_dir: false, file_size: 4 }]);
  expect((await rig.getArtifact('a')).text).toBe('same');
  await rig.putArtifact('a', 'other');
  expect([rig.files().length, (await rig.getArtifact('a')).text]).toEqual([1, 'other']);
  await rig.send({ method: 'DELETE', path: `${LIST}/a` });
  expect(rig.files()).toEqual([]);
});

test('all may put at the same time', async () => {
  await using rig = await serverRig();
  await Promise.all(Array.from({ length: 20 }, (_, i) => rig.putArtifact(`d/${i}`, `content ${i % 4}`)));
  const texts = await Promise.all(Array.from({ length: 20 }, (_, i) => rig.getArtifact(`d/${i}`)));
  expect(texts.map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_, i) => `content ${i % 4}`));
  expect(rig.files()).toHaveLength(4);
});

test('no name is a file and a directory at once', async () => {
  await using rig = await serverRig();
  await rig.putArtifact('a/b', 'x');
  const answers = [await rig.putArtifact('a', 'y'), await rig.putArtifact('a/b/c', 'y')];
  expect(answers.map(({ status }) => status)).toEqual([400, 400]);
  expect(rig.files()).toHaveLength(1);
});

test('of an upload that breaks off nothing is left', async () => {
  await using rig = await serverRig({ verbose: true });
  await rig.putArtifact('a', 'before');
  await new Promise<void>((resolve) => {
    const socket = connect(rig.port, '127.0.0.1', () => {
      socket.write(`PUT ${LIST}/a HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\npart`, () =>
        socket.destroy(),
      );
    });
    socket.once('close', () => resolve());
  });
  await expect.poll(() => rig.log.filter((line) => line.includes('PUT')).length).toBeGreaterThan(1);
  await expect.poll(() => rig.files().length).toBe(1);
  expect((await rig.getArtifact('a')).text).toBe('before');
});

test('a link in place of the content is not followed', async () => {
  await using rig = await serverRig();
  const hex = createHash('sha256').update('x').digest('hex');
  await rig.putArtifact('a', 'x');
  const object = join(rig.directory, 'artifacts/sha256', hex.slice(0, 2), hex.slice(2));
  rmSync(object);
  symlinkSync('/etc/passwd', object);
  const { status, text } = await rig.getArtifact('a');
  expect(status).toBe(500);
  expect(text).not.toMatch(/root|artifacts/);
});

test("a run's artifacts are listed, sent and fetched by the run", async () => {
  await using rig = await serverRig();
  const { id, root } = await rig.run();
  const upload = `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=dir/a%2Bb.txt`;
  expect((await rig.send({ method: 'POST', path: upload, body: 'text' })).status).toBe(200);
  expect((await rig.getArtifact(`${root}/dir/a+b.txt`)).text).toBe('text');
  expect((await rig.get(`/get-artifact?run_uuid=${id}&path=dir/a%2Bb.txt`)).text).toBe('text');
  const listed = await rig.get(`/api/2.0/mlflow/artifacts/list?run_id=${id}&path=dir`);
  expect(listed.json).toEqual({
    root_uri: `mlflow-artifacts:/${root}`,
    files: [{ path: 'dir/a+b.txt', is_dir: false, file_size: 4 }],
  });
  expect((await rig.get('/api/2.0/mlflow/artifacts/list?run_id=none')).status).toBe(404);
  const large = await rig.send({ method: 'POST', path: upload, body: Buffer.alloc(10 * 2 ** 20 + 1) });
  expect([large.status, rig.files().length]).toEqual([400, 1]);
});

test('the artifacts of a logged model and of its version are listed and fetched by their names', async () => {
  await using rig = await serverRig();
  const { json } = await rig.post('logged-models', { experiment_id: '0', name: 'net' });
  const { model_id, artifact_uri } = (json.model as { info: { model_id: string; artifact_uri: string } }).info;
  const root = artifact_uri.replace('mlflow-artifacts:/', '');
  await rig.putArtifact(`${root}/data/weights.bin`, 'weights');
  await rig.putArtifact(`${root}/MLmodel`, 'flavors: {}');
  const model = `/api/2.0/mlflow/logged-models/${model_id}/artifacts`;
  expect((await rig.get(`${model}/directories`)).json).toEqual({
    root_uri: artifact_uri,
    files: [
      { path: 'MLmodel', is_dir: false, file_size: 11 },
      { path: 'data', is_dir: true },
    ],
  });
  const inside = await rig.get(`${model}/directories?artifact_directory_path=data`);
  expect(inside.json.files).toEqual([{ path: 'data/weights.bin', is_dir: false, file_size: 7 }]);
  expect((await rig.get(`/ajax-api${model.slice(4)}/files?artifact_file_path=data/weights.bin`)).text).toBe('weights');
  expect((await rig.get(`${model}/files`)).status).toBe(400);
  expect((await rig.get(`${model}/files?artifact_file_path=none`)).status).toBe(404);
  await rig.post('registered-models/create', { name: 'Net' });
  await rig.post('model-versions/create', { name: 'Net', source: `models:/${model_id}` });
  const version = '/model-versions/get-artifact?name=Net&version=1';
  expect((await rig.get(`${version}&path=data/weights.bin`)).text).toBe('weights');
  expect((await rig.get(`${version}&path=../../../../etc/passwd`)).status).toBe(400);
  expect((await rig.get('/model-versions/get-artifact?name=Net&version=x&path=a')).status).toBe(400);
  expect((await rig.get('/model-versions/get-artifact?name=Net&version=2&path=a')).status).toBe(404);
});

test.each(['s3://bucket/a', 'http://attacker/api/2.0/mlflow-artifacts/artifacts/', 'file://host/../../etc'])(
  'a version whose source is %s opens nothing through the server',
  async (source) => {
    await using rig = await serverRig();
    await rig.post('registered-models/create', { name: 'Net' });
    await rig.post('model-versions/create', { name: 'Net', source });
    const { status, text } = await rig.get('/model-versions/get-artifact?name=Net&version=1&path=passwd');
    expect([400, 404]).toContain(status);
    expect(text).not.toMatch(/root:/);
  },
);
