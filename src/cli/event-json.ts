import type { Literal, StageId } from '../base/brand.ts';
import { unreachable } from '../base/unreachable.ts';
import { parseLiteral } from '../pipeline/literal.ts';
import type { Decision, Reason } from '../repro/decision.ts';
import type { ReproEvent } from '../repro/event.ts';
import { type Labels, labelIn } from './render-reasons.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

/** A decision as `status --json` and the events print it: flat, with names instead of ids. */
export function decisionJson(decision: Decision, labels: Labels): JsonObject {
  const reasons = decision.do === 'keep' ? [] : decision.reasons.map((reason) => reasonJson(reason, labels));
  switch (decision.do) {
    case 'keep':
    case 'run':
      return { decision: decision.do, reasons };
    case 'restore':
      return { decision: decision.do, from: decision.from, reasons };
    case 'blocked':
      return { decision: decision.do, by: names(decision.by, labels), reasons };
    default:
      return unreachable(decision);
  }
}

/** A reason as a flat object: contents by their digests, params by their values. */
export function reasonJson(reason: Reason, labels: Labels): JsonObject {
  switch (reason.reason) {
    case 'dep-changed':
    case 'out-changed':
      return { reason: reason.reason, path: reason.path, was: reason.was.digest, now: reason.now.digest };
    case 'param-changed': {
      const [was, now] = [literalJson(reason.was), literalJson(reason.now)];
      // JSON knows one kind of number: where that hides the difference (1 and 1.0), the literals' texts show it.
      const same = JSON.stringify(was) === JSON.stringify(now);
      return { ...reason, was: same ? reason.was : was, now: same ? reason.now : now };
    }
    case 'param-added':
      return { ...reason, now: literalJson(reason.now) };
    case 'param-removed':
      return { ...reason, was: literalJson(reason.was) };
    case 'upstream-would-run':
      return { reason: reason.reason, stage: labelIn(labels, reason.stage) };
    case 'no-lock-entry':
    case 'lock-edited':
    case 'command-changed':
    case 'wdir-changed':
    case 'env-changed':
    case 'dep-added':
    case 'dep-removed':
    case 'dep-missing':
    case 'out-missing':
    case 'outs-redefined':
    case 'object-corrupt':
    case 'always':
    case 'forced':
      return { ...reason };
    default:
      return unreachable(reason);
  }
}

/** One line of `repro --json`. */
export function eventJson(event: ReproEvent, labels: Labels): JsonObject {
  switch (event.event) {
    case 'planned':
      return { ...event, stages: names(event.stages, labels) };
    case 'stage-decided':
      return { event: event.event, stage: labelIn(labels, event.stage), ...decisionJson(event.decision, labels) };
    case 'stage-finished': {
      const { kind, ...outcome } = event.outcome;
      const by = 'by' in outcome ? { by: names(outcome.by, labels) } : {};
      const { event: name, stage, duration } = event;
      return { event: name, stage: labelIn(labels, stage), outcome: kind, duration, ...outcome, ...by } as JsonObject;
    }
    case 'stage-started':
    case 'stage-output':
      return { ...event, stage: labelIn(labels, event.stage) };
    case 'notice':
      return { ...event, ...(event.stage === undefined ? {} : { stage: labelIn(labels, event.stage) }) };
    case 'summary': {
      const { event: name, ...lists } = event;
      const named = Object.entries(lists).map(([key, ids]) => [key, names(ids, labels)]);
      return { event: name, ...Object.fromEntries(named) };
    }
    case 'waiting':
    case 'watching':
      return { ...event };
    default:
      return unreachable(event);
  }
}

function names(ids: readonly StageId[], labels: Labels): string[] {
  return ids.map((id) => labelIn(labels, id));
}

/** A param's value as JSON; what JSON lacks (`.nan`, integers beyond its exact range) stays text. */
function literalJson(literal: Literal): Json {
  return plain(parseLiteral(literal));
}

function plain(value: unknown): Json {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  }
  return value as string | boolean | null;
}
