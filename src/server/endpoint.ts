import type { z } from 'zod';
import type { TrackingDatabase } from '../tracking/tracking-database.ts';

/** What endpoints work with; one for the life of the server. */
export interface Services {
  readonly tracking: TrackingDatabase;
  /** The root that artifact addresses of new experiments begin with, `mlflow-artifacts:` for our own proxy. */
  readonly artifactRoot: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The name of the token that a request came with. */
  readonly who?: string | undefined;
}

/** One route of MLflow's REST surface, as a row of data: routing, checking and the description all read it. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/2.0` and `/ajax-api/2.0`; `:name` is a parameter that becomes a field of the request. */
  readonly path: `/mlflow/${string}`;
  readonly request: z.ZodType;
  readonly handle: (services: Services, request: unknown) => Promise<object>;
}

/** The types of request and handler belong together here and are folded away in the table. */
export function defineEndpoint<Schema extends z.ZodType>(spec: {
  readonly method: Endpoint['method'];
  readonly path: Endpoint['path'];
  readonly request: Schema;
  readonly handle: (services: Services, request: z.output<Schema>) => Promise<object>;
}): Endpoint {
  return spec as unknown as Endpoint;
}
