import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRemote } from '../../src/remotes/registry.ts';
import { remoteContract } from './remote.ts';

remoteContract('a directory', async () => {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-directory-'));
  return {
    remote: await openRemote({ url: join(root, 'below'), options: {}, env: {}, jobs: 4 }),
    end: async () => rmSync(root, { recursive: true }),
  };
});
