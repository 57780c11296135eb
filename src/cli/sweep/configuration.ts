import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Literal, ProjectPath, RunId } from '../../base/brand.ts';
import { LockstepError } from '../../base/error.ts';
import { literalOf } from '../../pipeline/literal.ts';
import { matchParams } from '../../pipeline/params.ts';
import { parseParams } from '../../pipeline/parse-params.ts';
import { setParams } from '../../pipeline/set-param.ts';
import { metricsOfRun } from '../../provenance/metrics-of-run.ts';
import type { Summary } from '../../repro/event.ts';
import type { Loaded } from '../../repro/loaded.ts';
import { repro } from '../../repro/repro.ts';
import { select } from '../../repro/select.ts';
import { latestMetrics } from '../../tracking/latest-metrics.ts';
import type { MetricPoint, ParamRecord, Run, RunStatus } from '../../tracking/run.ts';
import type { Context, Output } from '../context.ts';
import { openProject, type Project } from '../project.ts';
import { limitsOf } from '../repro.ts';
import type { Assignment } from './grid.ts';

/** One configuration of a sweep, and where it is to run. */
export interface Configuration {
  /** `config-000`, counting from the first of the sweep. */
  readonly name: string;
  readonly assignments: readonly Assignment[];
}

export interface Task {
  readonly configuration: Configuration;
  /** The project's root in the scratch work tree. */
  readonly root: string;
  /** Stages that one configuration may run at the same time. */
  readonly jobs: number;
  readonly targets: readonly string[];
  /** The run of the whole sweep. */
  readonly sweep: RunId;
  /** Where runs are recorded. */
  readonly records: Pick<Project, 'tracking' | 'artifactDirectory'>;
}

export interface Ended {
  readonly configuration: Configuration;
  /** The run of the configuration, parent of those of the stages that ran for it. */
  readonly run: Run;
  readonly summary: Summary | undefined;
  /** Why it could not even begin. */
  readonly error?: string;
}

/** Runs the pipeline with the configuration's params in its own work tree. What it made is in the shared cache. */
export async function runConfiguration(context: Context, task: Task): Promise<Ended> {
  const startTime = context.now();
  const inner: Context = { ...context, cwd: task.root, stdout: SILENT, stderr: SILENT, ask: undefined, quiet: true };
  assign(task.root, task.configuration.assignments);
  const id = context.randomId() as RunId;
  const project = await openProject(inner, { records: task.records });
  try {
    const loaded = await project.load();
    const summary = await reproduce(inner, { project, loaded, task, id });
    const runs = await (await project.tracking()).list({ parent: id, latestMetrics: true });
    const failed = summary.failed.length > 0 || summary.blocked.length > 0;
    const status: RunStatus = context.signal.aborted ? 'KILLED' : failed ? 'FAILED' : 'FINISHED';
    const metrics = status === 'FINISHED' ? metricsOfStages(project, { loaded, runs, timestamp: context.now() }) : [];
    const run = configurationRun(task, { id, status, startTime, endTime: context.now(), metrics });
    return { configuration: task.configuration, run, summary };
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code === 'interrupted') throw error;
    const run = configurationRun(task, { id, status: 'FAILED', startTime, endTime: context.now(), metrics: [] });
    return { configuration: task.configuration, run, summary: undefined, error: error.message };
  } finally {
    await project.close();
  }
}

const SILENT: Output = { write: () => {}, isTerminal: false, columns: 80, colors: false };

function assign(root: string, assignments: readonly Assignment[]): void {
  for (const { file, key, value } of assignments) {
    const path = join(root, file);
    writeFileSync(path, setParams(file, readFileSync(path, 'utf8'), [{ key, value }]));
  }
}

interface Opened {
  readonly project: Project;
  readonly loaded: Loaded;
  readonly task: Task;
  /** Of the configuration's run. */
  readonly id: RunId;
}

async function reproduce(context: Context, { project, loaded, task, id }: Opened): Promise<Summary> {
  const { wanted } = select(loaded, project.here, {
    targets: task.targets,
    glob: false,
    allPipelines: false,
    singleItem: false,
    downstream: false,
  });
  const { summary } = await repro(project.tools, loaded, {
    run: id,
    wanted,
    forced: new Set(),
    forceDownstream: false,
    allowMissing: false,
    keepGoing: true,
    ignoreErrors: false,
    limits: limitsOf(context, project.config, String(task.jobs)),
    confirm: undefined,
    dry: false,
    commit: true,
    useRunCache: true,
    grace: project.config.grace * 1000,
    signal: context.signal,
    emit: () => {},
    command: 'sweep',
  });
  return summary;
}

function metricsOfStages(
  project: Project,
  { loaded, runs, timestamp }: { readonly loaded: Loaded; readonly runs: readonly Run[]; readonly timestamp: number },
): readonly MetricPoint[] {
  const files = [...loaded.stages.values()].flatMap(({ outs }) =>
    outs.flatMap(({ path, kind }) => (kind === 'metric' ? readFile(project.root, path) : [])),
  );
  const written = metricsOfRun([], files, { timestamp });
  const known = new Set(written.map(({ key }) => key));
  const logged = runs.flatMap(({ metrics }) => latestMetrics(metrics)).filter(({ key }) => !known.has(key));
  return latestMetrics([...written, ...logged]);
}

function readFile(root: string, path: ProjectPath) {
  const file = join(root, path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return [];
  return [{ path, text: readFileSync(file, 'utf8'), kind: 'metric' as const }];
}

type Outcome = Pick<Run, 'id' | 'status' | 'startTime' | 'endTime' | 'metrics'>;

function configurationRun({ configuration, sweep, root }: Task, outcome: Outcome): Run {
  return {
    ...outcome,
    parent: sweep,
    stage: null,
    file: null,
    code: null,
    data: [],
    params: configuration.assignments.map((assignment) => paramOf(root, assignment)),
    artifacts: [],
    environment: null,
    tags: {
      'mlflow.runName': configuration.name,
      'lockstep.configuration': JSON.stringify(configuration.assignments),
    },
  };
}

/** As the file has it now, so that it is recorded in the same form as the param of a stage. */
function paramOf(root: string, { file, key, value }: Assignment): ParamRecord {
  const { tree } = parseParams(file, readFileSync(join(root, file), 'utf8'));
  const node = tree === undefined ? undefined : matchParams(tree, key)[0]?.[1];
  const literal: Literal = typeof node === 'string' ? node : literalOf(value);
  return { key: file === 'params.yaml' ? key : `${file}:${key}`, value: literal };
}
