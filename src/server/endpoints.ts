import type { Endpoint } from './endpoint.ts';
import { EXPERIMENT_ENDPOINTS } from './experiments-endpoints.ts';
import { LOGGED_MODEL_ENDPOINTS } from './logged-models-endpoints.ts';
import { METRIC_ENDPOINTS } from './metrics-endpoints.ts';
import { MODEL_VERSION_ENDPOINTS } from './model-versions-endpoints.ts';
import { REGISTRY_ENDPOINTS } from './registry-endpoints.ts';
import { RUN_ENDPOINTS } from './runs-endpoints.ts';

/** Every endpoint of the API; each file of endpoints adds its list here. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...EXPERIMENT_ENDPOINTS,
  ...RUN_ENDPOINTS,
  ...METRIC_ENDPOINTS,
  ...LOGGED_MODEL_ENDPOINTS,
  ...REGISTRY_ENDPOINTS,
  ...MODEL_VERSION_ENDPOINTS,
];
