import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { against, type Case, memoryRow, type Place, type Row, unmeasured } from './case.ts';
import { installed } from './machine.ts';
import { alternate, type Contender, type Cost, peakMemory } from './measure.ts';
import { emptyNode, expectRepro, expectUpToDate, lockstep } from './program.ts';
import {
  type CopyStage,
  copyStages,
  expectCopies,
  forgetResults,
  makefileText,
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
    measure: (place) => oneParam(place),
  },
  {
    name: 'first-run',
    compares:
      'the first `lockstep repro -j 2` of 1,000 stages in a fresh git repository against `make -j2` with the same commands',
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
    measure: (place) => growth(place),
  },
];

function nothingToDo(place: Place, shape: Shape): readonly Row[] {
  const { root, stages } = project(place, `noop ${shape}`, SHAPES[shape]);
  expectRepro(place, root, { ran: stages.length });
  expectRepro(place, root, { kept: stages.length });
  const written = outTimes(root, stages);
  const repro: Contender = { command: lockstep(place, root, 'repro') };
  const [ours, peer] = alternate([repro, { command: emptyNode(place) }], QUICK);
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
  const { root, stages } = project(place, 'one-param', SHAPES['a hundred chains of ten']);
  expectRepro(place, root, { ran: stages.length });
  expectRepro(place, root, { kept: stages.length });
  const stage = stages[504];
  if (stage === undefined) throw new Error('there is no such stage');
  const params = readFileSync(join(root, 'params.yaml'), 'utf8');
  let value = 1;
  // A value that was there before would be restored from the run cache.
  const prepare = () => {
    value += 1;
    writeFileSync(join(root, 'params.yaml'), params.replace(`${stage.name}: 1\n`, `${stage.name}: ${value}\n`));
  };
  prepare();
  expectRepro(place, root, { ran: 1, kept: stages.length - 1 });
  const [ours, peer, own] = alternate(
    [
      { command: lockstep(place, root, 'repro'), prepare, verify: () => expectUpToDate(place, root) },
      { command: emptyNode(place) },
      { command: { argv: ['sh', '-c', `cp ${stage.from} out/unused.txt`], cwd: root } },
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
  const { root, stages } = project(place, `first ${shape}`, SHAPES[shape]);
  const theirs = join(place.directory, `make ${shape}`);
  writeCopyProject(theirs, stages);
  writeFiles(theirs, { Makefile: makefileText(stages) });
  const [ours, peer] = alternate(
    [
      fresh(place, root, stages),
      {
        command: { argv: ['make', '-j2'], cwd: theirs },
        prepare: () => {
          forgetResults(theirs);
          writeFiles(theirs, { Makefile: makefileText(stages) });
        },
        verify: () => expectCopies(theirs, stages),
      },
    ],
    SLOW,
  );
  const bound = { what, ours, peer, peerName: '`make -j2`' };
  return [against({ ...bound, dimension: 'wall', atMost: 5 }), against({ ...bound, dimension: 'cpu' })];
}

function growth(place: Place): readonly Row[] {
  const large = project(place, 'growth large', { chains: 100, length: 10 });
  const small = project(place, 'growth small', { chains: 10, length: 10 });
  const [ours, peer] = alternate(
    [fresh(place, large.root, large.stages), fresh(place, small.root, small.stages)],
    SLOW,
  );
  const compare = (dimension: keyof Cost): Row =>
    against({ what: 'first `repro`, 1,000 stages', dimension, ours, peer, peerName: '100 stages', atMost: 11 });
  return [compare('cpu'), compare('wall')];
}

/** A first run: nothing is there but what is committed. */
function fresh(place: Place, root: string, stages: readonly CopyStage[]): Contender {
  return {
    command: lockstep(place, root, 'repro', '-j', '2'),
    prepare: () => forgetResults(root),
    verify: () => {
      expectCopies(root, stages);
      if (!existsSync(join(root, 'pipeline.lock'))) throw new Error('there is no pipeline.lock');
      expectUpToDate(place, root);
    },
  };
}

function project(
  place: Place,
  name: string,
  shape: { readonly chains: number; readonly length: number },
): { readonly root: string; readonly stages: readonly CopyStage[] } {
  const root = join(place.directory, name);
  const stages = copyStages(shape);
  writeCopyProject(root, stages);
  return { root, stages };
}

function outTimes(root: string, stages: readonly CopyStage[]): string {
  return stages.map(({ to }) => statSync(join(root, to), { bigint: true }).mtimeNs).join();
}
