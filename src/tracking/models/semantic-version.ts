import type { Literal } from '../../base/brand.ts';
import type { DataOfStep, FileOfStep, Lineage, Step } from './lineage.ts';

/**
 * How far a version is from the one before it:
 * major: another architecture or training code, or data of another distribution (other files, other columns);
 * minor: the same code on other data, or with other params; patch: only what comes before or after training.
 */
export type Bump = 'major' | 'minor' | 'patch';

export const BUMPS = ['major', 'minor', 'patch'] as const satisfies readonly Bump[];

export interface Reason {
  readonly bump: Bump;
  readonly what: 'command' | 'code' | 'data' | 'columns' | 'params' | 'stage';
  /** The step in which it was found. */
  readonly step: string;
  readonly detail: string;
}

export interface Proposal {
  readonly bump: Bump;
  /** Those of the bump itself first. Empty: nothing that is recorded differs. */
  readonly reasons: readonly Reason[];
}

export function proposeBump(from: Lineage, to: Lineage): Proposal {
  const reasons = [
    ...ofTraining(from, to),
    ...ofSteps(from.before, to.before, BEFORE),
    ...ofSteps(from.after, to.after, AFTER),
  ];
  const sorted = BUMPS.flatMap((bump) => reasons.filter((reason) => reason.bump === bump));
  return { bump: sorted[0]?.bump ?? 'patch', reasons: sorted };
}

export const FIRST_VERSION = '1.0.0';

/** Of a text that is no version, the first. */
export function nextVersion(version: string, bump: Bump): string {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  if (major === undefined) return FIRST_VERSION;
  if (bump === 'major') return `${Number(major) + 1}.0.0`;
  return bump === 'minor' ? `${major}.${Number(minor) + 1}.0` : `${major}.${minor}.${Number(patch) + 1}`;
}

/** How much a change weighs, by where it is. */
interface Weights {
  readonly code: Bump;
  readonly params: Bump;
  /** Source data that is other bytes, and source data that is another thing. */
  readonly data: Bump;
  readonly shape: Bump;
}

const TRAINING: Weights = { code: 'major', params: 'minor', data: 'minor', shape: 'major' };
const BEFORE: Weights = { code: 'patch', params: 'patch', data: 'minor', shape: 'major' };
const AFTER: Weights = { code: 'patch', params: 'patch', data: 'patch', shape: 'patch' };

function ofTraining(from: Lineage, to: Lineage): readonly Reason[] {
  const reasons = ofStep(from.model, to.model, TRAINING);
  // What other steps made is other bytes because of these, if something about them is said to differ.
  const upstream = ofSteps(from.before, to.before, BEFORE).length > 0;
  const made = changedFiles(from.model.data.filter(isMade), to.model.data.filter(isMade));
  if (upstream || made.length === 0) return reasons;
  return [...reasons, ...made.map((detail) => reason('minor', 'data', to.model, detail))];
}

function ofSteps(from: readonly Step[], to: readonly Step[], weights: Weights): readonly Reason[] {
  const known = new Map(from.map((step) => [step.name, step]));
  const names = new Set(to.map(({ name }) => name));
  const gone = from.filter(({ name }) => !names.has(name));
  return [
    ...to.flatMap((step) => {
      const before = known.get(step.name);
      return before === undefined ? [reason(weights.code, 'stage', step, 'is new')] : ofStep(before, step, weights);
    }),
    ...gone.map((step) => reason(weights.code, 'stage', step, 'is gone')),
  ];
}

function ofStep(from: Step, to: Step, weights: Weights): readonly Reason[] {
  if (from.run === to.run) return [];
  const params = changedParams(from, to);
  const [before, after] = [commandWithout(from, params), commandWithout(to, params)];
  const command =
    before === after ? [] : [reason(weights.code, 'command', to, `${before ?? 'none'} → ${after ?? 'none'}`)];
  const [sources, formerSources] = [to.data.filter(isSource), from.data.filter(isSource)];
  const otherFiles = [...appeared(formerSources, sources), ...disappeared(from.data, to.data)];
  const otherMade = appeared(from.data.filter(isMade), to.data.filter(isMade));
  return [
    ...command,
    ...filesDiffer(from.code, to.code).map((detail) => reason(weights.code, 'code', to, detail)),
    ...[...otherFiles, ...otherMade].map((detail) => reason(weights.shape, 'data', to, detail)),
    ...otherColumns(from.data, to.data).map((detail) => reason(weights.shape, 'columns', to, detail)),
    ...changedFiles(formerSources, sources).map((detail) => reason(weights.data, 'data', to, detail)),
    ...params.map(({ key, was, now }) => {
      const bump = weights === TRAINING && isArchitecture(key) ? 'major' : weights.params;
      return reason(bump, 'params', to, `${key}: ${was ?? 'none'} → ${now ?? 'none'}`);
    }),
  ];
}

function reason(bump: Bump, what: Reason['what'], { name }: Step, detail: string): Reason {
  return { bump, what, step: name, detail };
}

const isMade = ({ made }: DataOfStep) => made;
const isSource = ({ made }: DataOfStep) => !made;

function filesDiffer(from: readonly FileOfStep[], to: readonly FileOfStep[]): readonly string[] {
  return [...changedFiles(from, to), ...appeared(from, to), ...disappeared(from, to)];
}

function changedFiles(from: readonly FileOfStep[], to: readonly FileOfStep[]): readonly string[] {
  const known = new Map(from.map(({ path, digest }) => [path, digest]));
  return to
    .filter(({ path, digest }) => known.has(path) && known.get(path) !== digest)
    .map(({ path }) => `${path} changed`);
}

function appeared(from: readonly FileOfStep[], to: readonly FileOfStep[]): readonly string[] {
  const known = new Set(from.map(({ path }) => path));
  return to.filter(({ path }) => !known.has(path)).map(({ path }) => `${path} is new`);
}

function disappeared(from: readonly FileOfStep[], to: readonly FileOfStep[]): readonly string[] {
  const kept = new Set(to.map(({ path }) => path));
  return from.filter(({ path }) => !kept.has(path)).map(({ path }) => `${path} is gone`);
}

function otherColumns(from: readonly DataOfStep[], to: readonly DataOfStep[]): readonly string[] {
  const known = new Map(from.map((data) => [data.path, data.columns]));
  return to.flatMap(({ path, columns }) => {
    const before = known.get(path);
    if (before === undefined || columns === undefined) return [];
    const fresh = columns.filter((column) => !before.includes(column)).map((column) => `+${column}`);
    const lost = before.filter((column) => !columns.includes(column)).map((column) => `-${column}`);
    return fresh.length + lost.length === 0 ? [] : [`${path}: ${[...fresh, ...lost].join(' ')}`];
  });
}

interface ChangedParam {
  readonly key: string;
  readonly was: Literal | undefined;
  readonly now: Literal | undefined;
}

function changedParams(from: Step, to: Step): readonly ChangedParam[] {
  const [before, after] = [from, to].map(({ params }) => new Map(params.map(({ key, value }) => [key, value])));
  const keys = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  return [...keys]
    .map((key) => ({ key, was: before?.get(key), now: after?.get(key) }))
    .filter(({ was, now }) => was !== now);
}

/** The command as it was written: a param that it was given is told of as a param. */
function commandWithout({ command, params }: Step, changed: readonly ChangedParam[]): string | null {
  if (command === null) return null;
  return changed.reduce((text, { key }) => {
    const value = params.find((param) => param.key === key)?.value;
    const plain = value?.startsWith('"') === true ? (JSON.parse(value) as string) : value;
    if (plain === undefined || plain === '') return text;
    const word = new RegExp(`(?<![\\w.])${escaped(plain)}(?![\\w.])`, 'g');
    return text.replace(word, () => `\${${key}}`);
  }, command);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** By what such params are called nearly everywhere; who knows better says `--bump`. */
const ARCHITECTURE =
  /^(model|models|model_?(type|name|class)|arch|architecture|backbone|estimator|algorithm|classifier|regressor|network|layers?|n(um)?_?layers|hidden(_?(size|layers|units|dims?))?|units|heads|n(um)?_?heads|embedding_?(size|dims?)|kernel_?size|activation)$/i;

function isArchitecture(key: string): boolean {
  const last = key.slice(key.search(/[^.:[\]]+\]?$/)).replace(']', '');
  return ARCHITECTURE.test(last);
}
