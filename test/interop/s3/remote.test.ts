import { rmSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { openRemote } from '../../../src/remotes/registry.ts';
import { remoteContract } from '../../contracts/remote.ts';
import { project } from '../../support/rig.ts';
import { KEYS, REAL_S3, startS3 } from './real-s3.ts';

describe.skipIf(REAL_S3 === undefined)('with a real S3 server', () => {
  remoteContract('a bucket', async () => {
    const { url, stop } = await startS3('bucket');
    const options = { endpointurl: url, ...KEYS };
    const remote = await openRemote({ url: 's3://bucket/some/where', options, env: {}, jobs: 4 });
    return { remote, end: async () => stop() };
  });

  test('push and pull, with keys that git does not see and no message shows', async () => {
    const { url, stop } = await startS3('data');
    try {
      await using p = await project({
        'pipeline.yaml':
          'stages:\n  one: {cmd: "cp in one; mkdir d; cp in d/a; echo b > d/b", deps: [in], outs: [one, d]}\n',
        in: 'data\n',
      });
      await p.lockstep(['repro']);
      await p.lockstep(['remote', 'add', '-d', 'store', 's3://data/project']);
      await p.lockstep(['remote', 'modify', 'store', 'endpointurl', url]);
      for (const [name, value] of Object.entries(KEYS)) {
        await p.lockstep(['remote', 'modify', '--local', 'store', name, value]);
      }
      expect(p.read('.lockstep/config.yaml')).not.toContain('s3cr3t');
      const pushed = await p.lockstep(['push', '--json']);
      expect(JSON.parse(pushed.stdout)).toMatchObject({ sent: 3, runs: 1, problems: [] });
      expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 0, there: 3 });
      for (const path of ['one', 'd', '.lockstep/cache']) rmSync(p.path(path), { recursive: true });
      expect(JSON.parse((await p.lockstep(['pull', '--json'])).stdout)).toMatchObject({ fetched: 3, runs: 1 });
      expect(p.read('d/b')).toBe('b\n');
      expect((await p.lockstep(['status', '--exit-code'])).code).toBe(0);
      await p.lockstep(['remote', 'modify', 'store', 'url', 's3://nowhere/project']);
      const { code, stderr } = await p.lockstep(['push', '--force']);
      expect(code).toBe(1);
      expect(stderr).toContain('there is no bucket nowhere');
      expect(stderr).not.toContain('s3cr3t');
    } finally {
      stop();
    }
  });

  test('get-url and import-url take a file and a directory from a bucket', async () => {
    const { url, stop } = await startS3('open');
    try {
      await using p = await project({ '.dvc/config': '', 'there/d/b': 'b\n', 'there/d/e/c': 'c\n' });
      p.git('init', '-q');
      const options = { endpointurl: url, ...KEYS };
      const bucket = await openRemote({ url: 's3://open/set', options, env: {}, jobs: 4 });
      const signal = new AbortController().signal;
      for (const key of ['d/b', 'd/e/c']) await bucket.write(key, { path: p.path(`there/${key}`), size: 2, signal });
      const env = { AWS_ENDPOINT_URL: url };
      // Amazon's library looks for these itself.
      vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.access_key_id);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secret_access_key);
      expect(await p.lockstep(['get-url', 's3://open/set/d/b'], { env })).toMatchObject({ code: 0, stderr: '' });
      expect(await p.lockstep(['get-url', 's3://open/set', 'all'], { env })).toMatchObject({ code: 0, stderr: '' });
      expect([p.read('b'), p.read('all/d/e/c')]).toEqual(['b\n', 'c\n']);
      expect(await p.lockstep(['import-url', 's3://open/set/d'], { env })).toMatchObject({ code: 0 });
      expect([p.read('d/e/c'), p.read('d.dvc')]).toEqual(['c\n', expect.stringContaining('path: s3://open/set/d')]);
      expect((await p.lockstep(['update', 'd.dvc'], { env })).stderr).toContain('up to date already');
      await bucket.write('d/new', { path: p.path('there/d/b'), size: 2, signal });
      await bucket.close();
      expect((await p.lockstep(['update', 'd.dvc'], { env })).stderr).toContain('d.dvc: updated');
      expect(p.read('d/new')).toBe('b\n');
    } finally {
      vi.unstubAllEnvs();
      stop();
    }
  });
});
