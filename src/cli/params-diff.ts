import type { ProjectPath, StageId } from '../base/brand.ts';
import { compareValues, type FlatValues } from '../pipeline/flat-values.ts';
import type { ParamsRequest } from '../pipeline/stage.ts';
import { defineCommand } from './command.ts';
import {
  COMPARING_OPTIONS,
  checkFormat,
  filesNamed,
  openBoth,
  parsePrecision,
  resolveTargets,
  sayNothingDiffers,
  warnOfFiles,
} from './compared-states.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import type { ProjectState } from './project-state.ts';
import { renderValues, renderValuesMarkdown, valuesJson } from './render-values.ts';
import {
  paramFilesOf,
  paramRequestsOf,
  readParams,
  recordedParams,
  selectValues,
  templateRequestsOf,
} from './state-values.ts';

export const command = defineCommand({
  usage: 'params diff [rev [rev]]',
  summary: 'Compare the params of two revisions or runs',
  details:
    'By default HEAD and the workspace. A rev is a revision of git, the beginning of a run’s id, latest, latest:STAGE, current:STAGE, or workspace.',
  options: { ...COMPARING_OPTIONS, deps: { type: 'boolean', help: 'only the params that stages ask for' } },
  positionals: { min: 0, max: 2 },
  completes: 'rev',
  examples: ['lockstep params diff', 'lockstep params diff main --deps', 'lockstep params diff 3fa9 latest:train'],
  run: async (context, given, revisions) => {
    checkFormat(given);
    const precision = parsePrecision(given.precision);
    const project = await openProject(context);
    try {
      const { here } = project;
      const states = await openBoth(project, context, revisions);
      const request = {
        targets: resolveTargets(here, given.targets ?? []),
        // A run knows only what its stages asked for.
        deps: given.deps === true || states.some((state) => state.runs.length > 0),
        among: idsOfRuns(states),
      };
      const [before, after] = [
        await paramsOf(context, states[0], request),
        await paramsOf(context, states[1], request),
      ];
      const pairs = compareValues(before, after, { all: given.all === true });
      const names = [states[0].name, states[1].name] as const;
      if (given.json === true) {
        context.stdout.write(`${JSON.stringify(valuesJson(pairs, here))}\n`);
        return EXIT.ok;
      }
      if (pairs.length === 0) sayNothingDiffers(context, 'param', names);
      const shape = { noun: 'Param', withPath: given['no-path'] !== true, withChange: false };
      const table = { pairs, names, here, precision, ...shape };
      context.stdout.write(given.md === true ? renderValuesMarkdown(table) : renderValues(table, context.stdout));
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

interface Request {
  /** Empty: all. */
  readonly targets: readonly ProjectPath[];
  readonly deps: boolean;
  /** Stages of the runs that take part; undefined where none does. */
  readonly among: ReadonlySet<StageId> | undefined;
}

function idsOfRuns(states: readonly ProjectState[]): ReadonlySet<StageId> | undefined {
  const runs = states.flatMap((state) => state.runs);
  return runs.length === 0 ? undefined : new Set(runs.map(({ file, stage }) => `${file}:${stage}` as StageId));
}

async function paramsOf(context: Context, state: ProjectState, request: Request): Promise<FlatValues> {
  if (state.runs.length > 0) {
    const recorded = recordedParams(state);
    const files = filesNamed([...recorded.keys()], request.targets);
    return new Map([...recorded].filter(([file]) => files.includes(file)));
  }
  const among = request.among;
  const stages = among === undefined ? state.stages : state.stages.filter(({ id }) => among.has(id));
  const asked = { ...state, stages };
  const used = request.deps ? [] : templateRequestsOf(asked);
  const inTemplates = new Set(used.map(({ file }) => file));
  const files = filesNamed([...new Set([...paramFilesOf(asked), ...inTemplates])], request.targets);
  const read = await readParams(state, files);
  warnOfFiles(context, state.name, read);
  const requests: readonly ParamsRequest[] = request.deps
    ? paramRequestsOf(asked)
    : [...files.filter((file) => !inTemplates.has(file)).map((file) => ({ file, keys: null })), ...used];
  return selectValues(
    read,
    requests.filter(({ file }) => files.includes(file)),
  );
}
