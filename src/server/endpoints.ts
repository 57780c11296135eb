import type { Endpoint } from './endpoint.ts';

/** Every endpoint of the API; each file of endpoints adds its list here. */
export const ENDPOINTS: readonly Endpoint[] = [];
