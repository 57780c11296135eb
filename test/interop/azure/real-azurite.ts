import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { freePort } from '../../support/free-port.ts';
import { startPeer } from '../../support/peer-server.ts';

const ROOT = join(import.meta.dirname, '../../..');

/** Microsoft's emulator: the program that `LOCKSTEP_AZURITE` names, or that of `.peers/azurite` in the project's root. */
export const REAL_AZURITE: string | undefined = [
  process.env.LOCKSTEP_AZURITE,
  join(ROOT, '.peers/azurite/node_modules/.bin/azurite-blob'),
].find((path) => path !== undefined && existsSync(path));
if (REAL_AZURITE === undefined) {
  const hint = 'npm install --prefix .peers/azurite --no-save azurite@3.35.0';
  console.warn(`skipped: there is no Azure Blob server to talk to (${hint})`);
}

export const ACCOUNT = 'somebody';
/** Base64, as keys of Azure are. */
export const KEY = Buffer.from('lockstep').toString('base64');

export interface Azurite {
  readonly endpoint: string;
  readonly connection: string;
  readonly stop: () => Promise<void>;
}

/** A server with one empty container, gone when it is stopped. */
export async function startAzurite(container: string): Promise<Azurite> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-azurite-'));
  const port = await freePort();
  const server = await startPeer({
    program: REAL_AZURITE ?? '',
    args: ['--blobPort', String(port), '--location', directory, '--silent', '--skipApiVersionCheck'],
    port,
    env: { AZURITE_ACCOUNTS: `${ACCOUNT}:${KEY}` },
  });
  const endpoint = `http://127.0.0.1:${port}/${ACCOUNT}`;
  const connection = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${endpoint};`;
  await BlobServiceClient.fromConnectionString(connection).createContainer(container);
  return {
    endpoint,
    connection,
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
