import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openRemote } from '../../../src/remotes/registry.ts';
import type { Remote } from '../../../src/remotes/remote.ts';
import { faultOf } from '../../contracts/fault-of.ts';
import { pushAndPull } from '../../contracts/push-and-pull.ts';
import { remoteContract } from '../../contracts/remote.ts';
import { freePort } from '../../support/free-port.ts';
import { REAL_GCS, startGcs } from './real-gcs.ts';

describe.skipIf(REAL_GCS === undefined)('with a Google Cloud Storage server', () => {
  remoteContract('a bucket of Google', async () => {
    const { url, stop } = await startGcs('bucket');
    return { remote: await open('bucket', { endpointurl: url }), end: stop };
  });

  test('push and pull, with the address of the emulator', async () => {
    const { url, stop } = await startGcs('data');
    try {
      expect(await faultOf(await open('data', {}, { STORAGE_EMULATOR_HOST: url.replace('http://', '') }))).toBe('none');
      await pushAndPull({
        url: 'gs://data/project',
        options: { endpointurl: url, projectname: 'project' },
        secrets: {},
        broken: {
          name: 'credentialpath',
          value: '/nowhere/key.json',
          says: 'there are no credentials that Google takes',
        },
      });
    } finally {
      await stop();
    }
  });

  test('a bucket that is not there is told so, whatever is asked of it', async () => {
    const { url, stop } = await startGcs('data');
    try {
      expect(await faultOf(await open('nowhere', { endpointurl: url }))).toMatch(/^fatal: there is no bucket nowhere/);
    } finally {
      await stop();
    }
  });

  test('a server that is gone may come back', async () => {
    const endpointurl = `http://127.0.0.1:${await freePort()}`;
    expect(await faultOf(await open('data', { endpointurl }))).toMatch(/^transient: it does not answer/);
  });
});

test('a key file that is none is no passing fault, and no message shows what is in it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-gcs-'));
  const path = join(directory, 'key.json');
  const key = { type: 'service_account', client_email: 'a@example.org', private_key: 's3cr3t', token_uri: 'x' };
  writeFileSync(path, JSON.stringify(key));
  try {
    const fault = await faultOf(await open('data', { credentialpath: path }));
    expect(fault).toMatch(/^fatal: there are no credentials that Google takes/);
    expect(fault).not.toContain('s3cr3t');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

async function open(bucket: string, options = {}, env = {}): Promise<Remote> {
  return await openRemote({ url: `gs://${bucket}/some/where`, options, env, jobs: 4 });
}
