import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { openArtifacts } from '../../../src/cli/server-artifacts.ts';
import { serverRig } from '../../server/rig.ts';
import { KEYS, REAL_S3, startS3 } from './real-s3.ts';

test.skipIf(REAL_S3 === undefined)('a server keeps its artifacts in a bucket of a real S3 server', async () => {
  const { url, stop } = await startS3('artifacts');
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: KEYS.region,
    AWS_ACCESS_KEY_ID: KEYS.access_key_id,
    AWS_SECRET_ACCESS_KEY: KEYS.secret_access_key,
  };
  const artifacts = await openArtifacts({ cwd: tmpdir(), env }, 's3://artifacts/of the team');
  try {
    await using rig = await serverRig({ artifactContents: artifacts.contents });
    const large = randomBytes(20 * 2 ** 20);
    expect((await rig.putArtifact('model/weights', large)).status).toBe(200);
    expect((await rig.putArtifact('model/empty', '')).status).toBe(200);
    expect((await rig.getArtifact('model/weights')).body.equals(large)).toBe(true);
    expect((await rig.getArtifact('model/empty')).body.length).toBe(0);
    const part = await rig.getArtifact('model/weights', { range: 'bytes=-5' });
    expect([part.status, part.body.equals(large.subarray(-5))]).toEqual([206, true]);
    const path = '/api/2.0/mlflow-artifacts/artifacts/model';
    expect((await rig.send({ method: 'DELETE', path })).status).toBe(200);
    expect((await rig.getArtifact('model/weights')).status).toBe(404);
  } finally {
    await artifacts.close();
    stop();
  }
});
