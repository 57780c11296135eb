import { expect, it } from 'vitest';
import { project } from '../support/rig.ts';

it('sets, shows and takes away options, and keeps the comments of the file', async () => {
  await using rig = await project({
    'pipeline.yaml': 'stages: {}\n',
    '.lockstep/config.yaml': '# ours\njobs: 2 # of eight\n\n# links\ncache:\n  link: [copy]\n',
  });
  expect(await rig.lockstep(['config', 'jobs', '4'])).toEqual({ code: 0, stdout: '', stderr: '' });
  await rig.lockstep(['config', 'cache.link', 'reflink,copy']);
  await rig.lockstep(['config', 'resources.memory', '8GB', '--local']);
  expect(rig.read('.lockstep/config.yaml')).toBe(
    '# ours\njobs: 4 # of eight\n\n# links\ncache:\n  link:\n    - reflink\n    - copy\n',
  );
  expect((await rig.lockstep(['config', '-l', '--show-origin'])).stdout).toBe(
    [
      '.lockstep/config.yaml\tjobs=4',
      '.lockstep/config.yaml\tcache.link=reflink,copy',
      '.lockstep/config.local.yaml\tresources.memory=8GB',
      '',
    ].join('\n'),
  );
  await rig.lockstep(['config', '--local', 'jobs', '1']);
  expect((await rig.lockstep(['config', 'jobs', '--show-origin'])).stdout).toBe('.lockstep/config.local.yaml\t1\n');
  expect((await rig.lockstep(['config', 'jobs', '--project'])).stdout).toBe('4\n');
  expect(JSON.parse((await rig.lockstep(['config', 'jobs', '--json'])).stdout)).toEqual({
    jobs: { value: 1, origin: '.lockstep/config.local.yaml' },
  });
  await rig.lockstep(['config', '--unset', 'cache.link']);
  expect(rig.read('.lockstep/config.yaml')).not.toContain('cache:');
  expect(await rig.lockstep(['config', 'cache.link'])).toMatchObject({ code: 1, stdout: '' });
});

it('writes nothing that could not be read again', async () => {
  await using rig = await project({ 'pipeline.yaml': 'stages: {}\n', '.lockstep/config.yaml': 'jobs: 2\n' });
  expect(await rig.lockstep(['config', 'jobs', 'many'])).toMatchObject({ code: 2 });
  expect(await rig.lockstep(['config', 'jbos', '3'])).toMatchObject({ code: 2 });
  expect(await rig.lockstep(['config', 'jobs', '3', '--global'])).toMatchObject({ code: 2 });
  expect(rig.read('.lockstep/config.yaml')).toBe('jobs: 2\n');
});

it('reads and writes DVC’s files in a DVC project, where it is not about lockstep’s own options', async () => {
  await using rig = await project({
    'dvc.yaml': 'stages: {}\n',
    '.dvc/config':
      '# team\n[core]\n    remote = x ; y\n    autostage = true\n[\'remote "x"\']\n    url = ../x # there\n',
  });
  await rig.lockstep(['config', 'core.remote', 'x']);
  await rig.lockstep(['config', 'remote.y.url', '/data/y']);
  await rig.lockstep(['config', 'cache.type', 'hardlink,copy', '--local']);
  await rig.lockstep(['config', 'jobs', '3']);
  expect(await rig.lockstep(['config', '-u', 'core.autostage'])).toMatchObject({ code: 0 });
  expect(rig.read('.dvc/config')).toBe(
    '# team\n[core]\n    remote = x\n[\'remote "x"\']\n    url = ../x # there\n[\'remote "y"\']\n    url = /data/y\n',
  );
  expect((await rig.lockstep(['config', '--list', '--show-origin'])).stdout).toBe(
    [
      '.dvc/config\tcore.remote=x',
      '.dvc/config\tremote.x.url=../x',
      '.dvc/config\tremote.y.url=/data/y',
      '.dvc/config.local\tcache.type=hardlink,copy',
      '.lockstep/config.yaml\tjobs=3',
      '',
    ].join('\n'),
  );
  expect(await rig.lockstep(['config', 'core.nope', '1'])).toMatchObject({ code: 2 });
  expect(rig.read('.dvc/config')).not.toContain('nope');
});
