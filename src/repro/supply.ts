import type { ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';

/** Where what is not here can be had from, asked when it is wanted. */
export interface Supply {
  /** Learns what the run cache there has under a key; under one that ends with a slash, all below it. */
  recall(key: string): Promise<void>;
  /** Brings content into the cache; true if all of it is there now. In a plan nothing is brought, only asked for. */
  provide(wanted: readonly Wanted[]): Promise<boolean>;
}

export interface Wanted {
  readonly content: Content;
  readonly path: ProjectPath;
  /** The stage whose out it is, as it is called towards the user. */
  readonly stage: string;
  /** Name of the one place that the out is kept at, where it has one. */
  readonly remote: string | undefined;
}
