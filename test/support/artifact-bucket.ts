import { tmpdir } from 'node:os';
import { type OpenArtifacts, openArtifacts } from '../../src/cli/server-artifacts.ts';
import { FakeS3 } from './fake-s3.ts';

export const BUCKET = 's3://bucket/some/where';

/** How a process finds a server. */
export function bucketEnv(url: string): Readonly<Record<string, string>> {
  return { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'AKEXAMPLE', AWS_SECRET_ACCESS_KEY: 's3cr3t-key' };
}

/** A place for artifacts in a bucket, and the server that has it. */
export async function artifactBucket(): Promise<{ readonly artifacts: OpenArtifacts; readonly server: FakeS3 }> {
  const server = new FakeS3();
  const env = bucketEnv(await server.listen());
  return { artifacts: await openArtifacts({ cwd: tmpdir(), env }, BUCKET), server };
}
