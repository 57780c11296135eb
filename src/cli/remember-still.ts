import type { ProjectPath, StageId } from '../base/brand.ts';
import { gitIndexOf } from '../provenance/git-tracked.ts';
import type { Considered } from '../repro/consider.ts';
import { type Loaded, locksBeforeDvc3 } from '../repro/loaded.ts';
import { restsOn, writeWitness } from '../store/write-witness.ts';
import type { Project } from './project.ts';
import { type Asked, keyOf, witnessFile } from './still.ts';

export interface Look {
  readonly loaded: Loaded;
  readonly planned: ReadonlyMap<StageId, Considered>;
  /** Milliseconds since the epoch, before the first file was looked at. */
  readonly since: number;
}

/** Beyond that, the indexes of the store are the better memory. */
const MOST_PATHS = 20_000;

/** After a look that found everything up to date: remembers what that rests on, for `answerAtOnce`. */
export function rememberStill(project: Project, asked: Omit<Asked, 'here'>, look: Look): void {
  const { planned, since } = look;
  if ([...planned.values()].some(({ decision }) => decision.do !== 'keep')) return;
  // They are written by whoever reads the pipelines.
  if (look.loaded.pipelines.some(({ warnings = [] }) => warnings.length > 0)) return;
  if (locksBeforeDvc3(look.loaded).length > 0) return;
  const { root, here } = project;
  const paths = restingPlaces(project, look);
  if (paths === undefined) return;
  const key = keyOf({ ...asked, here });
  writeWitness(witnessFile(root, asked.command), root, { key, count: planned.size, paths, since });
}

function restingPlaces({ root, sources }: Project, { loaded, planned }: Look): readonly string[] | undefined {
  const paths = new Set<string>([...sources, ...loaded.sources]);
  const index = gitIndexOf(root);
  if (index !== undefined) paths.add(index);
  const contents = new Set<ProjectPath>();
  for (const { stage } of planned.values()) {
    paths.add(stage.wdir);
    for (const { file } of stage.params) paths.add(file);
    for (const path of stage.deps) contents.add(path);
    for (const out of stage.outs) contents.add(out.path);
  }
  for (const path of contents) {
    const below = restsOn(root, path, MOST_PATHS - paths.size);
    if (below === undefined) return undefined;
    for (const each of below) paths.add(each);
  }
  return [...paths];
}
