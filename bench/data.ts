import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { against, type Case, megabytes, memoryRow, type Place, type Row, unmeasured, within } from './case.ts';
import { installed } from './machine.ts';
import { alternate, type Contender, type Cost, costAndMemory, execute, medianCost, settleDisk } from './measure.ts';
import { lockstep } from './program.ts';
import {
  commitAll,
  expectSame,
  LARGE_DIRECTORY,
  newDirectories,
  range,
  writeFiles,
  writeLargeFile,
  writeSmallFiles,
} from './projects.ts';

const COUNT = LARGE_DIRECTORY.directories * LARGE_DIRECTORY.files;
const GIB = 2 ** 30;
const ROUNDS = 3;

export const dataCases: readonly Case[] = [
  {
    name: 'data-directory',
    compares:
      '70,000 files of 300 bytes in a DVC project: `add`, `checkout` with nothing to do and of the whole directory, `push` to a directory, `pull` into a new clone; DVC does the same in a project of its own, once; lockstep and `cp -r` of the directory three times. Before each, the disk has nothing left to write',
    measure: manyFiles,
  },
  {
    name: 'data-large',
    compares:
      'one file of 1 GiB in a DVC project, against what the work is at least: for `add` `openssl dgst -md5` and a `cp` into the cache, for `push` a `cp`, for `pull` `openssl dgst -md5`, a `cp` into the cache and one out of it, for `checkout` a `cp`. What comes to be durable is, by `sync`, in both',
    measure: largeFile,
  },
  {
    name: 'data-million',
    compares:
      '1,000,000 files in one directory, `add`, `status` and `checkout`, against 100,000: ten times the files may cost twelve times as much. Measured only when asked for by its name',
    measure: millionFiles,
    isOnlyByName: true,
  },
];

/** A project that both tools take, with a remote. */
function writeDataProject(root: string, remote: Readonly<Record<string, string>>): void {
  const lines = Object.entries(remote).map(([key, value]) => `    ${key} = ${value}\n`);
  writeFiles(root, {
    '.dvc/config': `[core]\n    remote = store\n    analytics = false\n['remote "store"']\n${lines.join('')}`,
    '.dvc/.gitignore': '/config.local\n/tmp\n/cache\n',
  });
  commitAll(root);
}

const STEPS = ['add', 'no-op `checkout`', '`checkout`', '`push`', '`pull`'] as const;
export type Steps = Readonly<Record<(typeof STEPS)[number], Cost>>;

export interface Tool {
  readonly argv: (...args: readonly string[]) => readonly string[];
  readonly root: string;
}

/** Takes a directory through all that is done with data, each step once. */
export function takeThrough(
  { argv, root }: Tool,
  { data, remote }: { readonly data: string; readonly remote: Readonly<Record<string, string>> },
): Steps {
  writeDataProject(root, remote);
  cpSync(data, join(root, 'data'), { recursive: true });
  const step = (cwd: string, ...args: readonly string[]): Cost => {
    settleDisk();
    return execute({ argv: argv(...args), cwd }).cost;
  };
  const add = step(root, 'add', '-q', 'data');
  // The first look reads what may have been changed in the moment that it was added in.
  step(root, 'checkout', '-q');
  const noop = step(root, 'checkout', '-q');
  renameSync(join(root, 'data'), `${root}-was`);
  const checkout = step(root, 'checkout', '-q');
  const push = step(root, 'push', '-q');
  const clone = `${root}-clone`;
  writeDataProject(clone, remote);
  for (const name of ['data.dvc', '.gitignore']) cpSync(join(root, name), join(clone, name));
  const pull = step(clone, 'pull', '-q');
  for (const place of [root, clone]) execute({ argv: ['diff', '-rq', data, join(place, 'data')], cwd: place });
  return { add, 'no-op `checkout`': noop, '`checkout`': checkout, '`push`': push, '`pull`': pull };
}

export function medians(all: readonly Steps[]): Steps {
  const entries = STEPS.map((step) => [step, medianCost(all.map((one) => one[step]))] as const);
  return Object.fromEntries(entries) as Steps;
}

function manyFiles(place: Place): readonly Row[] {
  const data = join(place.directory, 'data');
  writeSmallFiles(data, { ...LARGE_DIRECTORY, bytes: 300 });
  const next = newDirectories(join(place.directory, 'project'));
  const take = (argv: Tool['argv']): Steps => {
    const root = next();
    return takeThrough({ argv, root }, { data, remote: { url: `${root}-remote` } });
  };
  const ours: Steps[] = [];
  const copies: Cost[] = [];
  for (const _ of range(ROUNDS)) {
    ours.push(take((...args) => lockstep(place, ...args)));
    settleDisk();
    copies.push(execute({ argv: ['cp', '-r', data, next()], cwd: place.directory }).cost);
  }
  const [own, copy] = [medians(ours), medianCost(copies)];
  const what = `${COUNT.toLocaleString('en')} files`;
  const floor = { peer: copy, peerName: '`cp -r`' };
  return [
    ...againstDvc(own, { what, take, atMost: 1 / 4 }),
    ...(['add', '`checkout`'] as const).flatMap((step) => [
      against({ ...floor, what: `${step}, ${what}`, ours: own[step], dimension: 'wall', atMost: 2 }),
      against({ ...floor, what: `${step}, ${what}`, ours: own[step], dimension: 'cpu' }),
    ]),
  ];
}

export interface DvcWish {
  readonly what: string;
  readonly take: (argv: Tool['argv']) => Steps;
  readonly atMost: number;
  readonly steps?: readonly (keyof Steps)[];
}

/** DVC takes minutes, so it goes the way once. */
export function againstDvc(own: Steps, { what, take, atMost, steps = STEPS }: DvcWish): readonly Row[] {
  if (!installed('dvc')) return [unmeasured(`${what}, against DVC`, 'dvc is not installed')];
  const theirs = take((...args) => ['dvc', ...args]);
  return steps.flatMap((step) =>
    (['wall', 'cpu'] as const).map((dimension) =>
      against({
        what: `${step}, ${what}`,
        dimension,
        ours: own[step],
        peer: theirs[step],
        peerName: 'DVC',
        atMost,
      }),
    ),
  );
}

function largeFile(place: Place): readonly Row[] {
  if (!installed('openssl')) return [unmeasured('one file of 1 GiB', 'openssl is not installed')];
  const input = join(place.directory, 'large.bin');
  writeLargeFile(input, GIB);
  const root = join(place.directory, 'project');
  const object = join(root, 'object');
  const remote = `${root}-remote`;
  writeDataProject(root, { url: remote });
  const fresh =
    (...gone: readonly string[]) =>
    () => {
      for (const name of gone) rmSync(join(root, name), { recursive: true, force: true });
      settleDisk();
      return root;
    };
  const state = ['.dvc/cache', '.dvc/tmp', '.lockstep'];
  const withData = () => {
    fresh(...state, 'data.bin', 'data.bin.dvc', '.gitignore')();
    linkSync(input, join(root, 'data.bin'));
    settleDisk();
    return root;
  };
  const pair = (what: string, ours: Contender, least: string): Row => {
    const peer: Contender = { argv: ['sh', '-c', least], directory: fresh('object', 'copy') };
    const [own, floor] = alternate([ours, peer], { warmUps: 1, measured: ROUNDS });
    return against({ what, dimension: 'wall', ours: own, peer: floor, peerName: `\`${least}\``, atMost: 1.2 });
  };
  const command = (directory: () => string, ...args: readonly string[]): Contender => ({
    argv: lockstep(place, ...args),
    directory,
    verify: () => {
      if (statSync(join(root, 'data.bin')).size !== GIB) throw new Error('the file is not whole');
    },
  });
  const hash = 'openssl dgst -md5 ../large.bin';
  const rows = [
    pair('add, 1 GiB', command(withData, 'add', '-q', 'data.bin'), `${hash} && cp ../large.bin object && sync object`),
    pair('`checkout`, 1 GiB', command(fresh('data.bin'), 'checkout', '-q'), 'cp ../large.bin copy'),
    pair('`push`, 1 GiB', command(fresh('../project-remote'), 'push', '-q'), 'cp ../large.bin object && sync object'),
    pair(
      '`pull`, 1 GiB',
      command(fresh(...state, 'data.bin'), 'pull', '-q'),
      `${hash} && cp ../large.bin object && sync object && cp object copy`,
    ),
  ];
  expectSame(root, '../large.bin', 'data.bin');
  if (!existsSync(remote)) throw new Error('nothing was sent');
  rmSync(object, { force: true });
  return rows;
}

const MILLION = 1_000_000;

function millionFiles(place: Place): readonly Row[] {
  const measure = (count: number) => {
    const root = join(place.directory, `project-${count}`);
    writeDataProject(root, { url: `${root}-remote` });
    mkdirSync(join(root, 'data'));
    writeSmallFiles(join(root, 'data'), { directories: 1, files: count, bytes: 300 });
    settleDisk();
    const add = costAndMemory({ argv: lockstep(place, 'add', '-q', 'data'), cwd: root });
    execute({ argv: lockstep(place, 'checkout', '-q'), cwd: root });
    const status = costAndMemory({ argv: lockstep(place, 'status', '--exit-code'), cwd: root });
    renameSync(join(root, 'data'), `${root}-was`);
    settleDisk();
    const checkout = costAndMemory({ argv: lockstep(place, 'checkout', '-q'), cwd: root });
    const found = readdirSync(join(root, 'data/0000')).length;
    if (found !== count) throw new Error(`${found} files were restored, not ${count}`);
    return { add, status, checkout };
  };
  const [tenth, whole] = [measure(MILLION / 10), measure(MILLION)];
  return (['add', 'status', 'checkout'] as const).flatMap((step) => {
    const what = `${step}, 1,000,000 files in one directory`;
    return [
      against({
        what,
        dimension: 'cpu',
        ours: whole[step].cost,
        peer: tenth[step].cost,
        peerName: '100,000 files',
        atMost: 12,
      }),
      within(`${what}: wall`, whole[step].cost.wall, { atMost: 600, text: (value) => `${value.toFixed(1)} s` }),
      memoryRow(`${what}: peak memory, against ${megabytes(GIB)}`, whole[step].memory, GIB),
    ];
  });
}
