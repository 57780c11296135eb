import { rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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
});
