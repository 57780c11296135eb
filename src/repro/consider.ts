import type { Digest, ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { sameContent } from '../base/content.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { contains } from '../base/project-path.ts';
import { fingerprintOf, type Inputs } from '../pipeline/fingerprint.ts';
import type { LockEntry, ReadLockEntry } from '../pipeline/lock-entry.ts';
import type { Stage } from '../pipeline/stage.ts';
import { runFileKey } from '../store/run-files.ts';
import { decide, type Findings, findReasons, type Recall, type Wishes } from './decide.ts';
import type { Decision } from './decision.ts';
import { inputsOf, type Observation } from './observation.ts';
import type { ParamsReader } from './params-reader.ts';
import { type Remembered, recallRun } from './run-memory.ts';
import type { Supply, Wanted } from './supply.ts';
import type { Tools } from './tools.ts';

/** Everything known about one stage at the moment of its decision. */
export interface Considered {
  readonly stage: Stage;
  readonly locked: ReadLockEntry | undefined;
  readonly observation: Observation;
  /** Undefined where all is as the lock has it, and while a dep or param is missing or not yet made. */
  readonly inputs: Inputs | undefined;
  readonly fingerprint: Digest | undefined;
  readonly decision: Decision;
  /** What a restore would bring back. */
  readonly source: Remembered | undefined;
}

/** What a plan already knows of stages that it did not perform. Empty while performing. */
export interface Foresight {
  readonly wouldRun: ReadonlySet<StageId>;
  /** Paths that would be restored first, with what they would hold. */
  readonly restored: ReadonlyMap<ProjectPath, Content>;
}

export const NO_FORESIGHT: Foresight = { wouldRun: new Set(), restored: new Map() };

/** What a path holds: by its stat where that is known, else by reading it. */
export interface Look {
  /** Undefined when bytes would have to be read. */
  peek(path: ProjectPath): Content | 'missing' | undefined;
  observe(path: ProjectPath): Promise<Content | 'missing'>;
}

/** Sees every path once: for a plan, in which nothing changes. */
export function lookOnce(store: Look): Look {
  const seen = new Map<ProjectPath, Content | 'missing'>();
  const note = (path: ProjectPath, content: Content | 'missing') => {
    seen.set(path, content);
    return content;
  };
  return {
    peek(path) {
      const known = seen.get(path) ?? store.peek(path);
      return known === undefined ? undefined : note(path, known);
    },
    observe: async (path) => note(path, await store.observe(path)),
  };
}

/** What an out holds. A pipe, a socket or a circle of links holds nothing: it is as if nothing were there. */
export async function lookAtOut(look: Look, path: ProjectPath): Promise<Content | 'missing'> {
  try {
    return look.peek(path) ?? (await look.observe(path));
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== 'unusable-file') throw error;
    // Other causes are faults of the disk or of permissions, and say nothing about what is there.
    if (error.cause !== undefined && !isErrno(error.cause, 'ELOOP')) throw error;
    return 'missing';
  }
}

export interface Considering {
  readonly tools: Tools;
  readonly look: Look;
  readonly paramsReader: ParamsReader;
  readonly foresight: Foresight;
  readonly wishes: Wishes;
  readonly useRunCache: boolean;
  /** The stages it reads from directly. */
  readonly upstream: readonly StageId[];
  /** Undefined where only what is here counts. */
  readonly supply: Supply | undefined;
  /** How the stage is called towards the user. */
  readonly label: string;
}

/** observe → find reasons → look for an earlier result → decide. */
export async function consider(
  stage: Stage,
  locked: ReadLockEntry | undefined,
  options: Considering,
): Promise<Considered> {
  const { foresight, upstream, wishes } = options;
  const waitingFor = upstream.filter((id) => foresight.wouldRun.has(id));
  const observation = await observe(stage, locked, { ...options, waiting: waitingFor.length > 0 });
  const findings = findReasons(stage, locked, observation, wishes);
  // Of a stage that is simply kept nobody asks, and a thousand digests are not free.
  const inputs = isClean(findings) ? undefined : inputsOf(stage, observation);
  const fingerprint = inputs === undefined ? undefined : fingerprintOf(inputs);
  const source =
    waitingFor.length === 0 && mayRecall(findings)
      ? await findSource(stage, { locked, inputs, fingerprint, findings, options })
      : undefined;
  const decision = decide(stage, findings, { upstream: waitingFor, recall: source?.recall });
  return {
    stage,
    locked,
    observation,
    inputs,
    fingerprint,
    decision,
    source: source?.remembered,
  };
}

interface Observing extends Considering {
  readonly waiting: boolean;
}

async function observe(stage: Stage, locked: ReadLockEntry | undefined, options: Observing): Promise<Observation> {
  const { look, foresight, waiting, wishes } = options;
  const deps = new Map<ProjectPath, Content | 'missing' | 'unknown'>();
  for (const path of stage.deps) {
    const content = foreseen(path, foresight) ?? look.peek(path) ?? (await look.observe(path));
    const assumed = wishes.allowMissing ? locked?.entry.deps.get(path) : undefined;
    deps.set(path, content !== 'missing' ? content : (assumed ?? (waiting ? 'unknown' : 'missing')));
  }
  const { params, missing } = await options.paramsReader.read(stage.params);
  const outs = new Map<ProjectPath, Content | 'missing'>();
  for (const out of stage.outs) outs.set(out.path, await lookAtOut(look, out.path));
  const observation = { deps, params, missingParams: missing, outs };
  if (locked?.legacy === undefined) return observation;
  return { ...observation, sameAsLocked: await sameByOldNames(options.tools, { ...locked, ...observation }) };
}

/** Those of the paths with digests of DVC 2 that hold what these say, as that version would have seen it. */
async function sameByOldNames(
  { store }: Tools,
  { entry, legacy = new Set(), deps, outs }: ReadLockEntry & Pick<Observation, 'deps' | 'outs'>,
): Promise<ReadonlySet<ProjectPath>> {
  const same = new Set<ProjectPath>();
  for (const path of legacy) {
    const was = entry.deps.get(path) ?? entry.outs.get(path)?.content;
    const now = deps.get(path) ?? outs.get(path);
    if (was === undefined || now === undefined || typeof now === 'string') continue;
    const old = sameContent(was, now) ? was : await store.observeLegacy(path);
    if (old !== 'missing' && sameContent(was, old)) same.add(path);
  }
  return same;
}

/** What a path would hold after the restores of a plan; `unknown` where a dep and a restored out only overlap. */
function foreseen(path: ProjectPath, foresight: Foresight): Content | 'unknown' | undefined {
  if (foresight.restored.size === 0) return undefined;
  const exact = foresight.restored.get(path);
  if (exact !== undefined) return exact;
  for (const restored of foresight.restored.keys()) {
    if (contains(restored, path) || contains(path, restored)) return 'unknown';
  }
  return undefined;
}

function isClean({ inputs, outs, impossible, insist }: Findings): boolean {
  return inputs.length + outs.length + impossible.length + insist.length === 0;
}

function mayRecall(findings: Findings): boolean {
  const { inputs, outs, impossible, insist } = findings;
  return impossible.length === 0 && insist.length === 0 && inputs.length + outs.length > 0;
}

interface Source {
  readonly remembered: Remembered;
  readonly recall: Recall;
}

interface Search {
  readonly locked: ReadLockEntry | undefined;
  readonly inputs: Inputs | undefined;
  readonly fingerprint: Digest | undefined;
  readonly findings: Findings;
  readonly options: Considering;
}

async function findSource(stage: Stage, search: Search): Promise<Source | undefined> {
  const { locked, fingerprint, findings, options } = search;
  let lastSeen: Source | undefined;
  if (locked !== undefined && findings.inputs.length === 0) {
    const found = await judge({ entry: locked.entry, run: null }, 'lock', search, stage);
    if (found.recall.verdict === 'intact') return found;
    lastSeen = found;
  }
  if (!options.useRunCache || fingerprint === undefined || stage.frozen) return lastSeen;
  const remembered = await recallAnywhere(stage, { ...search, fingerprint });
  if (remembered === undefined || !holdsAll(remembered.entry, stage)) return lastSeen;
  const found = await judge(remembered, 'run-cache', search, stage);
  return found.recall.verdict === 'intact' ? found : (lastSeen ?? found);
}

/** What is remembered here; else what is remembered where supplies come from, which is here then. */
async function recallAnywhere(
  stage: Stage,
  search: Search & { readonly fingerprint: Digest },
): Promise<Remembered | undefined> {
  const { runCache, scheme } = search.options.tools;
  const here = recallRun(runCache, search.fingerprint) ?? (await recallFromDvc(stage, search));
  const { supply } = search.options;
  if (here !== undefined || supply === undefined) return here;
  if (scheme === 'dvc') return await recallFromDvc(stage, search, supply);
  await supply.recall(runFileKey(search.fingerprint));
  return recallRun(runCache, search.fingerprint);
}

/** In a DVC project: what either tool remembered in DVC's own run cache. */
async function recallFromDvc(
  stage: Stage,
  { locked, inputs, options }: Search,
  supply?: Supply,
): Promise<Remembered | undefined> {
  const { dvcRuns } = options.tools;
  if (dvcRuns === undefined || inputs === undefined || stage.data === true) return undefined;
  // DVC's key is the same in every directory, so what it finds may have been made in the one of before.
  if (locked !== undefined && locked.entry.wdir !== stage.wdir) return undefined;
  const { dvcRunKey, recallDvcRun } = await import('./dvc-runs.ts');
  const key = supply === undefined ? undefined : dvcRunKey(stage, inputs);
  if (key !== undefined) await supply?.recall(`runs/${key.slice(0, 2)}/${key}/`);
  const entry = recallDvcRun(dvcRuns, stage, inputs);
  return entry === undefined ? undefined : { entry, run: null };
}

function holdsAll(entry: LockEntry, stage: Stage): boolean {
  return stage.outs.every((out) => entry.outs.has(out.path));
}

/** Whether each out is on disk already or its objects are here, intact. */
async function judge(remembered: Remembered, from: Recall['from'], search: Search, stage: Stage): Promise<Source> {
  const { look, tools, supply, label } = search.options;
  const corrupt: ProjectPath[] = [];
  const lacking: Wanted[] = [];
  let isKnown = true;
  for (const { path, remote } of stage.outs) {
    const content = remembered.entry.outs.get(path)?.content;
    const onDisk = await lookAtOut(look, path);
    if (content === undefined) isKnown = false;
    else if (onDisk === 'missing' || !sameContent(onDisk, content)) {
      const verdict = await tools.store.verify(content);
      if (verdict === 'corrupt') corrupt.push(path);
      if (verdict !== 'intact') lacking.push({ content, path, stage: label, remote });
    }
  }
  const isIntact = isKnown && (lacking.length === 0 || (await supply?.provide(lacking)) === true);
  const verdict = isIntact ? 'intact' : corrupt.length > 0 ? 'corrupt' : 'missing';
  return { remembered, recall: { from, verdict, corrupt } };
}
