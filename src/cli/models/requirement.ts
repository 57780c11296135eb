import { unreachable } from '../../base/unreachable.ts';
import { type Filter, parseFilter } from '../../tracking/filter.ts';
import { matches } from '../../tracking/filter-match.ts';
import { latestMetrics } from '../../tracking/latest-metrics.ts';
import { runsAfter } from '../../tracking/models/lineage.ts';
import type { MetricPoint, Run } from '../../tracking/run.ts';
import { cellOf, type Subject } from '../../tracking/subject.ts';
import { runsAround } from './read-lineage.ts';
import type { Registry } from './registry.ts';
import type { DescribedVersion } from './render-version.ts';

/** What must hold for a version; throws `usage` for what is no filter. */
export function readRequirements(texts: readonly string[]): readonly Requirement[] {
  return texts.map((text) => ({ text, filter: parseFilter(text) }));
}

export interface Requirement {
  readonly text: string;
  readonly filter: Filter;
}

/** Of each requirement that does not hold why not. */
export function unmet(run: Run, requirements: readonly Requirement[]): readonly string[] {
  return requirements
    .filter(({ filter }) => !matches(run, filter))
    .map(
      ({ text, filter }) =>
        `${text} does not hold: ${subjectsOf(filter)
          .map((subject) => recorded(run, subject))
          .join(', ')}`,
    );
}

function subjectsOf(filter: Filter): readonly Subject[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [...subjectsOf(filter.left), ...subjectsOf(filter.right)];
    case 'not':
      return subjectsOf(filter.operand);
    case 'compare':
      return [filter.subject];
    default:
      return unreachable(filter);
  }
}

function recorded(run: Run, subject: Subject): string {
  const name = subject.of === 'attribute' ? subject.name : `${subject.of}s.${subject.key}`;
  const cell = cellOf(run, subject);
  return cell === undefined ? `${name} is not recorded` : `${name} is ${cell.text}`;
}

/**
 * The run that made the model, with the metrics of those that took it in: an evaluation on data that training did not
 * see says more than what training said of itself.
 */
export async function measured(registry: Registry, { run, version }: DescribedVersion): Promise<Run | undefined> {
  if (run === undefined) return undefined;
  const after = await runsAfter(run, runsAround(registry));
  const sources = [
    ...after.map(({ metrics }) => metrics),
    await ofLoggedModel(registry, version.model_id),
    run.metrics,
  ];
  const metrics = new Map<string, MetricPoint>();
  for (const points of sources) {
    for (const point of latestMetrics(points)) if (!metrics.has(point.key)) metrics.set(point.key, point);
  }
  return { ...run, metrics: [...metrics.values()] };
}

async function ofLoggedModel({ tracking }: Registry, modelId: string | null): Promise<readonly MetricPoint[]> {
  if (modelId === null) return [];
  const rows = await tracking.db
    .selectFrom('logged_model_metrics')
    .selectAll()
    .where('model_id', '=', modelId)
    .execute();
  return rows.map(({ key, value, is_nan, step, timestamp }) => ({
    key,
    value: is_nan === 1 ? Number.NaN : value,
    step: Number(step),
    timestamp: Number(timestamp),
  }));
}
