import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { against, type Case, megabytes, type Place, type Row, times, unmeasured } from './case.ts';
import { installed } from './machine.ts';
import { alternate, type Contender, execute, peakMemory, settleDisk } from './measure.ts';
import { expectUpToDate, lockstep } from './program.ts';
import { commitAll, forgetResults, writeFiles, writeLargeFile } from './projects.ts';

const LARGE = 2 ** 30;
const SMALL = 64 * 2 ** 20;

export const largeFileCases: readonly Case[] = [
  {
    name: 'large-file',
    compares:
      'the first `lockstep repro` of one stage `cp in.bin out.bin`, dep and out of 1 GiB, against what that work is at least: the `cp`, `openssl dgst -sha256` of both files, and a `cp` into a cache. Before each, the disk has nothing left to write',
    measure: (place) => firstRun(place),
  },
];

function firstRun(place: Place): readonly Row[] {
  const what = 'first `repro`, a 1 GiB dep copied to a 1 GiB out';
  if (!installed('openssl')) return [unmeasured(what, 'openssl is not installed')];
  const root = join(place.directory, 'large');
  writeProject(root, LARGE);
  const repro = freshRepro(place, root, LARGE);
  const floor = 'cp in.bin out.bin && openssl dgst -sha256 in.bin out.bin && mkdir cache && cp out.bin cache/object';
  const [ours, peer] = alternate(
    [
      repro,
      {
        command: { argv: ['sh', '-c', floor], cwd: root },
        prepare: () => prepare(root),
        verify: () => expectSize(join(root, 'cache/object'), LARGE),
      },
    ],
    { warmUps: 1, measured: 5 },
  );
  const large = peakMemory(repro);
  rmSync(root, { recursive: true });
  return [
    against({ what, dimension: 'wall', ours, peer, peerName: '`cp`, `openssl dgst` of both, `cp`', atMost: 1.3 }),
    against({ what, dimension: 'cpu', ours, peer, peerName: '`cp`, `openssl dgst` of both, `cp`' }),
    memoryGrowth(place, large),
  ];
}

/** Sixteen times the bytes may not want more than a quarter more memory, which is noise of the collector. */
function memoryGrowth(place: Place, large: number | undefined): Row {
  const what = 'the same: peak memory';
  const root = join(place.directory, 'small');
  writeProject(root, SMALL);
  const small = peakMemory(freshRepro(place, root, SMALL));
  if (small === undefined || large === undefined) return unmeasured(what, 'GNU time (/usr/bin/time) is not installed');
  const ratio = large / small;
  return {
    what,
    ours: megabytes(large),
    peer: `64 MiB instead: ${megabytes(small)}`,
    ratio: times(ratio),
    allowed: '1.25 ×',
    verdict: ratio <= 1.25 ? 'met' : 'missed',
  };
}

function writeProject(root: string, bytes: number): void {
  writeLargeFile(join(root, 'in.bin'), bytes);
  writeFiles(root, {
    '.gitignore': '/in.bin\n/out.bin\n/cache/\n',
    'pipeline.yaml': 'stages:\n  copy:\n    cmd: cp in.bin out.bin\n    deps: [in.bin]\n    outs: [out.bin]\n',
  });
  commitAll(root);
}

function prepare(root: string): void {
  forgetResults(root);
  settleDisk();
}

function freshRepro(place: Place, root: string, bytes: number): Contender {
  return {
    command: lockstep(place, root, 'repro'),
    prepare: () => prepare(root),
    verify: () => {
      execute({ argv: ['cmp', 'in.bin', 'out.bin'], cwd: root });
      const { stdout } = execute({ argv: ['find', '.lockstep/cache', '-size', `${bytes}c`], cwd: root });
      if (stdout.trim().split('\n').length !== 1) throw new Error(`not one object of ${bytes} bytes:\n${stdout}`);
      expectUpToDate(place, root);
    },
  };
}

function expectSize(path: string, bytes: number): void {
  if (statSync(path).size !== bytes) throw new Error(`${path} is not whole`);
}
