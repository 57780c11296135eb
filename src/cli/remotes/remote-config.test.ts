import { expect, test } from 'vitest';
import { remotesOf } from './remote-config.ts';

test("paths of a native project's remote start at its root, or at home", () => {
  const storage = {
    url: 'ssh://host/data',
    keyfile: 'keys/id',
    cert_path: '~/cert',
    key_path: '/abs',
    user: 'somebody',
  };
  const asking = {
    root: '/project',
    config: { remotes: { storage } },
    tools: { scheme: 'native', env: { HOME: '/home' } },
  };
  const { url, options } = remotesOf(asking as unknown as Parameters<typeof remotesOf>[0]).named('storage');
  expect(url).toBe('ssh://host/data');
  expect(options).toEqual({ keyfile: '/project/keys/id', cert_path: '/home/cert', key_path: '/abs', user: 'somebody' });
});
