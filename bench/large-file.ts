import { linkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { against, type Case, megabytes, type Place, type Row, times, unmeasured } from './case.ts';
import { installed } from './machine.ts';
import { alternate, type Contender, execute, peakMemory, settleDisk } from './measure.ts';
import { expectUpToDate, lockstep } from './program.ts';
import { commitAll, newDirectories, writeFiles, writeLargeFile } from './projects.ts';

const LARGE = 2 ** 30;
const SMALL = 64 * 2 ** 20;

/** What the work is at least: make the out, hash dep and out, keep a copy. */
const FLOOR = 'cp in.bin out.bin && openssl dgst -sha256 in.bin out.bin && mkdir cache && cp out.bin cache/object';

export const largeFileCases: readonly Case[] = [
  {
    name: 'large-file',
    compares:
      'the first `lockstep repro` of one stage `cp in.bin out.bin`, dep and out of 1 GiB, against what that work is at least: the `cp`, `openssl dgst -sha256` of both files, and a `cp` into a cache. Before each, the disk has nothing left to write',
    measure: firstRun,
  },
];

function firstRun(place: Place): readonly Row[] {
  const what = 'first `repro`, a 1 GiB dep copied to a 1 GiB out';
  if (!installed('openssl')) return [unmeasured(what, 'openssl is not installed')];
  const input = join(place.directory, 'large.bin');
  writeLargeFile(input, LARGE);
  const next = newDirectories(join(place.directory, 'floor'));
  const repro = firstRepro(place, input);
  const floor: Contender = {
    argv: ['sh', '-c', FLOOR],
    directory: () => newProject(next(), input),
    verify: ({ directory }) => {
      if (statSync(join(directory, 'cache/object')).size !== LARGE) throw new Error('the copy is not whole');
      rmSync(directory, { recursive: true });
    },
  };
  const [ours, peer] = alternate([repro, floor], { warmUps: 1, measured: 5 });
  const bound = { what, ours, peer, peerName: '`cp`, `openssl dgst` of both, `cp`' };
  return [
    against({ ...bound, dimension: 'wall', atMost: 1.3 }),
    against({ ...bound, dimension: 'cpu' }),
    memoryGrowth(place, peakMemory(repro)),
  ];
}

/** Sixteen times the bytes may not want more than a quarter more memory, which is noise of the collector. */
function memoryGrowth(place: Place, large: number | undefined): Row {
  const what = 'the same: peak memory';
  const input = join(place.directory, 'small.bin');
  writeLargeFile(input, SMALL);
  const small = peakMemory(firstRepro(place, input));
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

function firstRepro(place: Place, input: string): Contender {
  const next = newDirectories(`${input}-project`);
  return {
    argv: lockstep(place, 'repro'),
    directory: () => newProject(next(), input),
    verify: ({ directory }) => {
      execute({ argv: ['cmp', 'in.bin', 'out.bin'], cwd: directory });
      const find = ['find', '.lockstep/cache', '-size', `${statSync(input).size}c`];
      const { stdout } = execute({ argv: find, cwd: directory });
      if (stdout.trim().split('\n').length !== 1) throw new Error(`not one object of that size:\n${stdout}`);
      expectUpToDate(place, directory);
      // Few files, many bytes: these go at once, unlike those of the other cases.
      rmSync(directory, { recursive: true });
    },
  };
}

/** A project around the file; a hard link, because what is measured does not depend on who wrote the dep. */
function newProject(root: string, input: string): string {
  writeFiles(root, {
    '.gitignore': '/in.bin\n/out.bin\n/cache/\n',
    'pipeline.yaml': 'stages:\n  copy:\n    cmd: cp in.bin out.bin\n    deps: [in.bin]\n    outs: [out.bin]\n',
  });
  linkSync(input, join(root, 'in.bin'));
  commitAll(root);
  settleDisk();
  return root;
}
