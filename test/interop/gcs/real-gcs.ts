import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { startPeer } from '../../support/peer-server.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** An emulator: the program that `LOCKSTEP_GCS` names, or that of `.venv-gcs` in the project's root. */
export const REAL_GCS: string | undefined = [
  process.env.LOCKSTEP_GCS,
  join(ROOT, '.venv-gcs/bin/gcp-storage-emulator'),
].find((path) => path !== undefined && existsSync(path));
if (REAL_GCS === undefined) {
  const hint = 'python3 -m venv .venv-gcs && .venv-gcs/bin/pip install -r test/interop/gcs/requirements.txt';
  console.warn(`skipped: there is no Google Cloud Storage server to talk to (${hint})`);
}

/** A server with one empty bucket, gone when it is stopped. */
export async function startGcs(bucket: string): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const port = await freePort();
  const args = ['start', '--host', '127.0.0.1', '--port', String(port), '--default-bucket', bucket, '-q', '-M'];
  const { stop } = await startPeer({ program: REAL_GCS ?? '', args, port });
  return { url: `http://127.0.0.1:${port}`, stop };
}
