import { expect, test } from 'vitest';
import { dvcConfigFiles, parseDvcConfig, remoteOf } from './dvc-config.ts';

const level = (file: string, text: string) => ({ file, shown: file.replace('/project/', ''), text });
const repo = (text: string) => level('/project/.dvc/config', text);

test('what DVC writes is read: sections in quotes, remotes by name, paths from the file they stand in', () => {
  const { config, diagnostics } = parseDvcConfig(
    [
      repo(`[core]
    remote = Storage
    autostage = true
[cache]
    dir = ../../shared
    type = "reflink,copy"
['remote "Storage"']
    url = ../store # beside the project
    jobs = 4
['remote "s"']
    url = s3://bucket/path
`),
      level('/project/.dvc/config.local', '[\'remote "s"\']\n    access_key_id = me\n[cache]\ntype = symlink, copy\n'),
    ],
    '/home/me',
  );
  expect(diagnostics).toEqual([]);
  expect(config.core).toEqual({ remote: 'storage', autostage: true, no_scm: false, hardlink_lock: false });
  expect(config.cache).toEqual({ dir: '/shared', type: ['symlink', 'copy'], verify: false });
  expect(config.parsing).toEqual({ bool: 'store_true', list: 'nargs' });
  expect([...config.remotes]).toEqual([
    ['storage', { url: '/project/store', options: { jobs: '4' } }],
    ['s', { url: 's3://bucket/path', options: { access_key_id: 'me' } }],
  ]);
});

test('a remote can stand below another one', () => {
  const { config } = parseDvcConfig([
    repo(
      '[remote "a"]\nurl = ssh://host/x/\nuser = me\n[remote "b"]\nurl = remote://a/sub\n[remote "c"]\nurl = remote://c/x\n',
    ),
  ]);
  expect(remoteOf(config, 'b')).toEqual({ url: 'ssh://host/x/sub', options: { user: 'me' } });
  expect(remoteOf(config, 'c')).toBeUndefined();
});

test('mistakes are told all at once, with their places', () => {
  const text = `stray = 1
[core]
  autostge = true
  no_scm = perhaps
  remote
[cach]
[cache]
  type = copy, moveit
  dir = "open
['remote "r"']
  jobs = 1
`;
  const { diagnostics } = parseDvcConfig([repo(text)]);
  expect(diagnostics.map(({ place, message, hint }) => [place?.line, place?.column, message, hint])).toEqual([
    [1, 1, "the key 'stray' stands before the first section", undefined],
    [5, 3, 'expected a section in brackets, or `key = value`', undefined],
    [9, 3, "the value of 'dir' is not closed, or goes on after its quotes", undefined],
    [6, 1, 'unknown section [cach]', 'did you mean [cache]?'],
    [4, 3, "'no_scm': expected true or false", undefined],
    [3, 3, "unknown option 'autostge'", "did you mean 'autostage'?"],
    [8, 3, "'type': expected reflink, hardlink, symlink or copy", undefined],
    [11, 3, "the remote 'r' has no url", undefined],
  ]);
});

test('the levels are system, user, project and local, where the system keeps them', () => {
  expect(dvcConfigFiles('/p/.dvc', { env: {}, platform: 'linux', home: '/h' })).toEqual([
    '/etc/xdg/dvc/config',
    '/h/.config/dvc/config',
    '/p/.dvc/config',
    '/p/.dvc/config.local',
  ]);
  const env = { DVC_GLOBAL_CONFIG_DIR: '/g', XDG_CONFIG_DIRS: '/x:/y' };
  expect(dvcConfigFiles('/p/.dvc', { env, platform: 'linux', home: '/h' }).slice(0, 2)).toEqual([
    '/x/dvc/config',
    '/g/config',
  ]);
});
