import { join } from 'node:path';
import { against, type Case, type Place, type Row, unmeasured } from './case.ts';
import { installed } from './machine.ts';
import { alternate, execute } from './measure.ts';
import { expectRepro, lockstep } from './program.ts';
import {
  type CopyStage,
  commitAll,
  copyStages,
  expectCopies,
  makefileText,
  writeCopyProject,
  writeFiles,
} from './projects.ts';

interface Tool {
  readonly name: string;
  /** The same stages, as the tool wants them. */
  files(stages: readonly CopyStage[]): Readonly<Record<string, string>>;
  /** Run once in the new project. */
  readonly setUp?: readonly string[];
  readonly run: readonly string[];
  /** Larger projects would take it many minutes. */
  readonly most?: number;
}

const json = JSON.stringify;

/** Optional: measured where they are on the PATH, named as missing where they are not. */
const TOOLS: readonly Tool[] = [
  {
    name: 'ninja',
    files: (stages) => ({
      'build.ninja': `rule cp\n  command = cp $in $out\n${stages.map(({ from, to }) => `build ${to}: cp ${from}\n`).join('')}`,
    }),
    run: ['ninja', '-j2'],
  },
  { name: 'make', files: (stages) => ({ Makefile: makefileText(stages) }), run: ['make', '-j2'] },
  {
    name: 'doit',
    files: (stages) => ({
      'dodo.py': `from doit.tools import config_changed
STAGES = ${json(stages.map(({ name, from, to }) => [name, from, to]))}
def task_copy():
    for name, source, target in STAGES:
        yield {'name': name, 'actions': [f'cp {source} {target}'], 'file_dep': [source], 'targets': [target],
               'uptodate': [config_changed({name: 1})]}
`,
    }),
    run: ['doit', '-n', '2'],
  },
  {
    name: 'snakemake',
    files: (stages) => ({
      Snakefile: `rule all:\n    input: ${json(stages.map(({ to }) => to))}\n\n${stages
        .map(
          ({ name, from, to }) =>
            `rule ${name.replaceAll('-', '_')}:\n    input: ${json(from)}\n    output: ${json(to)}\n    params: value=1\n    shell: "cp {input} {output}"\n`,
        )
        .join('\n')}`,
    }),
    run: ['snakemake', '--quiet', 'all', '-j', '2'],
  },
  {
    name: 'dvc',
    files: () => ({}),
    setUp: ['sh', '-c', 'dvc init -q && mv pipeline.yaml dvc.yaml'],
    run: ['dvc', 'repro', '-q'],
    most: 100,
  },
];

export const otherToolsCases: readonly Case[] = [
  {
    name: 'other-tools',
    compares:
      'the first run and a run with nothing to do, of 100 and 1,000 stages of `cp` in chains of ten, at two jobs where the tool knows jobs; the stages have params where the tool knows params (doit, snakemake, DVC). The CPU of both',
    measure: (place) => [...compareTools(place, 10), ...compareTools(place, 100)],
  },
];

function compareTools(place: Place, chains: number): readonly Row[] {
  const stages = copyStages({ chains, length: 10 });
  const size = `${stages.length.toLocaleString('en')} stages`;
  const root = join(place.directory, `${size} lockstep`);
  writeCopyProject(root, stages);
  const first = execute({ argv: lockstep(place, 'repro', '-j', '2'), cwd: root }).cost;
  expectRepro(place, root, { kept: stages.length });
  const usable = TOOLS.filter(({ name, most = stages.length }) => installed(name) && stages.length <= most);
  const firsts = usable.map((tool) => firstRun(place, tool, stages));
  const [again, ...agains] = alternate(
    [
      { argv: lockstep(place, 'repro', '-j', '2'), directory: () => root },
      ...usable.map((tool) => ({ argv: tool.run, directory: () => toolRoot(place, tool, stages) })),
    ] as const,
    { warmUps: 1, measured: 5 },
  );
  const compared = usable.flatMap((tool, index) => {
    const [theirFirst, theirAgain] = [firsts[index], agains[index]];
    if (again === undefined || theirFirst === undefined || theirAgain === undefined) return [];
    const peer = { dimension: 'cpu', peerName: tool.name } as const;
    return [
      against({ what: `first run, ${size}`, ours: first, peer: theirFirst, ...peer }),
      against({ what: `no-op, ${size}`, ours: again, peer: theirAgain, ...peer }),
    ];
  });
  return [...compared, ...TOOLS.filter((tool) => !usable.includes(tool)).map((tool) => leftOut(tool, size))];
}

function firstRun(place: Place, tool: Tool, stages: readonly CopyStage[]) {
  const root = toolRoot(place, tool, stages);
  writeCopyProject(root, stages);
  writeFiles(root, tool.files(stages));
  if (tool.setUp !== undefined) execute({ argv: tool.setUp, cwd: root });
  commitAll(root);
  const { cost } = execute({ argv: tool.run, cwd: root });
  expectCopies(root, stages);
  return cost;
}

function toolRoot(place: Place, tool: Tool, stages: readonly CopyStage[]): string {
  return join(place.directory, `${stages.length}-${tool.name}`);
}

function leftOut(tool: Tool, size: string): Row {
  const why = installed(tool.name) ? `${tool.name} would take many minutes` : `${tool.name} is not installed`;
  return unmeasured(size, why);
}
