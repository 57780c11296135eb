import type { FSWatcher } from 'chokidar';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import type { Loaded } from '../repro/loaded.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Project } from './project.ts';
import { renderError } from './render-error.ts';

/** Milliseconds of quiet after a change before the next run: editors write a file in several steps. */
const DEBOUNCE = 150;

/**
 * Runs, waits for a change of a dep, a params file or a pipeline file, and runs again until interrupted. What changes
 * during a run leads to one more run.
 */
export async function watch(context: Context, project: Project, runOnce: () => Promise<ExitCode>): Promise<ExitCode> {
  const { watch: watchFiles } = await import('chokidar');
  const watcher = watchFiles([], { ignoreInitial: true, cwd: project.root });
  const changes = collectChanges(watcher, context.signal);
  let ready: Promise<void> | undefined;
  let watched: readonly string[] = [];
  try {
    for (;;) {
      // Watched before it runs, so that no change falls between the run and the watching.
      const wanted = (await sources(project)) ?? watched;
      watcher.unwatch(watched.filter((path) => !wanted.includes(path)));
      watcher.add(wanted.filter((path) => !watched.includes(path)));
      // Said once, for what was added first.
      ready ??= new Promise((resolve) => watcher.once('ready', () => resolve()));
      await ready;
      watched = wanted;
      const code = await runReported(context, runOnce);
      if (context.signal.aborted) return code;
      context.stderr.write(`Watching ${watched.length} paths for changes; Ctrl-C ends it.\n`);
      const changed = await changes.next();
      if (changed.length === 0) return EXIT.ok;
      context.stderr.write(`\nChanged: ${changed.slice(0, 3).join(', ')}${changed.length > 3 ? ', …' : ''}\n`);
    }
  } finally {
    await watcher.close();
  }
}

interface Changes {
  /** The paths that changed since the last call, once nothing changed for a moment; empty after an interrupt. */
  next(): Promise<readonly string[]>;
}

function collectChanges(watcher: FSWatcher, signal: AbortSignal): Changes {
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let quiet = true;
  let wake = () => {};
  watcher.on('all', (_event, path) => {
    changed.add(path);
    quiet = false;
    clearTimeout(timer);
    timer = setTimeout(() => {
      quiet = true;
      wake();
    }, DEBOUNCE);
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    async next() {
      while (!signal.aborted && (changed.size === 0 || !quiet)) await new Promise<void>((resolve) => (wake = resolve));
      const paths = signal.aborted ? [] : [...changed].sort();
      changed.clear();
      return paths;
    },
  };
}

/** A mistake in a file ends the run, not the watching: the next save may mend it. */
async function runReported(context: Context, runOnce: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await runOnce();
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    return renderError(error, { context, argv: ['repro', '--watch'] });
  }
}

/** What people edit: pipeline files, params files, and deps that no stage makes; undefined while a file is broken. */
async function sources(project: Project): Promise<readonly ProjectPath[] | undefined> {
  try {
    return sourcesOf(await project.load());
  } catch (error) {
    if (error instanceof LockstepError) return undefined;
    throw error;
  }
}

function sourcesOf(loaded: Loaded): readonly ProjectPath[] {
  const made = new Set<ProjectPath>();
  const read = new Set<ProjectPath>();
  for (const stage of loaded.stages.values()) {
    for (const out of stage.outs) made.add(out.path);
    for (const path of [stage.file, ...stage.deps, ...stage.params.map((params) => params.file)]) read.add(path);
  }
  for (const pipeline of loaded.pipelines) for (const path of pipeline.sources ?? []) read.add(path);
  return [...read].filter((path) => !made.has(path));
}
