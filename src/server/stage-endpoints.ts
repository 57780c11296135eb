import { adoptRun } from '../tracking/logged/runs.ts';
import { type KeyValue, PARENT_TAG } from '../tracking/logged/tags.ts';
import type { Endpoint, Services } from './endpoint.ts';
import { ENDPOINTS } from './endpoints.ts';

type Handle = Endpoint['handle'];

/**
 * The API as stages see it. A script that chooses an experiment before it resumes the run that it was given is refused by
 * its client unless the run is in that experiment: so when the run is asked for the first time it goes there.
 */
export function stageEndpoints(): readonly Endpoint[] {
  const chosen = new Map<string, string>();
  const asked = new Set<string>();
  const choosing =
    (handle: Handle): Handle =>
    async (services, request) => {
      const answer = await handle(services, request);
      const id = experimentOf(answer);
      if (services.who !== undefined && id !== undefined) chosen.set(services.who, id);
      return answer;
    };
  const resuming =
    (handle: Handle): Handle =>
    async (services, request) => {
      if (isOwn(services, request) && !asked.has(services.who)) {
        asked.add(services.who);
        const experimentId = chosen.get(services.who);
        if (experimentId !== undefined) await adoptRun(services.tracking, { runId: services.who, experimentId });
      }
      return await handle(services, request);
    };
  const belonging =
    (handle: Handle): Handle =>
    (services, request) =>
      handle(services, services.who === undefined ? request : withParent(request, services.who));
  const wrap: Readonly<Record<string, (handle: Handle) => Handle>> = {
    'GET /mlflow/experiments/get-by-name': choosing,
    'GET /mlflow/experiments/get': choosing,
    'POST /mlflow/experiments/create': choosing,
    'GET /mlflow/runs/get': resuming,
    'POST /mlflow/runs/create': belonging,
  };
  return ENDPOINTS.map((endpoint) => {
    const wrapper = wrap[`${endpoint.method} ${endpoint.path}`];
    return wrapper === undefined ? endpoint : { ...endpoint, handle: wrapper(endpoint.handle) };
  });
}

/** A further run that a script makes is one of its stage's. */
function withParent(request: unknown, parent: string): unknown {
  const given = request as { readonly tags: readonly KeyValue[] };
  if (given.tags.some(({ key }) => key === PARENT_TAG)) return given;
  return { ...given, tags: [...given.tags, { key: PARENT_TAG, value: parent }] };
}

function experimentOf(answer: object): string | undefined {
  if ('experiment_id' in answer) return String(answer.experiment_id);
  const { experiment } = answer as { readonly experiment?: { readonly experiment_id?: unknown } };
  return typeof experiment?.experiment_id === 'string' ? experiment.experiment_id : undefined;
}

function isOwn(services: Services, request: unknown): services is Services & { readonly who: string } {
  const { run_id, run_uuid } = request as { readonly run_id?: unknown; readonly run_uuid?: unknown };
  return services.who !== undefined && (run_id ?? run_uuid) === services.who;
}
