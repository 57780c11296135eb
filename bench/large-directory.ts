import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { against, type Case, memoryRow, type Place, type Row } from './case.ts';
import { alternate, type Contender, execute, peakMemory, settleDisk } from './measure.ts';
import { expectRepro, expectUpToDate, lockstep } from './program.ts';
import { commitAll, expectSame, LARGE_DIRECTORY, newDirectories, writeFiles, writeLargeDirectory } from './projects.ts';

const COUNT = LARGE_DIRECTORY.directories * LARGE_DIRECTORY.files;

export const largeDirectoryCases: readonly Case[] = [
  {
    name: 'directory-dep',
    compares:
      '`lockstep status` of one stage whose dep is a directory of 70,000 committed files, nothing changed, against `git status` in the same repository, its index refreshed, both warm',
    measure: status,
  },
  {
    name: 'directory-out',
    compares:
      'the first `lockstep repro` of one stage `cp -r ../data out`, whose out is a directory of 70,000 files, against that `cp -r` alone, each in a new directory. Before each, the disk has nothing left to write',
    measure: firstRun,
  },
];

function status(place: Place): readonly Row[] {
  const root = join(place.directory, 'project');
  writeLargeDirectory(join(root, 'data'));
  writeFiles(root, {
    'pipeline.yaml':
      'stages:\n  count:\n    cmd: find data -type f | wc -l > count.txt\n    deps: [data]\n    outs: [count.txt]\n',
  });
  commitAll(root);
  expectRepro(place, root, { ran: 1 });
  commitAll(root);
  expectRepro(place, root, { kept: 1 });
  const ourStatus: Contender = { argv: lockstep(place, 'status', '--exit-code'), directory: () => root };
  const theirStatus: Contender = {
    argv: ['git', 'status'],
    directory: () => root,
    verify: ({ stdout }) => {
      if (!stdout.includes('nothing to commit')) throw new Error(`the tree is not clean:\n${stdout}`);
    },
  };
  const [ours, peer] = alternate([ourStatus, theirStatus], { warmUps: 2, measured: 11 });
  const what = '`status`, a dep directory of 70,000 files';
  const bound = { what, ours, peer, peerName: '`git status`', atMost: 2.5 };
  return [
    against({ ...bound, dimension: 'cpu' }),
    against({ ...bound, dimension: 'wall' }),
    memoryRow(`${what}: peak memory`, peakMemory(ourStatus), 250e6),
  ];
}

function firstRun(place: Place): readonly Row[] {
  writeLargeDirectory(join(place.directory, 'data'));
  const next = newDirectories(join(place.directory, 'project'));
  const directory = () => {
    const root = next();
    writeFiles(root, {
      '.gitignore': '/out/\n',
      'pipeline.yaml': 'stages:\n  copy:\n    cmd: cp -r ../data out\n    outs: [out]\n',
    });
    commitAll(root);
    settleDisk();
    return root;
  };
  const repro: Contender = {
    argv: lockstep(place, 'repro'),
    directory,
    verify: (done) => expectStored(place, done.directory),
  };
  const copy: Contender = {
    argv: ['cp', '-r', '../data', 'out'],
    directory,
    verify: (done) => expectCopied(done.directory),
  };
  const [ours, peer] = alternate([repro, copy], { warmUps: 0, measured: 3 });
  const what = 'first `repro`, a 70,000-file directory as out';
  const beyond = { wall: ours.wall - peer.wall, cpu: ours.cpu - peer.cpu };
  const bound = { peer, peerName: '`cp -r`' };
  return [
    against({ what, dimension: 'wall', ours, ...bound, atMost: 2 }),
    against({ what: `${what}, without the stage’s own \`cp -r\``, dimension: 'wall', ours: beyond, ...bound }),
    against({ what, dimension: 'cpu', ours, ...bound }),
    memoryRow(`${what}: peak memory`, peakMemory(repro), 250e6),
  ];
}

function expectCopied(root: string): void {
  const entries = readdirSync(join(root, 'out'), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  if (files.length !== COUNT) throw new Error(`${files.length} files were copied, not ${COUNT}`);
  expectSame(root, '../data/0042/0042.txt', 'out/0042/0042.txt');
}

/** The outs are there, and an object for each. */
function expectStored(place: Place, root: string): void {
  expectCopied(root);
  const { stdout } = execute({ argv: ['sh', '-c', 'find .lockstep/cache -type f | wc -l'], cwd: root });
  if (Number(stdout) < COUNT) throw new Error(`only ${Number(stdout)} objects for ${COUNT} files`);
  expectUpToDate(place, root);
}
