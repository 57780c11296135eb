import type { Exchange } from './send-file.ts';

/** A route that reads or writes more than JSON. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/api/2.0` and `/ajax-api/2.0`, or where `root` is set below nothing. */
  readonly path: string;
  readonly root?: true;
  /** The JSON to answer with; undefined when it has answered itself. */
  readonly handle: (exchange: Exchange, params: Readonly<Record<string, string>>) => Promise<object | undefined>;
}
