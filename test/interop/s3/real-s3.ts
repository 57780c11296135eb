import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort } from '../../support/free-port.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** An S3 server to talk to: the program that `LOCKSTEP_S3` names, or that of `.venv-s3` in the project's root. */
export const REAL_S3: string | undefined = [process.env.LOCKSTEP_S3, join(ROOT, '.venv-s3/bin/moto_server')].find(
  (path) => path !== undefined && existsSync(path),
);
if (REAL_S3 === undefined) {
  const hint = 'python3 -m venv .venv-s3 && .venv-s3/bin/pip install -r test/interop/s3/requirements.txt';
  console.warn(`skipped: there is no S3 server to talk to (${hint})`);
}

export const KEYS = { access_key_id: 'testing', secret_access_key: 's3cr3t-key', region: 'us-east-1' } as const;

/** A server with one empty bucket, gone when it is stopped. */
export async function startS3(bucket: string): Promise<{ readonly url: string; readonly stop: () => void }> {
  const port = await freePort();
  const child: ChildProcess = spawn(REAL_S3 ?? '', ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: KEYS.access_key_id, secretAccessKey: KEYS.secret_access_key };
  const client = new S3Client({
    endpoint: url,
    region: KEYS.region,
    credentials,
    forcePathStyle: true,
    maxAttempts: 40,
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return { url, stop: () => void child.kill() };
}
