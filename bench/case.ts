import type { Cost } from './measure.ts';

/** One or more rows of the table, measured together. */
export interface Case {
  /** What `npm run bench -- NAME` looks for, as a part. */
  readonly name: string;
  /** What exactly is compared with what. */
  readonly compares: string;
  /** Too long for a run of all, or of all whose names hold a word: measured when a word is its whole name. */
  readonly isOnlyByName?: boolean;
  measure(place: Place): readonly Row[] | Promise<readonly Row[]>;
}

/** Where the cases work. */
export interface Place {
  /** An empty directory for the case, on a disk. */
  readonly directory: string;
  /** The built program. */
  readonly lockstep: readonly string[];
  readonly node: string;
}

export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: string;
  readonly allowed: string;
  /** `shown`: no bound is set. */
  readonly verdict: 'met' | 'missed' | 'shown' | 'not measured';
}

export type Dimension = keyof Cost;

const DIMENSIONS: Readonly<Record<Dimension, string>> = { cpu: 'CPU', wall: 'wall' };

interface Comparison {
  readonly what: string;
  readonly dimension: Dimension;
  readonly ours: Cost;
  readonly peer: Cost;
  readonly peerName: string;
  /** Times the peer; absent: shown without a verdict. */
  readonly atMost?: number;
}

/** Ours against a peer that ran in turn with it. */
export function against({ what, dimension, ours, peer, peerName, atMost }: Comparison): Row {
  const ratio = ours[dimension] / peer[dimension];
  return {
    what,
    ours: `${seconds(ours[dimension])} ${DIMENSIONS[dimension]}`,
    peer: `${peerName}: ${seconds(peer[dimension])}`,
    ratio: times(ratio),
    allowed: atMost === undefined ? '' : `${Number(atMost.toFixed(4))} ×`,
    verdict: atMost === undefined ? 'shown' : ratio <= atMost ? 'met' : 'missed',
  };
}

/** Ours against a number that no peer has to show. */
export function within(what: string, value: number, { atMost, text }: { atMost: number; text: Format }): Row {
  const verdict = value <= atMost ? 'met' : 'missed';
  return { what, ours: text(value), peer: '', ratio: '', allowed: text(atMost), verdict };
}

export function unmeasured(what: string, why: string): Row {
  return { what, ours: '', peer: why, ratio: '', allowed: '', verdict: 'not measured' };
}

/** A peak of memory against its bound, or the reason why there is none. */
export function memoryRow(what: string, bytes: number | undefined, atMost: number): Row {
  if (bytes === undefined) return unmeasured(what, 'GNU time (/usr/bin/time) is not installed');
  return within(what, bytes, { atMost, text: megabytes });
}

type Format = (value: number) => string;

export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 3 : 1)} s`;
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

export function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}
