import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const PIPELINE = { 'pipeline.yaml': 'stages: {}\n' };

test('remote add, list, modify, default and remove change the file and nothing else in it', async () => {
  await using p = await project({ ...PIPELINE, '.lockstep/config.yaml': '# ours\njobs: 2\n', 'sub/x': '' });
  expect(await p.lockstep(['remote', 'add', '-d', 'store', '../data'], { cwd: 'sub' })).toMatchObject({
    code: 0,
    stderr: 'store is the default remote\n',
  });
  await p.lockstep(['remote', 'add', 'other', '/mnt/other']);
  await p.lockstep(['remote', 'modify', 'other', 'jobs', '3']);
  expect(p.read('.lockstep/config.yaml')).toBe(
    '# ours\njobs: 2\nremotes:\n  store:\n    url: data\n  other:\n    url: /mnt/other\n    jobs: 3\nremote: store\n',
  );
  expect((await p.lockstep(['remote', 'list'])).stdout).toBe('store\tdata\t(default)\nother\t/mnt/other\n');
  expect((await p.lockstep(['remote', 'default'])).stdout).toBe('store\n');
  await p.lockstep(['remote', 'default', 'other']);
  expect(JSON.parse((await p.lockstep(['remote', 'list', '--json'])).stdout)).toEqual({
    store: { url: 'data', default: false },
    other: { url: '/mnt/other', default: true },
  });
  await p.lockstep(['remote', 'modify', '--unset', 'other', 'jobs']);
  await p.lockstep(['remote', 'remove', 'store']);
  await p.lockstep(['remote', 'default', '-u']);
  expect(p.read('.lockstep/config.yaml')).toBe('# ours\njobs: 2\nremotes:\n  other:\n    url: /mnt/other\n');
  expect((await p.lockstep(['remote', 'default'])).code).toBe(1);
});

test('in a DVC project it is DVC’s files that are changed, as DVC changes them', async () => {
  await using p = await project({ 'dvc.yaml': 'stages: {}\n', '.dvc/config': '[core]\n    autostage = true\n' });
  await p.lockstep(['remote', 'add', '-d', 'store', 'data']);
  await p.lockstep(['remote', 'add', '--local', 'mine', '/mnt/mine']);
  expect(p.read('.dvc/config')).toBe(
    '[core]\n    autostage = true\n    remote = store\n[\'remote "store"\']\n    url = ../data\n',
  );
  expect(p.read('.dvc/config.local')).toBe('[\'remote "mine"\']\n    url = /mnt/mine\n');
  expect((await p.lockstep(['remote', 'list'])).stdout).toBe('store\t../data\t(default)\nmine\t/mnt/mine\n');
  await p.lockstep(['remote', 'remove', 'store']);
  expect(p.read('.dvc/config')).toBe('[core]\n    autostage = true\n');
});

test('secrets are not written into a file that is committed', async () => {
  await using p = await project(PIPELINE);
  const secret = 'https://me:s3cr3t@example.org/x';
  await p.lockstep(['remote', 'add', 'store', 'data']);
  for (const args of [
    ['remote', 'modify', 'store', 'password', 's3cr3t'],
    ['remote', 'modify', 'store', 'secret_access_key', 's3cr3t'],
    ['remote', 'modify', 'store', 'url', secret],
    ['config', 'remotes.store.session_token', 's3cr3t'],
  ]) {
    const { code, stdout, stderr } = await p.lockstep(args);
    expect({ args, code }).toEqual({ args, code: 2 });
    expect(stderr).toContain('--local');
    expect(stdout + stderr).not.toContain('s3cr3t');
  }
  expect(p.read('.lockstep/config.yaml')).not.toContain('s3cr3t');
  expect((await p.lockstep(['remote', 'modify', '--local', 'store', 'password', 's3cr3t'])).code).toBe(0);
  expect(p.read('.lockstep/config.local.yaml')).toContain('s3cr3t');
  expect((await p.lockstep(['remote', 'list'])).stdout).not.toContain('s3cr3t');
});

test('mistakes are named', async () => {
  await using p = await project(PIPELINE);
  await p.lockstep(['remote', 'add', 'store', 'data']);
  const before = readFileSync(p.path('.lockstep/config.yaml'), 'utf8');
  const said = async (...args: string[]) => {
    const { code, stderr } = await p.lockstep(args);
    expect({ args, code }).toEqual({ args, code: 2 });
    return stderr;
  };
  expect(await said('remote', 'add', 'store', 'elsewhere')).toContain("there is a remote called 'store'");
  expect(await said('remote', 'add', 'x', 'gopher://x/y')).toContain('there is no remote for gopher:// addresses');
  expect(await said('remote', 'add', 'a.b', 'x')).toContain('no name for a remote');
  expect(await said('remote', 'modify', 'stor', 'jobs', '1')).toContain("did you mean 'store'?");
  expect(await said('remote', 'remove', 'none')).toContain("no remote called 'none'");
  expect(await said('remote', 'add', '--global', 'x', 'y')).toContain('no --global configuration');
  expect(p.read('.lockstep/config.yaml')).toBe(before);
});
