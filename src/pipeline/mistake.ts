import type { ProjectPath } from '../base/brand.ts';

/** Keys and indexes from the top of a YAML file to a node: `['stages', 'train', 'deps', 0]`. */
export type YamlPath = readonly (string | number)[];

/** A mistake found in data, before anyone looked up where it stands in the text (pipeline/locate.ts does). */
export interface Mistake {
  readonly file: ProjectPath;
  readonly at: YamlPath;
  /** Point at the key instead of the value. */
  readonly key?: boolean;
  /** Point at this part of the text that stands there. */
  readonly part?: string;
  readonly message: string;
  readonly hint?: string;
  readonly related?: { readonly file: ProjectPath; readonly at: YamlPath; readonly key?: boolean };
}
