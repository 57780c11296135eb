import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { against, type Case, type Dimension, memoryRow, type Place, type Row, unmeasured } from './case.ts';
import { installed } from './machine.ts';
import { alternate, type Contender, peakMemory } from './measure.ts';
import { emptyNode, expectRepro, expectUpToDate, lockstep } from './program.ts';
import {
  type CopyStage,
  copyStages,
  expectCopies,
  makefileText,
  newDirectories,
  writeCopyProject,
  writeFiles,
} from './projects.ts';

/** A thousand stages in three shapes: what depends on what makes a difference to graphs, plans and objects. */
const SHAPES = {
  'a hundred chains of ten': { chains: 100, length: 10 },
  'one chain': { chains: 1, length: 1000 },
  'side by side': { chains: 1000, length: 1 },
} as const;

type Shape = keyof typeof SHAPES;

const QUICK = { warmUps: 2, measured: 11 };
const SLOW = { warmUps: 0, measured: 3 };

export const manyStagesCases: readonly Case[] = [
  {
    name: 'noop',
    compares:
      '`lockstep repro` when nothing changed, 1,000 stages of `cp` with a dep, an out and a param each, against `node -e 0`',
    measure: (place) => [
      ...nothingToDo(place, 'a hundred chains of ten'),
      ...nothingToDo(place, 'one chain'),
      ...nothingToDo(place, 'side by side'),
    ],
  },
  {
    name: 'one-param',
    compares:
      '`lockstep repro` after the param of one stage in the middle of 1,000 got a new value: one stage runs, those after it see the same bytes. CPU, less the CPU of the stage’s own command',
    measure: oneParam,
  },
  {
    name: 'first-run',
    compares:
      'the first `lockstep repro -j 2` of 1,000 stages in a new git repository against `make -j2` with the same commands',
    measure: (place) => [
      ...firstRun(place, 'a hundred chains of ten'),
      ...firstRun(place, 'one chain'),
      ...firstRun(place, 'side by side'),
    ],
  },
  {
    name: 'growth',
    compares:
      'the first `lockstep repro -j 2` of 1,000 stages (a hundred chains of ten) against that of 100 (ten chains of ten)',
    measure: growth,
  },
];

function nothingToDo(place: Place, shape: Shape): readonly Row[] {
  const stages = copyStages(SHAPES[shape]);
  const root = join(place.directory, shape);
  finishOnce(place, root, stages);
  const written = outTimes(root, stages);
  const repro: Contender = { argv: lockstep(place, 'repro'), directory: () => root };
  const [ours, peer] = alternate([repro, emptyNode(place)], QUICK);
  const memory = peakMemory(repro);
  expectRepro(place, root, { kept: stages.length });
  if (outTimes(root, stages) !== written) throw new Error('an out was written though there was nothing to do');
  const what = `no-op \`repro\`, 1,000 stages, ${shape}`;
  return [
    against({ what, dimension: 'cpu', ours, peer, peerName: '`node -e 0`', atMost: 3 }),
    memoryRow(`${what}: peak memory`, memory, 150e6),
  ];
}

function oneParam(place: Place): readonly Row[] {
  const stages = copyStages(SHAPES['a hundred chains of ten']);
  const root = join(place.directory, 'project');
  finishOnce(place, root, stages);
  const stage = stages[504];
  if (stage === undefined) throw new Error('there is no such stage');
  const params = readFileSync(join(root, 'params.yaml'), 'utf8');
  let value = 1;
  // A value that was there before would be restored from the run cache.
  const changed = () => {
    value += 1;
    writeFileSync(join(root, 'params.yaml'), params.replace(`${stage.name}: 1\n`, `${stage.name}: ${value}\n`));
    return root;
  };
  changed();
  expectRepro(place, root, { ran: 1, kept: stages.length - 1 });
  const [ours, peer, own] = alternate(
    [
      { argv: lockstep(place, 'repro'), directory: changed, verify: () => expectUpToDate(place, root) },
      emptyNode(place),
      { argv: ['sh', '-c', `cp ${stage.from} unused.txt`], directory: () => root },
    ],
    QUICK,
  );
  const what = 'one param of one stage among 1,000, without the stage itself';
  const beyond = { wall: ours.wall - own.wall, cpu: ours.cpu - own.cpu };
  return [against({ what, dimension: 'cpu', ours: beyond, peer, peerName: '`node -e 0`', atMost: 4 })];
}

function firstRun(place: Place, shape: Shape): readonly Row[] {
  const what = `first \`repro -j 2\`, 1,000 × \`cp\`, ${shape}`;
  if (!installed('make')) return [unmeasured(what, 'make is not installed')];
  const stages = copyStages(SHAPES[shape]);
  const next = newDirectories(join(place.directory, `make, ${shape}`));
  const make: Contender = {
    argv: ['make', '-j2'],
    directory: () => {
      const root = next();
      writeCopyProject(root, stages);
      writeFiles(root, { Makefile: makefileText(stages) });
      return root;
    },
    verify: ({ directory }) => expectCopies(directory, stages),
  };
  const [ours, peer] = alternate([firstRepro(place, shape, stages), make], SLOW);
  const bound = { what, ours, peer, peerName: '`make -j2`' };
  return [against({ ...bound, dimension: 'wall', atMost: 5 }), against({ ...bound, dimension: 'cpu' })];
}

function growth(place: Place): readonly Row[] {
  const large = firstRepro(place, 'large', copyStages({ chains: 100, length: 10 }));
  const small = firstRepro(place, 'small', copyStages({ chains: 10, length: 10 }));
  const [ours, peer] = alternate([large, small], SLOW);
  const compare = (dimension: Dimension): Row =>
    against({ what: 'first `repro`, 1,000 stages', dimension, ours, peer, peerName: '100 stages', atMost: 11 });
  return [compare('cpu'), compare('wall')];
}

/** A first run: nothing is there but what is committed. */
function firstRepro(place: Place, name: string, stages: readonly CopyStage[]): Contender {
  const next = newDirectories(join(place.directory, `lockstep, ${name}`));
  return {
    argv: lockstep(place, 'repro', '-j', '2'),
    directory: () => {
      const root = next();
      writeCopyProject(root, stages);
      return root;
    },
    verify: ({ directory }) => {
      expectCopies(directory, stages);
      if (!existsSync(join(directory, 'pipeline.lock'))) throw new Error('there is no pipeline.lock');
      expectUpToDate(place, directory);
    },
  };
}

/** A new project, run once, and once more so that nothing in it is so young that its stat cannot be trusted. */
function finishOnce(place: Place, root: string, stages: readonly CopyStage[]): void {
  writeCopyProject(root, stages);
  expectRepro(place, root, { ran: stages.length });
  expectCopies(root, stages);
  expectRepro(place, root, { kept: stages.length });
}

function outTimes(root: string, stages: readonly CopyStage[]): string {
  return stages.map(({ to }) => statSync(join(root, to), { bigint: true }).mtimeNs).join();
}
