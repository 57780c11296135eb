import { BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRemote } from '../../../src/remotes/registry.ts';
import type { Remote } from '../../../src/remotes/remote.ts';
import { faultOf } from '../../contracts/fault-of.ts';
import { pushAndPull } from '../../contracts/push-and-pull.ts';
import { remoteContract } from '../../contracts/remote.ts';
import { freePort } from '../../support/free-port.ts';
import { ACCOUNT, type Azurite, KEY, REAL_AZURITE, startAzurite } from './real-azurite.ts';

describe.skipIf(REAL_AZURITE === undefined)('with an Azure Blob server', () => {
  remoteContract('a container', async () => {
    const server = await startAzurite('container');
    const options = { account_name: ACCOUNT, account_key: KEY, endpointurl: server.endpoint };
    return { remote: await open('container', options), end: server.stop };
  });

  describe('credentials', () => {
    let server: Azurite;
    beforeAll(async () => {
      server = await startAzurite('data');
    });
    afterAll(() => server.stop());

    test('a connection string, of the options or the environment', async () => {
      expect(await faultOf(await open('data', { connection_string: server.connection }))).toBe('none');
      expect(await faultOf(await open('data', {}, { AZURE_STORAGE_CONNECTION_STRING: server.connection }))).toBe(
        'none',
      );
    });

    test('an account with its key, or a signature for one container', async () => {
      const account = { account_name: ACCOUNT, endpointurl: server.endpoint };
      expect(await faultOf(await open('data', account, { AZURE_STORAGE_KEY: KEY }))).toBe('none');
      const signed = await BlobServiceClient.fromConnectionString(server.connection)
        .getContainerClient('data')
        .generateSasUrl({
          permissions: ContainerSASPermissions.parse('racwdl'),
          expiresOn: new Date(Date.now() + 3600_000),
        });
      expect(await faultOf(await open('data', { ...account, sas_token: new URL(signed).search }))).toBe('none');
    });

    test('wrong ones are no passing fault, and no message shows them', async () => {
      const wrong = Buffer.from('s3cr3t').toString('base64');
      const account = { account_name: ACCOUNT, endpointurl: server.endpoint };
      for (const options of [
        { ...account, account_key: wrong },
        { ...account, sas_token: `sv=2021-08-06&sig=${wrong}` },
        { ...account, allow_anonymous_login: 'true' },
      ]) {
        const fault = await faultOf(await open('data', options));
        expect(fault).toMatch(/^(?:fatal: access is denied|fatal: there is no container)/);
        expect(fault).not.toContain(wrong);
      }
      for (const options of [{ connection_string: `AccountKey=${wrong}` }, {}]) {
        const opening = open('data', options);
        await expect(opening).rejects.toMatchObject({ fault: 'fatal' });
        await expect(opening).rejects.not.toThrow(wrong);
      }
    });

    test('a container that is not there is told so, and a server that is gone may come back', async () => {
      const options = { account_name: ACCOUNT, account_key: KEY };
      const nowhere = await open('nowhere', { ...options, endpointurl: server.endpoint });
      expect(await faultOf(nowhere)).toMatch(/^fatal: there is no container nowhere/);
      const gone = { ...options, endpointurl: `http://127.0.0.1:${await freePort()}/${ACCOUNT}` };
      expect(await faultOf(await open('data', gone))).toMatch(/^transient: it does not answer/);
    });

    test('push and pull', async () => {
      await pushAndPull({
        url: 'azure://data/project',
        options: { account_name: ACCOUNT, endpointurl: server.endpoint },
        secrets: { account_key: KEY, client_secret: 's3cr3t' },
        broken: { name: 'url', value: 'azure://nowhere/project', says: 'there is no container nowhere' },
      });
    });
  });
});

async function open(container: string, options = {}, env = {}): Promise<Remote> {
  return await openRemote({ url: `azure://${container}/some/where`, options, env, jobs: 4 });
}
