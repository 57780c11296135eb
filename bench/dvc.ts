import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { against, type Case, type Place, type Row, unmeasured } from './case.ts';
import { installed } from './machine.ts';
import { alternate, type Contender, execute, settleDisk } from './measure.ts';
import { expectUpToDate, lockstep } from './program.ts';
import {
  type CopyStage,
  commitAll,
  copyStages,
  expectCopies,
  LARGE_DIRECTORY,
  newDirectories,
  pipelineText,
  writeFiles,
  writeLargeDirectory,
} from './projects.ts';

const UP_TO_DATE = 'Data and pipelines are up to date.';
const QUICK = { warmUps: 1, measured: 5 };
const SLOW = { warmUps: 0, measured: 3 };

/** In a DVC project, as it stands, against DVC in the same project or a copy of it. */
export const dvcCases: readonly Case[] = [
  {
    name: 'dvc-noop',
    compares:
      '`repro` and `status` when nothing changed, in a DVC project of 1,000 stages of `cp` (a hundred chains of ten) that lockstep ran, against DVC in the same directory. The CPU of both',
    measure: (place) => ifThere('no-op in a DVC project', () => nothingToDo(place)),
  },
  {
    name: 'dvc-first',
    compares:
      'the first `repro` of 100 stages of `cp` (ten chains of ten) in a new DVC project against DVC in another. Not of 1,000 stages: of those DVC’s first run takes a quarter of an hour of CPU, growing with the square. The CPU of both',
    measure: (place) => ifThere('first `repro` in a DVC project', () => firstRun(place)),
  },
  {
    name: 'dvc-directory',
    compares:
      'a directory of 70,000 files tracked by `dvc add`: `status` with nothing changed, `checkout` of the whole directory, and the first time that it is taken into the cache (`commit` against `dvc add`), each tool in a project of its own. The CPU of both',
    measure: (place) => ifThere('a 70,000-file directory in a DVC project', () => largeDirectory(place)),
  },
];

function ifThere(what: string, measure: () => readonly Row[]): readonly Row[] {
  return installed('dvc') ? measure() : [unmeasured(what, 'dvc is not installed')];
}

function dvcProject(root: string, stages: readonly CopyStage[]): void {
  const inputs = stages.filter(({ from }) => from.startsWith('in/')).map(({ from }) => [from, `this is ${from}\n`]);
  writeFiles(root, {
    ...Object.fromEntries(inputs),
    'out/.gitkeep': '',
    'dvc.yaml': pipelineText(stages),
    'params.yaml': stages.map(({ name }) => `${name}: 1\n`).join(''),
  });
  commitAll(root);
  execute({ argv: ['dvc', 'init', '-q'], cwd: root });
  commitAll(root);
}

function expectClean({ stdout }: { readonly stdout: string }): void {
  if (!stdout.includes(UP_TO_DATE)) throw new Error(`DVC does not find everything up to date:\n${stdout.slice(-2000)}`);
}

function nothingToDo(place: Place): readonly Row[] {
  const stages = copyStages({ chains: 100, length: 10 });
  const root = join(place.directory, 'project');
  dvcProject(root, stages);
  execute({ argv: lockstep(place, 'repro', '-j', '2'), cwd: root });
  expectCopies(root, stages);
  expectUpToDate(place, root);
  const here = () => root;
  const [repro, dvcRepro, status, dvcStatus] = alternate(
    [
      { argv: lockstep(place, 'repro'), directory: here },
      { argv: ['dvc', 'repro'], directory: here, verify: expectClean },
      { argv: lockstep(place, 'status', '--exit-code'), directory: here },
      { argv: ['dvc', 'status'], directory: here, verify: expectClean },
    ],
    QUICK,
  );
  const of = { dimension: 'cpu', peerName: 'DVC' } as const;
  return [
    against({ ...of, what: 'no-op `repro`, 1,000 stages', ours: repro, peer: dvcRepro, atMost: 1 / 40 }),
    against({ ...of, what: '`status`, 1,000 stages', ours: status, peer: dvcStatus, atMost: 1 / 20 }),
  ];
}

function firstRun(place: Place): readonly Row[] {
  const stages = copyStages({ chains: 10, length: 10 });
  const contender = (name: string, argv: readonly string[]): Contender => {
    const next = newDirectories(join(place.directory, name));
    const directory = () => {
      const root = next();
      dvcProject(root, stages);
      return root;
    };
    return {
      argv,
      directory,
      verify: (done) => {
        expectCopies(done.directory, stages);
        if (!existsSync(join(done.directory, 'dvc.lock'))) throw new Error('there is no dvc.lock');
        expectUpToDate(place, done.directory);
      },
    };
  };
  const [ours, peer] = alternate(
    [contender('lockstep', lockstep(place, 'repro', '-j', '2')), contender('dvc', ['dvc', 'repro', '-q'])],
    SLOW,
  );
  const what = 'first `repro`, 100 stages (not 1,000, see above)';
  return [against({ what, dimension: 'cpu', ours, peer, peerName: 'DVC', atMost: 1 / 100 })];
}

function largeDirectory(place: Place): readonly Row[] {
  const data = join(place.directory, 'data');
  writeLargeDirectory(data);
  const next = newDirectories(join(place.directory, 'project'));
  const fresh = (prepare: (root: string) => void) => () => {
    const root = next();
    mkdirSync(root, { recursive: true });
    cpSync(data, join(root, 'data'), { recursive: true });
    commitNothing(root);
    prepare(root);
    settleDisk();
    return root;
  };
  const roots: string[] = [];
  const kept = (make: () => string) => () => {
    const root = make();
    roots.push(root);
    return root;
  };
  const count = LARGE_DIRECTORY.directories * LARGE_DIRECTORY.files;
  const tracked = `outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e.dir\n  size: 0\n  nfiles: ${count}\n  hash: md5\n  path: data\n`;
  const ours: Contender = {
    argv: lockstep(place, 'commit', 'data.dvc'),
    directory: kept(fresh((root) => writeFiles(root, { 'data.dvc': tracked, '.gitignore': '/data\n' }))),
  };
  const peer: Contender = { argv: ['dvc', 'add', '-q', 'data'], directory: fresh(() => {}) };
  const [firstOurs, firstPeer] = alternate([ours, peer], { warmUps: 0, measured: 1 });
  const root = roots[0] ?? '';
  if (!readFileSync(join(root, 'data.dvc'), 'utf8').includes(`nfiles: ${count}`))
    throw new Error('not all was recorded');
  const here = () => root;
  const aside = newDirectories(join(place.directory, 'was'));
  const without = () => {
    // Not deleted: see newDirectories.
    renameSync(join(root, 'data'), aside());
    return root;
  };
  const [status, dvcStatus] = alternate(
    [
      { argv: lockstep(place, 'status', '--exit-code'), directory: here },
      { argv: ['dvc', 'status'], directory: here, verify: expectClean },
    ],
    QUICK,
  );
  const [checkout, dvcCheckout] = alternate(
    [
      { argv: lockstep(place, 'checkout', 'data.dvc'), directory: without },
      { argv: ['dvc', 'checkout', '-q', 'data.dvc'], directory: without },
    ],
    SLOW,
  );
  const of = { dimension: 'cpu', peerName: 'DVC' } as const;
  return [
    against({ ...of, what: 'first commit, 70,000 files', ours: firstOurs, peer: firstPeer, atMost: 1 / 5 }),
    against({ ...of, what: '`status`, 70,000 files', ours: status, peer: dvcStatus, atMost: 1 / 5 }),
    against({ ...of, what: '`checkout`, 70,000 files', ours: checkout, peer: dvcCheckout, atMost: 1 / 4 }),
  ];
}

/** A DVC project in git, of which nothing is committed but DVC's own files. */
function commitNothing(root: string): void {
  execute({ argv: ['git', 'init', '-q'], cwd: root });
  execute({ argv: ['dvc', 'init', '-q'], cwd: root });
}
