import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { isErrno } from '../base/error.ts';
import type { Exit } from '../executors/executor.ts';
import type { LockEntry } from '../pipeline/lock-entry.ts';
import type { Stage } from '../pipeline/stage.ts';
import { environmentJson, requirementsText } from '../provenance/environment.ts';
import type { ArtifactRecord, EnvironmentRecord, MetricPoint, Run, RunStatus } from '../tracking/run.ts';
import type { OutputLog } from './output-log.ts';
import type { Result } from './result.ts';
import { type CapturedCode, codeRecord, patchArtifact, type Session } from './session.ts';
import { metricsLog } from './stage-environment.ts';

/** All that is known once a try is over. */
export interface Finish {
  readonly run: Run;
  readonly stage: Stage;
  readonly log: OutputLog;
  readonly result: Result;
  readonly exit: Exit;
  readonly fingerprint: Digest;
  readonly attempt: number;
  /** Milliseconds since the epoch: when the command ended. */
  readonly endTime: number;
  readonly code: CapturedCode;
  readonly environment: EnvironmentRecord;
}

const STATUS: Readonly<Record<Result['kind'], RunStatus>> = { ran: 'FINISHED', failed: 'FAILED', stopped: 'KILLED' };

/** Hands a finished try to the recorder: its six categories, and, where it succeeded, its lock entry. */
export async function finishRecord(session: Session, finish: Finish): Promise<void> {
  const { run, stage, result, fingerprint } = finish;
  const { artifacts: logs } = keepLog(session, finish.log);
  const entry = result.kind === 'ran' ? result.entry : undefined;
  session.recorder.track({
    ...run,
    status: STATUS[result.kind],
    endTime: finish.endTime,
    code: codeRecord(finish.code, stage),
    metrics: await readMetrics(session, finish),
    artifacts: [
      ...(entry === undefined ? [] : outArtifacts(stage, entry, session.commit)),
      ...logs,
      ...patchArtifact(finish.code),
      ...environmentArtifacts(session, finish.environment),
    ],
    environment: finish.environment,
    tags: { ...run.tags, ...resultTags(finish) },
  });
  if (entry === undefined) return;
  const remember = session.useRunCache && session.commit && mayRemember(stage);
  session.recorder.prove({ stage, entry, ...(remember ? { remember: { fingerprint, run: run.id } } : {}) });
}

/** A result can be brought back only if all of it is in the cache and nothing but the inputs made it. */
function mayRemember(stage: Stage): boolean {
  const inputs = stage.deps.length + stage.params.length;
  const outs = stage.outs.every((out) => !out.persist && (out.cache || out.kind !== 'out'));
  return outs && stage.outs.length > 0 && inputs > 0 && !stage.alwaysChanged;
}

function resultTags({ result, exit, attempt }: Finish): Record<string, string> {
  const tags: Record<string, string> = { 'lockstep.attempt': String(attempt), 'lockstep.exit': JSON.stringify(exit) };
  if (result.kind === 'failed') tags['lockstep.failure'] = result.message;
  if (result.kind === 'ran' && result.again !== null) tags['lockstep.again'] = result.again.kind;
  if (result.kind === 'ran' && result.again?.kind === 'differs') {
    tags['lockstep.differs'] = JSON.stringify(result.again.outs);
  }
  return tags;
}

function outArtifacts(stage: Stage, entry: LockEntry, commit: boolean): ArtifactRecord[] {
  return stage.outs.flatMap((out) => {
    const content: Content | undefined = entry.outs.get(out.path)?.content;
    if (content === undefined) return [];
    const stored = commit && (out.cache || out.kind !== 'out');
    return [{ path: `outs/${out.path}`, digest: content.digest, size: content.size, kind: out.kind, stored }];
  });
}

/** Moves the captured output among the objects. A silent stage leaves no log. */
function keepLog(session: Session, log: OutputLog): { readonly artifacts: readonly ArtifactRecord[] } {
  const bytes = readIfThere(log.file);
  if (bytes === undefined) return { artifacts: [] };
  const digest = session.tools.store.saveBytes(bytes);
  rmSync(log.file, { force: true });
  return { artifacts: [{ path: 'logs/output.log', digest, size: bytes.length, kind: 'log', stored: true }] };
}

function environmentArtifacts(session: Session, environment: EnvironmentRecord): ArtifactRecord[] {
  const files = [['environment/environment.json', environmentJson(environment)]];
  if (environment.runtimes.python !== undefined) {
    files.push(['environment/requirements.txt', requirementsText(environment)]);
  }
  return files.map(([path = '', text = '']) => {
    const bytes = Buffer.from(text);
    return {
      path,
      digest: session.tools.store.saveBytes(bytes),
      size: bytes.length,
      kind: 'environment',
      stored: true,
    };
  });
}

/** The numbers of metrics files, the series of tables among metrics and plots, and what was logged while it ran. */
async function readMetrics(session: Session, finish: Finish): Promise<readonly MetricPoint[]> {
  const timestamp = session.tools.now();
  const log = metricsLog(session, finish.run.id);
  const logged = readIfThere(log);
  const tables = finish.result.kind === 'ran' ? metricTables(session, finish.stage) : [];
  if (logged === undefined && tables.length === 0) return [];
  const { readSeriesLog } = await import('../provenance/metrics-series.ts');
  const { metricsOfRun } = await import('../provenance/metrics-of-run.ts');
  const { points, warnings } = readSeriesLog(logged?.toString('utf8') ?? '', { timestamp });
  for (const warning of warnings) {
    const message = `LOCKSTEP_METRICS: ${warning}`;
    session.emit({ event: 'notice', level: 'warning', stage: finish.stage.id, message });
  }
  rmSync(log, { force: true });
  return metricsOfRun(points, tables, { timestamp });
}

interface MetricTable {
  readonly path: string;
  readonly text: string;
  readonly kind: 'metric' | 'plot';
}

function metricTables(session: Session, stage: Stage): readonly MetricTable[] {
  return stage.outs.flatMap(({ path, kind }) => {
    const text = kind === 'out' ? undefined : readTable(join(session.tools.root, path));
    return kind === 'out' || text === undefined ? [] : [{ path, text, kind }];
  });
}

/** Bytes; a plot may be a picture or a directory, and a table beyond this is data, not a metric. */
const LARGEST_TABLE = 16 * 2 ** 20;

function readTable(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true || stat.size > LARGEST_TABLE) return undefined;
  return readFileSync(file, 'utf8');
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
