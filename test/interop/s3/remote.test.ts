import { describe, test } from 'vitest';
import { openRemote } from '../../../src/remotes/registry.ts';
import { pushAndPull } from '../../contracts/push-and-pull.ts';
import { remoteContract } from '../../contracts/remote.ts';
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
});
