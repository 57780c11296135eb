import type { ProjectPath } from '../base/brand.ts';

/** Names under which a pipeline file is found; at most one of them in a directory. */
export const PIPELINE_NAMES = ['pipeline.yaml', 'dvc.yaml'] as const;

const ID = /^(.*?(?:^|\/)(?:pipeline\.yaml|dvc\.yaml|[^/]+\.dvc)):(.+)$/s;

/** The two parts of a stage's id, or of a target written like one; undefined when it is none. Both may hold colons. */
export function partsOfId(text: string): { readonly file: ProjectPath; readonly name: string } | undefined {
  const [, file, name] = ID.exec(text) ?? [];
  return file === undefined || name === undefined ? undefined : { file: file as ProjectPath, name };
}
