import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { against, type Case, memoryRow, type Place, type Row } from './case.ts';
import { alternate, type Contender, execute, peakMemory, settleDisk } from './measure.ts';
import { expectRepro, expectUpToDate, lockstep } from './program.ts';
import { commitAll, expectSame, forgetResults, LARGE_DIRECTORY, writeFiles, writeLargeDirectory } from './projects.ts';

const COUNT = LARGE_DIRECTORY.directories * LARGE_DIRECTORY.files;

export const largeDirectoryCases: readonly Case[] = [
  {
    name: 'directory-dep',
    compares:
      '`lockstep status` of one stage whose dep is a directory of 70,000 committed files, nothing changed, against `git status` in the same repository, its index refreshed, both warm',
    measure: (place) => status(place),
  },
  {
    name: 'directory-out',
    compares:
      'the first `lockstep repro` of one stage `cp -r data out`, whose out is a directory of 70,000 files, against `cp -r data out` alone. Before each, the disk has nothing left to write',
    measure: (place) => firstRun(place),
  },
];

function status(place: Place): readonly Row[] {
  const root = join(place.directory, 'dep');
  writeLargeDirectory(root);
  writeFiles(root, {
    'pipeline.yaml':
      'stages:\n  count:\n    cmd: find data -type f | wc -l > count.txt\n    deps: [data]\n    outs: [count.txt]\n',
  });
  commitAll(root);
  expectRepro(place, root, { ran: 1 });
  commitAll(root);
  expectRepro(place, root, { kept: 1 });
  const repro: Contender = { command: lockstep(place, root, 'status', '--exit-code') };
  const [ours, peer] = alternate(
    [
      repro,
      {
        command: { argv: ['git', 'status'], cwd: root },
        verify: (stdout) => {
          if (!stdout.includes('nothing to commit')) throw new Error(`the tree is not clean:\n${stdout}`);
        },
      },
    ],
    { warmUps: 2, measured: 7 },
  );
  const memory = peakMemory(repro);
  rmSync(root, { recursive: true });
  const what = '`status`, a dep directory of 70,000 files';
  const bound = { what, ours, peer, peerName: '`git status`', atMost: 2.5 };
  return [
    against({ ...bound, dimension: 'cpu' }),
    against({ ...bound, dimension: 'wall' }),
    memoryRow(`${what}: peak memory`, memory, 250e6),
  ];
}

function firstRun(place: Place): readonly Row[] {
  const root = join(place.directory, 'out');
  writeLargeDirectory(root);
  writeFiles(root, {
    '.gitignore': '/data/\n/out/\n',
    'pipeline.yaml': 'stages:\n  copy:\n    cmd: cp -r data out\n    outs: [out]\n',
  });
  commitAll(root);
  const prepare = () => {
    forgetResults(root);
    settleDisk();
  };
  const repro: Contender = {
    command: lockstep(place, root, 'repro'),
    prepare,
    verify: () => expectStored(place, root),
  };
  const copy: Contender = {
    command: { argv: ['cp', '-r', 'data', 'out'], cwd: root },
    prepare,
    verify: () => expectCopied(root),
  };
  const [ours, peer] = alternate([repro, copy], { warmUps: 1, measured: 3 });
  const memory = peakMemory(repro);
  rmSync(root, { recursive: true });
  const what = 'first `repro`, a 70,000-file directory as out';
  const beyond = { wall: ours.wall - peer.wall, cpu: ours.cpu - peer.cpu };
  return [
    against({ what, dimension: 'wall', ours, peer, peerName: '`cp -r`', atMost: 2 }),
    against({
      what: `${what}: without the stage’s own \`cp -r\``,
      dimension: 'wall',
      ours: beyond,
      peer,
      peerName: '`cp -r`',
    }),
    against({ what, dimension: 'cpu', ours, peer, peerName: '`cp -r`' }),
    memoryRow(`${what}: peak memory`, memory, 250e6),
  ];
}

function expectCopied(root: string): void {
  const files = readdirSync(join(root, 'out'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  if (files.length !== COUNT) throw new Error(`${files.length} files were copied, not ${COUNT}`);
  expectSame(root, 'data/0042/0042.txt', 'out/0042/0042.txt');
}

/** The outs are there, and an object for each. */
function expectStored(place: Place, root: string): void {
  expectCopied(root);
  const { stdout } = execute({ argv: ['sh', '-c', 'find .lockstep/cache -type f | wc -l'], cwd: root });
  if (Number(stdout) < COUNT) throw new Error(`only ${Number(stdout)} objects for ${COUNT} files`);
  expectUpToDate(place, root);
}
