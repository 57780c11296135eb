import { readHistory, sampleHistory } from '../tracking/logged/history.ts';
import { checkKey, invalid } from '../tracking/logged/keys.ts';
import { logPoint } from '../tracking/logged/point-queue.ts';
import { offsetOf, pageOf } from '../tracking/search/page-token.ts';
import { defineEndpoint, type Endpoint } from './endpoint.ts';
import { message, optionalCount, optionalInt64, optionalText, repeated, requiredText } from './fields.ts';
import { listed, metricMessage, present } from './messages.ts';
import { POINT, pointOf, RUN_NAMED, runIdOf } from './run-fields.ts';

const logMetric = defineEndpoint({
  method: 'POST',
  path: '/mlflow/runs/log-metric',
  request: message({ ...RUN_NAMED, ...POINT }),
  handle: async ({ tracking, now }, request) => {
    checkKey(request.key, 'name');
    await logPoint(tracking, { runId: runIdOf(request), point: pointOf(request), now });
    return {};
  },
});

const MOST_POINTS = 25_000;

const getHistory = defineEndpoint({
  method: 'GET',
  path: '/mlflow/metrics/get-history',
  request: message({
    ...RUN_NAMED,
    metric_key: requiredText(),
    page_token: optionalText(),
    max_results: optionalCount({ least: 0, most: 2 ** 31 - 1 }),
  }),
  handle: async ({ tracking }, request) => {
    const { max_results: limit = 0, metric_key: key } = request;
    const offset = offsetOf(request.page_token);
    const series = { runId: runIdOf(request), key, offset };
    if (limit === 0) {
      const all = await readHistory(tracking, { ...series, limit: undefined });
      return listed('metrics', all.map(metricMessage));
    }
    const points = await readHistory(tracking, { ...series, limit: limit + 1 });
    const { page, next } = pageOf(points, { offset, limit });
    return { ...listed('metrics', page.map(metricMessage)), ...present('next_page_token', next) };
  },
});

const bulk = defineEndpoint({
  method: 'GET',
  path: '/mlflow/metrics/get-history-bulk',
  request: message({
    run_id: repeated(requiredText(), { most: 100 }),
    metric_key: requiredText(),
    max_results: optionalCount({ least: 1, most: MOST_POINTS }),
  }),
  handle: async ({ tracking }, { run_id, metric_key: key, max_results: most = MOST_POINTS }) => {
    if (run_id.length === 0) throw invalid('GetMetricHistoryBulk request must specify at least one run_id.');
    const metrics: object[] = [];
    for (const runId of [...new Set(run_id)].sort()) {
      if (metrics.length >= most) break;
      const points = await readHistory(tracking, { runId, key, offset: 0, limit: most - metrics.length });
      metrics.push(...points.map((point) => ({ ...metricMessage(point), run_id: runId })));
    }
    return listed('metrics', metrics);
  },
});

const interval = defineEndpoint({
  method: 'GET',
  path: '/mlflow/metrics/get-history-bulk-interval',
  request: message({
    run_ids: repeated(requiredText(), { most: 100 }),
    metric_key: requiredText(),
    start_step: optionalInt64(),
    end_step: optionalInt64(),
    max_results: optionalCount({ least: 1, most: 2500 }),
  }),
  handle: async ({ tracking }, { run_ids, metric_key, start_step, end_step, max_results = 2500 }) => {
    if (run_ids.length === 0) throw invalid('GetMetricHistoryBulkInterval request must specify at least one run_id.');
    if ((start_step === undefined) !== (end_step === undefined)) {
      throw invalid('If either start step or end step are specified, both must be specified.');
    }
    if (start_step !== undefined && end_step !== undefined && start_step > end_step) {
      throw invalid(
        `End step must be greater than start step. Found start_step=${start_step} and end_step=${end_step}.`,
      );
    }
    const steps =
      start_step === undefined || end_step === undefined
        ? undefined
        : { from: Number(start_step), to: Number(end_step) };
    const points = await sampleHistory(tracking, { runIds: run_ids, key: metric_key, steps, most: max_results });
    return listed(
      'metrics',
      points.map((point) => ({ ...metricMessage(point), run_id: point.run_id })),
    );
  },
});

export const METRIC_ENDPOINTS: readonly Endpoint[] = [logMetric, getHistory, bulk, interval];
