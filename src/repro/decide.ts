import type { ProjectPath, StageId } from '../base/brand.ts';
import { sameContent } from '../base/content.ts';
import type { LockEntry, ReadLockEntry } from '../pipeline/lock-entry.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Decision, Reason, RestoreSource } from './decision.ts';
import type { Observation } from './observation.ts';

/** What the caller wishes for one stage, beyond what the files say. */
export interface Wishes {
  readonly force: boolean;
  /** What is missing on disk but stands in the lock is taken as unchanged. */
  readonly allowMissing: boolean;
}

/** An earlier result of the same inputs, and whether all its objects are here. */
export interface Recall {
  readonly from: RestoreSource;
  readonly verdict: 'intact' | 'missing' | 'corrupt';
  /** Outs whose objects were found corrupt. */
  readonly corrupt: readonly ProjectPath[];
}

export interface Findings {
  /** Why the inputs are not those of the lock entry. */
  readonly inputs: readonly Reason[];
  /** Why the outs on disk are not those of the lock entry. */
  readonly outs: readonly Reason[];
  /** Deps that are missing and that no stage makes. */
  readonly impossible: readonly Reason[];
  /** It runs whatever is known. */
  readonly insist: readonly Reason[];
}

/** Holds one stage against its lock entry and finds every difference. */
export function findReasons(
  stage: Stage,
  locked: ReadLockEntry | undefined,
  observation: Observation,
  wishes: Wishes,
): Findings {
  const entry = locked?.entry;
  const missing: Reason[] = [];
  for (const [path, content] of observation.deps) {
    if (content === 'missing') missing.push({ reason: 'dep-missing', path });
  }
  const insist: Reason[] = [];
  if (wishes.force) insist.push({ reason: 'forced' });
  if (stage.alwaysChanged || isCallback(stage)) insist.push({ reason: 'always' });
  if (entry === undefined && isLeftAlone(stage)) {
    return { inputs: [{ reason: 'no-lock-entry' }], outs: missingOuts(stage, observation), impossible: [], insist: [] };
  }
  if (entry === undefined) return { inputs: [{ reason: 'no-lock-entry' }], outs: [], impossible: missing, insist };
  if (stage.frozen) return { inputs: [], outs: outReasons(stage, entry, observation, wishes), impossible: [], insist };
  const edited: Reason[] = locked?.edited === true ? [{ reason: 'lock-edited' }] : [];
  return {
    inputs: [
      ...edited,
      ...definitionReasons(stage, entry),
      ...depReasons(entry, observation),
      ...paramReasons(entry, observation),
    ],
    outs: outReasons(stage, entry, observation, wishes),
    impossible: missing,
    insist,
  };
}

export interface Circumstances {
  /** Stages it reads from that would run; known only in a plan. */
  readonly upstream: readonly StageId[];
  /** Undefined when nothing is known of these inputs, or when nobody needed to look. */
  readonly recall: Recall | undefined;
}

/** Weighs all reasons. Pure: the same findings and circumstances give the same decision on every machine. */
export function decide(stage: Stage, findings: Findings, { upstream, recall }: Circumstances): Decision {
  const waiting: Reason[] = upstream.map((id) => ({ reason: 'upstream-would-run', stage: id }));
  const reasons = [...findings.inputs, ...findings.impossible, ...findings.outs, ...findings.insist];
  if (stage.data === true) return decideData(findings, recall);
  if (stage.frozen) {
    if (findings.inputs.length > 0) return decideUnlocked(findings);
    const restore = findings.outs.length > 0 && recall?.verdict === 'intact';
    return restore ? { do: 'restore', from: recall.from, reasons: findings.outs } : { do: 'keep' };
  }
  if (findings.impossible.length > 0) return { do: 'blocked', by: [], reasons: [...waiting, ...reasons] };
  if (waiting.length > 0) return { do: 'run', reasons: [...waiting, ...reasons] };
  if (reasons.length === 0) return { do: 'keep' };
  if (findings.insist.length > 0) return { do: 'run', reasons };
  if (recall?.verdict === 'intact') return { do: 'restore', from: recall.from, reasons };
  const corrupt: Reason[] = (recall?.corrupt ?? []).map((path) => ({ reason: 'object-corrupt', path }));
  return { do: 'run', reasons: [...reasons, ...corrupt] };
}

/** A command that is not to run; for data there is none. */
export function isLeftAlone({ frozen, data }: Stage): boolean {
  return frozen && data !== true;
}

/** A frozen stage that was never locked: what is there is taken for its result, and nothing else can give it one. */
function decideUnlocked({ inputs, outs }: Findings): Decision {
  const reasons = [...inputs, ...outs];
  return outs.length > 0 ? { do: 'blocked', by: [], reasons } : { do: 'run', reasons };
}

function missingOuts(stage: Stage, observation: Observation): Reason[] {
  const missing = stage.outs.filter(({ path }) => (observation.outs.get(path) ?? 'missing') === 'missing');
  return missing.map(({ path }) => ({ reason: 'out-missing', path }));
}

/** Data has no command that could make it again. What is on disk is what counts, and is recorded where it changed. */
function decideData({ inputs, outs }: Findings, recall: Recall | undefined): Decision {
  const reasons = [...inputs, ...outs];
  if (reasons.length === 0) return { do: 'keep' };
  if (outs.some(({ reason }) => reason === 'out-changed')) return { do: 'run', reasons };
  if (recall?.verdict === 'intact') return { do: 'restore', from: recall.from, reasons };
  const corrupt: Reason[] = (recall?.corrupt ?? []).map((path) => ({ reason: 'object-corrupt', path }));
  return { do: 'blocked', by: [], reasons: [...reasons, ...corrupt] };
}

/** A stage that reads nothing and writes nothing has no result to keep: it runs every time. */
function isCallback(stage: Stage): boolean {
  return stage.deps.length === 0 && stage.params.length === 0 && stage.outs.length === 0;
}

function definitionReasons(stage: Stage, entry: LockEntry): Reason[] {
  const reasons: Reason[] = [];
  const [was, now] = [scriptText(entry.cmd), scriptText(stage.cmd)];
  if (was !== now || Array.isArray(entry.cmd) !== Array.isArray(stage.cmd)) {
    reasons.push({ reason: 'command-changed', was, now });
  }
  if (entry.wdir !== stage.wdir) reasons.push({ reason: 'wdir-changed', was: entry.wdir, now: stage.wdir });
  for (const name of Object.keys({ ...entry.env, ...stage.env })) {
    const before = entry.env[name] ?? null;
    const after = stage.env[name] ?? null;
    if (before !== after) reasons.push({ reason: 'env-changed', name, was: before, now: after });
  }
  if (!sameOuts(stage, entry)) reasons.push(outsRedefined(stage, entry));
  return reasons;
}

function sameOuts(stage: Stage, entry: LockEntry): boolean {
  const same = stage.outs.length === entry.outs.size;
  return same && stage.outs.every((out) => entry.outs.get(out.path)?.persist === out.persist);
}

function outsRedefined(stage: Stage, entry: LockEntry): Reason {
  const added = stage.outs.filter((out) => entry.outs.get(out.path)?.persist !== out.persist).map((out) => out.path);
  const declared = new Set(stage.outs.map((out) => out.path));
  const removed = [...entry.outs.keys()].filter((path) => !declared.has(path));
  return { reason: 'outs-redefined', added, removed };
}

/** A list of commands, shown as one text. */
export function scriptText(cmd: string | readonly string[]): string {
  return typeof cmd === 'string' ? cmd : cmd.join('\n');
}

function depReasons(entry: LockEntry, observation: Observation): Reason[] {
  const reasons: Reason[] = [];
  const { sameAsLocked: same } = observation;
  for (const [path, now] of observation.deps) {
    const was = entry.deps.get(path);
    if (was === undefined) reasons.push({ reason: 'dep-added', path });
    else if (now !== 'missing' && now !== 'unknown' && !sameContent(was, now) && !same?.has(path)) {
      reasons.push({ reason: 'dep-changed', path, was, now });
    }
  }
  for (const path of entry.deps.keys()) {
    if (!observation.deps.has(path)) reasons.push({ reason: 'dep-removed', path });
  }
  return reasons;
}

function paramReasons(entry: LockEntry, observation: Observation): Reason[] {
  const reasons: Reason[] = [];
  for (const [file, values] of observation.params) {
    const before = entry.params.get(file);
    for (const [key, now] of values) {
      const was = before?.get(key);
      if (was === undefined) reasons.push({ reason: 'param-added', file, key, now });
      else if (was !== now) reasons.push({ reason: 'param-changed', file, key, was, now });
    }
  }
  for (const [file, values] of entry.params) {
    const after = observation.params.get(file);
    for (const [key, was] of values) {
      const unread = observation.missingParams.some((p) => p.file === file && (p.key === null || p.key === key));
      if (after?.has(key) !== true && !unread) reasons.push({ reason: 'param-removed', file, key, was });
    }
  }
  return reasons;
}

function outReasons(stage: Stage, entry: LockEntry, observation: Observation, wishes: Wishes): Reason[] {
  const reasons: Reason[] = [];
  for (const out of stage.outs) {
    const locked = entry.outs.get(out.path);
    const now = observation.outs.get(out.path) ?? 'missing';
    if (locked === undefined) continue;
    if (now === 'missing') {
      if (!wishes.allowMissing) reasons.push({ reason: 'out-missing', path: out.path });
    } else if (!sameContent(locked.content, now) && observation.sameAsLocked?.has(out.path) !== true) {
      reasons.push({ reason: 'out-changed', path: out.path, was: locked.content, now });
    }
  }
  return reasons;
}
