import { describe, expect, test, vi } from 'vitest';
import { openRemote } from '../../../src/remotes/registry.ts';
import { pushAndPull } from '../../contracts/push-and-pull.ts';
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
    const { region, ...secrets } = KEYS;
    try {
      await pushAndPull({
        url: 's3://data/project',
        options: { endpointurl: url, region },
        secrets,
        broken: { name: 'url', value: 's3://nowhere/project', says: 'there is no bucket nowhere' },
      });
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
