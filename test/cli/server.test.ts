import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

test('a token is shown once, listed without its secret, and revoked', async () => {
  await using p = await project({});
  const { stdout, stderr, code } = await p.lockstep(['server', 'token', 'add', 'laptop', '--scope', 'read']);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^lockstep_[0-9a-f]{8}_[\w-]{43}\n$/)]);
  expect(stderr).toContain('MLFLOW_TRACKING_TOKEN');
  const listed = await p.lockstep(['server', 'token', 'list', '--json']);
  expect(JSON.parse(listed.stdout)).toEqual({
    tokens: [{ name: 'laptop', id: stdout.slice(9, 17), scope: 'read', created: expect.stringMatching(/Z$/) }],
  });
  expect(listed.stdout).not.toContain(stdout.trim().slice(18));
  expect((await p.lockstep(['server', 'token', 'add', 'laptop'])).stderr).toContain(
    "there is a token 'laptop' already",
  );
  expect((await p.lockstep(['server', 'token', 'revoke', 'laptop'])).code).toBe(0);
  expect((await p.lockstep(['server', 'token', 'list'])).stderr).toBe('there are no tokens yet\n');
});

test.each([
  [['server', 'token', 'revoke', 'nobody'], "there is no token 'nobody'"],
  [['server', 'token', 'add'], 'needs: add NAME, list or revoke NAME'],
  [['server', 'token', 'drop', 'x'], 'needs: add NAME, list or revoke NAME'],
  [['server', 'token', 'add', 'a b'], 'no name for a token'],
  [['server', 'token', 'add', 'x', '--scope', 'all'], "--scope does not know 'all'"],
  [['server', '--port', '70000'], '--port needs a number'],
  [['server', '--artifacts', 'gs://bucket/x'], '--artifacts needs a directory or s3://bucket/prefix'],
  [['server', '--backend', 'mysql://u:secret@h/d'], '--backend knows'],
  [['server', '--host', '0.0.0.0'], 'there is no token yet'],
])('%j is refused before anything is served', async (args, message) => {
  await using p = await project({});
  const { code, stderr, stdout } = await p.lockstep(args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('secret');
});

test('a port that another program has is named', async () => {
  await using p = await project({});
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const { code, stderr } = await p.lockstep(['server', '--port', String(port)]);
  other.close();
  expect([code, stderr]).toEqual([2, expect.stringContaining(`cannot listen on 127.0.0.1 port ${port}`)]);
});

test('an interrupt ends the server, and that is no failure', async () => {
  await using p = await project({});
  const controller = new AbortController();
  const ended = p.lockstep(['server', '--port', '0'], { signal: controller.signal });
  controller.abort();
  expect(await ended).toEqual({ code: 0, stdout: expect.stringMatching(/^lockstep serves http:\/\/127/), stderr: '' });
});
