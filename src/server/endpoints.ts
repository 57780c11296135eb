import type { Endpoint } from './endpoint.ts';
import { EXPERIMENT_ENDPOINTS } from './experiments-endpoints.ts';
import { METRIC_ENDPOINTS } from './metrics-endpoints.ts';
import { RUN_ENDPOINTS } from './runs-endpoints.ts';

/** Every endpoint of the API; each file of endpoints adds its list here. */
export const ENDPOINTS: readonly Endpoint[] = [...EXPERIMENT_ENDPOINTS, ...RUN_ENDPOINTS, ...METRIC_ENDPOINTS];
