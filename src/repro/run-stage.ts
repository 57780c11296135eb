import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectPath, RunId } from '../base/brand.ts';
import { type Content, sameContent } from '../base/content.ts';
import { LockstepError } from '../base/error.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Exit } from '../executors/executor.ts';
import { fingerprintOf, type Inputs } from '../pipeline/fingerprint.ts';
import type { Stage } from '../pipeline/stage.ts';
import { isTextFile } from '../store/text.ts';
import type { Run } from '../tracking/run.ts';
import type { Considered } from './consider.ts';
import { scriptText } from './decide.ts';
import type { Comparison, Outcome } from './decision.ts';
import { labelOf } from './loaded.ts';
import { entryOf, inputsOfEntry } from './observation.ts';
import type { Slot } from './order.ts';
import { createOutputLog, type OutputLog } from './output-log.ts';
import type { Result } from './result.ts';
import { type Finish, finishRecord } from './run-record.ts';
import { codeRecord, type Session, startedRun } from './session.ts';
import { stageEnvironment } from './stage-environment.ts';

interface Attempt {
  readonly considered: Considered & { readonly inputs: Inputs };
  readonly slot: Slot;
  readonly number: number;
}

/** Runs a stage until it succeeds or its tries are used up; every try is a run of its own. */
export async function runStage(session: Session, considered: Considered, slot: Slot): Promise<Outcome> {
  const { stage, inputs } = considered;
  if (inputs === undefined) throw new Error(`stage ${stage.id} was to run without its inputs`);
  for (let number = 1; ; number += 1) {
    const outcome = await runOnce(session, { considered: { ...considered, inputs }, slot, number });
    if (outcome.kind !== 'failed' || number > stage.retries || session.signal.aborted) return outcome;
    const message = `${outcome.message}; try ${number + 1} of ${stage.retries + 1}`;
    session.emit({ event: 'notice', level: 'warning', stage: stage.id, message });
  }
}

/** clear outs → run the command → hash the outs → check that the inputs are still the same → record. */
async function runOnce(session: Session, attempt: Attempt): Promise<Outcome> {
  const { considered } = attempt;
  const { stage, inputs } = considered;
  const { tools } = session;
  const id = tools.randomId() as RunId;
  await makeRoom(session, considered);
  const reasons = considered.decision.do === 'keep' ? [] : considered.decision.reasons;
  const fingerprint = considered.fingerprint ?? fingerprintOf(inputs);
  const run = startedRun(session, stage, { id, inputs, fingerprint, reasons: reasons.map(({ reason }) => reason) });
  const log = createOutputLog(join(tools.tmp, 'logs', `${id}.log`), (stream, text) =>
    session.emit({ event: 'stage-output', stage: stage.id, stream, text }),
  );
  const door = await session.door();
  const env = stageEnvironment(session, stage, { run: id, gpus: attempt.slot.gpus, door });
  const facts = gatherFacts(session, stage, env, (code) => {
    session.recorder.track({ ...run, code });
  });
  // It is awaited below; a failure before that must not count as one that nobody looks at.
  facts.catch(() => undefined);
  session.recorder.track(run);
  session.emit({
    event: 'stage-started',
    stage: stage.id,
    run: id,
    cmd: scriptText(stage.cmd),
    attempt: attempt.number,
    expected: session.history.get(stage.id)?.duration ?? null,
  });
  try {
    const exit = await execute(session, { stage, env, log, run });
    const endTime = tools.now();
    endLog(session, stage, log);
    const result = await judge(session, considered, { exit, inputs, id });
    if (result.kind !== 'ran') await noteLeftovers(session, stage);
    const number = attempt.number;
    const finish: Finish = { run, stage, log, result, exit, endTime, fingerprint, attempt: number, ...(await facts) };
    await finishRecord(session, finish);
    return outcomeOf(result, id, log);
  } catch (error) {
    await giveUp(session, stage, { run, error });
    throw error;
  }
}

function endLog(session: Session, stage: Stage, log: OutputLog): void {
  log.end();
  if (log.fault === undefined) return;
  const message = `the end of its output is not in its log: ${log.fault.message}`;
  session.emit({ event: 'notice', level: 'warning', stage: stage.id, message });
}

/** What was thrown is told by whoever catches it; the run must not look as if it still went on. */
async function giveUp(session: Session, stage: Stage, { run, error }: { run: Run; error: unknown }): Promise<void> {
  const tags = { ...run.tags, 'lockstep.failure': error instanceof Error ? error.message : String(error) };
  session.recorder.track({ ...run, status: 'FAILED', endTime: session.tools.now(), tags });
  // On a disk that is full this fails, too, and costs only that the outs go to the trash next time.
  await noteLeftovers(session, stage).catch(() => undefined);
}

function outcomeOf(result: Result, run: RunId, log: OutputLog): Outcome {
  switch (result.kind) {
    case 'ran':
      return { kind: 'ran', run, again: result.again };
    case 'failed':
      return { kind: 'failed', run, message: result.message, lastLines: log.lastLines() };
    case 'stopped':
      return { kind: 'stopped', run };
    default:
      return unreachable(result);
  }
}

/** Takes the old outs away, so that a stage cannot pass off yesterday's as today's, and makes their directories. */
async function makeRoom(session: Session, { stage, locked, observation }: Considered): Promise<void> {
  const { store, root } = session.tools;
  for (const out of stage.outs) {
    if (!out.persist) {
      // What the lock says it wrote is nobody else's work, in the cache or not (metrics that git keeps are not).
      const was = locked?.entry.outs.get(out.path)?.content;
      const now = observation.outs.get(out.path) ?? 'missing';
      const ours = was !== undefined && now !== 'missing' && sameContent(was, now);
      const leftover = ours ? store.stamp(out.path) : session.leftovers.stampOf(out.path);
      const trashed = await store.clear(out.path, typeof leftover === 'string' ? { leftover } : {});
      if (trashed !== null) sayTrashed(session, stage, { path: out.path, trashed });
      session.leftovers.forget(out.path);
    } else {
      await store.unprotect(out.path);
    }
    mkdirSync(dirname(join(root, out.path)), { recursive: true });
  }
}

export function sayTrashed(
  session: Session,
  stage: Stage,
  moved: { readonly path: ProjectPath; readonly trashed: ProjectPath },
): void {
  const message = `${moved.path} held something that is not in the cache; it was moved to ${moved.trashed}`;
  session.emit({ event: 'notice', level: 'warning', stage: stage.id, message });
}

async function noteLeftovers(session: Session, stage: Stage): Promise<void> {
  for (const out of stage.outs) {
    const stamp = out.persist ? null : stampOf(session, out.path);
    if (stamp !== null) session.leftovers.note(out.path, stamp);
  }
}

/** Null also for what cannot be looked at, such as a directory with a pipe in it. */
function stampOf(session: Session, path: ProjectPath): string | null {
  try {
    return session.tools.store.stamp(path);
  } catch (error) {
    if (error instanceof LockstepError && error.code === 'unusable-file') return null;
    throw error;
  }
}

/** Code and environment are looked up while the command runs, so that they never slow it down. */
async function gatherFacts(
  session: Session,
  stage: Stage,
  env: Readonly<Record<string, string>>,
  onCode: (code: ReturnType<typeof codeRecord>) => void,
): Promise<Pick<Finish, 'code' | 'environment'>> {
  const scripts = typeof stage.cmd === 'string' ? [stage.cmd] : stage.cmd;
  const code = session.captureCode();
  const environment = session.tools.captureEnvironment({ scripts, cwd: join(session.tools.root, stage.wdir), env });
  onCode(codeRecord(await code, stage));
  return { code: await code, environment: await environment };
}

interface Executing {
  readonly stage: Stage;
  readonly env: Readonly<Record<string, string>>;
  readonly log: OutputLog;
  readonly run: ReturnType<typeof startedRun>;
}

async function execute(session: Session, { stage, env, log, run }: Executing): Promise<Exit> {
  const { tools, signal } = session;
  if (signal.aborted) return { kind: 'stopped' };
  const executor = await tools.executor();
  const execution = executor.start({
    run: run.id,
    scripts: typeof stage.cmd === 'string' ? [stage.cmd] : stage.cmd,
    cwd: join(tools.root, stage.wdir),
    env,
    ...(stage.timeout === undefined ? {} : { timeout: stage.timeout }),
    grace: session.grace,
    recordFile: join(tools.tmp, 'running', `${run.id}.json`),
    record: { stage: labelOf(session.loaded, stage.id), run, log: log.file },
    onOutput: (stream, chunk) => log.write(stream, chunk),
  });
  const stop = () => execution.stop();
  signal.addEventListener('abort', stop, { once: true });
  const exit = await execution.finished;
  signal.removeEventListener('abort', stop);
  return exit;
}

async function judge(
  session: Session,
  considered: Considered,
  run: { readonly exit: Exit; readonly inputs: Inputs; readonly id: RunId },
): Promise<Result> {
  const { stage } = considered;
  const failure = exitFailure(run.exit);
  if (failure !== undefined) return failure;
  const outs = await saveOuts(session, stage);
  if (outs instanceof LockstepError) return { kind: 'failed', message: outs.message };
  const notMade = stage.outs.map((out) => out.path).filter((path) => !outs.has(path));
  if (notMade.length > 0) {
    return { kind: 'failed', message: `it exited with 0 but did not make its declared ${list('out', notMade)}` };
  }
  const unreadable = stage.outs.filter(({ kind, path }) => kind === 'metric' && isBinary(session, outs, path));
  if (unreadable.length > 0) {
    const paths = unreadable.map(({ path }) => path);
    return { kind: 'failed', message: `it wrote bytes that are no text into ${list('metric', paths)}` };
  }
  const changed = await changedInputs(session, stage, run.inputs);
  if (changed.length > 0) {
    const message = `${list('input', changed)} changed while it ran (dep-changed-while-running); its outs stay on disk`;
    return { kind: 'failed', message: `${message}, unproven` };
  }
  return { kind: 'ran', entry: entryOf(stage, run.inputs, outs), again: compare(considered, outs) };
}

/** Those that are there; the stoppage where one is of a kind that cannot be kept. */
async function saveOuts(session: Session, stage: Stage): Promise<ReadonlyMap<ProjectPath, Content> | LockstepError> {
  const { store, scheme } = session.tools;
  const keepsUncached = scheme === 'native' || isForDvcRunCache(stage);
  const outs = new Map<ProjectPath, Content>();
  for (const out of stage.outs) {
    // Metrics and plots are kept even where git has them, so that the run cache can bring them back.
    const keep = session.commit && (out.cache || (out.kind !== 'out' && keepsUncached));
    try {
      const content = keep ? await store.save(out.path) : await store.observe(out.path);
      if (content !== 'missing') outs.set(out.path, content);
    } catch (error) {
      if (error instanceof LockstepError && ['unusable-file', 'stray-ignore'].includes(error.code)) return error;
      throw error;
    }
  }
  return outs;
}

/** Numbers cannot be read from such a file; DVC refuses it, too. */
function isBinary(session: Session, outs: ReadonlyMap<ProjectPath, Content>, path: ProjectPath): boolean {
  return outs.get(path)?.kind === 'file' && !isTextFile(join(session.tools.root, path));
}

/** Whether DVC would remember the stage, and for that keep also what git has of its outs. */
function isForDvcRunCache({ alwaysChanged, deps, params, outs }: Stage): boolean {
  if (alwaysChanged || deps.length + params.length === 0) return false;
  return outs.every((out) => !out.persist && (out.cache || out.kind !== 'out'));
}

function list(noun: string, names: readonly string[]): string {
  return `${noun}${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
}

function exitFailure(exit: Exit): Result | undefined {
  switch (exit.kind) {
    case 'exited':
      return exit.code === 0 ? undefined : { kind: 'failed', message: `exited with code ${exit.code}` };
    case 'signalled':
      return { kind: 'failed', message: `was ended by ${exit.signal}` };
    case 'timed-out':
      return { kind: 'failed', message: `timed out after ${exit.after / 1000} s` };
    case 'not-started':
      return { kind: 'failed', message: `could not be started: ${exit.message}` };
    case 'stopped':
      return { kind: 'stopped' };
    default:
      return unreachable(exit);
  }
}

/** Inputs that are not what they were when the command began: nobody knows which state it read. */
async function changedInputs(session: Session, stage: Stage, before: Inputs): Promise<readonly string[]> {
  const { store } = session.tools;
  const changed: string[] = [];
  for (const [path, was] of before.deps) {
    const now = store.peek(path) ?? (await store.observe(path));
    if (now === 'missing' || !sameContent(was, now)) changed.push(path);
  }
  const { params } = await session.paramsReader.read(stage.params);
  for (const [file, values] of before.params) {
    for (const [key, was] of values) if (params.get(file)?.get(key) !== was) changed.push(`${file}:${key}`);
  }
  return changed;
}

/** A run whose inputs are those of the lock entry is a test of it: the outs should be the same. */
function compare(considered: Considered, outs: ReadonlyMap<ProjectPath, Content>): Comparison | null {
  const { locked, fingerprint } = considered;
  if (locked === undefined || locked.edited || fingerprintOf(inputsOfEntry(locked.entry)) !== fingerprint) return null;
  const different = [...outs].filter(([path, now]) => {
    const was = locked.entry.outs.get(path)?.content;
    return was === undefined || !sameContent(was, now);
  });
  return different.length === 0 ? { kind: 'reproduced' } : { kind: 'differs', outs: different.map(([path]) => path) };
}
