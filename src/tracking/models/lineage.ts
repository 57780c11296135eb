import type { Digest, Literal } from '../../base/brand.ts';
import type { DataRecord, Run } from '../run.ts';

/** What a model came from and what was done with it, as far as it was recorded; kept with each version as JSON. */
export interface Lineage {
  /** The run that made the model. */
  readonly model: Step;
  /** The runs that made its data, nearest first. */
  readonly before: readonly Step[];
  /** The newest run of each stage that took the model in, directly or not. */
  readonly after: readonly Step[];
}

export interface Step {
  readonly run: string;
  /** What the step is known by from one version to the next: its stage with the file, or the name that a client gave. */
  readonly name: string;
  readonly command: string | null;
  readonly code: readonly FileOfStep[];
  readonly data: readonly DataOfStep[];
  readonly params: readonly { readonly key: string; readonly value: Literal }[];
}

export interface FileOfStep {
  readonly path: string;
  readonly digest: Digest;
}

export interface DataOfStep extends FileOfStep {
  /** Whether another step made it. */
  readonly made: boolean;
  /** Names of its columns, where it is a table whose head could be read. */
  readonly columns?: readonly string[];
}

/** How runs are found; a reader of the tracking database. */
export interface RunsAround {
  find(id: string): Promise<Run | undefined>;
  /** Finished runs that have this content among their data, newest first. */
  consumersOf(digest: Digest): Promise<readonly Run[]>;
}

/** More than any pipeline has; a record that leads in a circle ends here. */
const MOST_STEPS = 500;

/** Only the step of the model itself looks at what its tables' columns are called. */
export async function lineageOf(
  run: Run,
  around: RunsAround,
  columnsOf: (data: DataRecord) => Promise<readonly string[] | undefined>,
): Promise<Lineage> {
  const before = await runsBefore(run, around);
  const after = await runsAfter(run, around);
  const described = async (one: Run): Promise<Step> => {
    const step = stepOf(one);
    const columns = await Promise.all(
      step.data.map(async ({ path }) => {
        const record = one.data.find((data) => data.path === path);
        return record === undefined ? undefined : await columnsOf(record);
      }),
    );
    return {
      ...step,
      data: step.data.map((data, i) => {
        const names = columns[i];
        return names === undefined ? data : { ...data, columns: names };
      }),
    };
  };
  return { model: await described(run), before: await all(before, described), after: after.map(stepOf) };
}

async function all<A, B>(items: readonly A[], make: (item: A) => Promise<B>): Promise<readonly B[]> {
  const made: B[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}

async function runsBefore(run: Run, { find }: RunsAround): Promise<readonly Run[]> {
  const found = new Map<string, Run>();
  const queue = [run];
  for (let next = queue.shift(); next !== undefined && found.size < MOST_STEPS; next = queue.shift()) {
    for (const { producer } of next.data) {
      if (producer === null || producer === run.id || producer === next.id || found.has(producer)) continue;
      const made = await find(producer);
      if (made === undefined) continue;
      found.set(producer, made);
      queue.push(made);
    }
  }
  return [...found.values()];
}

/** By content, not by who wrote it: an out that came back from the cache is taken in by runs just the same. */
export async function runsAfter(run: Run, { consumersOf }: Pick<RunsAround, 'consumersOf'>): Promise<readonly Run[]> {
  const found = new Map<string, Run>();
  const queue = [run];
  for (let next = queue.shift(); next !== undefined && found.size < MOST_STEPS; next = queue.shift()) {
    for (const { digest } of next.artifacts.filter(isOut)) {
      for (const consumer of await consumersOf(digest)) {
        const name = nameOf(consumer);
        if (consumer.id === run.id || found.has(name)) continue;
        found.set(name, consumer);
        queue.push(consumer);
      }
    }
  }
  return [...found.values()];
}

function isOut({ kind }: Run['artifacts'][number]): boolean {
  return kind === 'out';
}

function stepOf(run: Run): Step {
  // Who copies a file has made what it took in, by its digest.
  const files = run.data.map(({ path, digest, producer }) => ({
    ...{ path, digest },
    made: producer !== null && producer !== run.id,
  }));
  return {
    run: run.id,
    name: nameOf(run),
    command: run.code?.command ?? null,
    code: files.filter((file) => !file.made && isCode(file.path)).map(({ path, digest }) => ({ path, digest })),
    data: files.filter((file) => file.made || !isCode(file.path)),
    params: run.params,
  };
}

function nameOf({ file, stage, id }: Run): string {
  if (stage === null) return id;
  return file === null ? stage : `${file}:${stage}`;
}

const CODE_EXTENSIONS = new Set(
  'py pyx ipynb r rmd jl js mjs cjs ts mts cts tsx jsx sh bash zsh c cc cpp cxx h hpp cu rs go java kt scala sql pl rb lua toml cfg ini lock'.split(
    ' ',
  ),
);

/** Directories by these names hold programs, whatever else there is in the world. */
const CODE_DIRECTORIES = new Set(['src', 'lib', 'scripts', 'code', 'pkg', 'package', 'notebooks']);

/** A dep that says how, not what: by the ending of its name, and a directory without one by its name. */
export function isCode(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = name.lastIndexOf('.');
  if (dot > 0) return CODE_EXTENSIONS.has(name.slice(dot + 1));
  return CODE_DIRECTORIES.has(name) || name === 'makefile' || name === 'dockerfile';
}
