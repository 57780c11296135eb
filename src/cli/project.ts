import { existsSync, realpathSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { type Diagnostic, isErrno, LockstepError } from '../base/error.ts';
import type { Executor } from '../executors/executor.ts';
import type { Scheme } from '../pipeline/lock-format.ts';
import type { EnvironmentCache } from '../provenance/environment.ts';
import { type Loaded, locksBeforeDvc3 } from '../repro/loaded.ts';
import { readProject } from '../repro/read.ts';
import type { Tools } from '../repro/tools.ts';
import type { CacheUse } from '../store/cache-users.ts';
import { openDvcRunFiles } from '../store/dvc-run-files.ts';
import { openStore } from '../store/open-store.ts';
import { openParseCache, type ParseCache } from '../store/parse-cache.ts';
import { openRunCache } from '../store/run-cache.ts';
import type { Store } from '../store/store.ts';
import type { TrackingStore } from '../tracking/tracking-store.ts';
import type { Config } from './config.ts';
import type { Context } from './context.ts';
import type { DvcProject, openDvcProject } from './dvc-project.ts';
import { findRoot, prepareStateDirectory } from './project-root.ts';
import { readConfig } from './read-config.ts';
import { VERSION } from './version-number.ts';

/** One project, composed: the only place where the tools are put together. Parts are opened at first use. */
export interface Project {
  /** Absolute. */
  readonly root: string;
  /** The current directory, as a path of the project. */
  readonly here: ProjectPath;
  readonly config: Config;
  /** Absolute. */
  readonly cacheDir: string;
  /** Files of the project's own that an answer may rest on, whether they are there or not. */
  readonly sources: readonly string[];
  readonly tools: Tools;
  /** Throws `bad-pipeline` or `bad-lockfile` with every mistake of every file. */
  load(): Promise<Loaded>;
  store(): Store;
  tracking(): Promise<TrackingStore>;
  /** Absolute: where what clients log as artifacts is kept. */
  readonly artifactDirectory: string;
  /** Writes indexes and closes what was opened. */
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly as?: Scheme;
  /** Runs are recorded in another project, which stays open for longer. */
  readonly records?: Pick<Project, 'tracking' | 'artifactDirectory'>;
}

/**
 * The project around the context's current directory; throws `no-project` when there is none. With `as`, as it would be
 * kept by the other scheme.
 */
export async function openProject(context: Context, { as, records }: OpenOptions = {}): Promise<Project> {
  const cwd = realpathSync(context.cwd);
  const root = findRoot(cwd);
  if (root === undefined) {
    throw new LockstepError(
      'no-project',
      'no pipeline here: neither pipeline.yaml, .lockstep/, .dvc/ nor a git repository',
      {
        hint: 'lockstep init writes a small pipeline that works',
      },
    );
  }
  const state = join(root, '.lockstep');
  makeReady(state);
  const tmp = join(state, 'tmp');
  const parseCache = ofThisVersion(openParseCache(tmp));
  const config = await readConfig([join(state, 'config.yaml'), join(state, 'config.local.yaml')], parseCache);
  const scheme = as ?? config.scheme ?? (existsSync(join(root, '.dvc')) ? 'dvc' : 'native');
  const dvc = scheme === 'dvc' ? await readDvc(root, { env: context.env, parseCache }) : undefined;
  const ignore = dvc === undefined ? await readIgnore(root) : dvc.ignore;
  const cacheDir = dvc?.cacheDir ?? resolve(root, config.cache.dir);
  // The last is there while a repro runs, or after one that was killed.
  const own = ['config.yaml', 'config.local.yaml', 'tmp/repro.lock.json'];
  const ownSources = own.map((name) => `.lockstep/${name}`);
  let store: Store | undefined;
  let tracking: Promise<TrackingStore> | undefined;
  let executor: Promise<Executor> | undefined;
  let warned = false;
  const openTheStore = () =>
    (store ??= openStore({
      root,
      cacheDir,
      tmpDir: tmp,
      trashDir: join(state, 'trash'),
      linkTypes: dvc?.link ?? config.cache.link,
      now: context.now,
      scheme,
      ...(ignore !== undefined && { ignore }),
      ...(dvc?.shared !== undefined && { shared: dvc.shared }),
      use: cacheUseOf(context, root),
    }));
  const openTracking = records?.tracking ?? (() => (tracking ??= openSqlite(join(state, 'lockstep.db'))));
  const artifactDirectory = records?.artifactDirectory ?? join(state, 'artifacts');
  const tools: Tools = {
    root,
    tmp,
    scheme,
    get store() {
      return openTheStore();
    },
    // DVC's cache holds what DVC puts there: our own run cache stays in our directory.
    runCache: openRunCache(dvc === undefined ? cacheDir : join(state, 'cache')),
    dvcRuns: dvc === undefined ? undefined : openDvcRunFiles(cacheDir),
    parseCache,
    ignore: dvc?.ignore,
    env: context.env,
    now: context.now,
    randomId: context.randomId,
    pid: context.pid,
    tracking: openTracking,
    isGuest: records !== undefined,
    openStageDoor: async (options) => {
      const { openStageDoor } = await import('../server/stage-door.ts');
      const database = async () => (await openTracking()).database();
      return await openStageDoor({ ...options, tracking: database, artifactDirectory, now: context.now });
    },
    executor: () => {
      executor ??= import('../executors/local.ts').then(({ localExecutor }) => localExecutor());
      return executor;
    },
    captureCode: async (untracked) => {
      const { captureCode } = await import('../provenance/git.ts');
      return await captureCode(root, { untracked, env: context.env });
    },
    captureEnvironment: async (task) => {
      const { captureEnvironment } = await import('../provenance/environment.ts');
      return await captureEnvironment({ ...task, root, cache: environmentCache(tools) });
    },
  };
  return {
    root,
    here: (relative(root, cwd).split(sep).join('/') || '.') as ProjectPath,
    config,
    cacheDir,
    sources: [...ownSources, ...(dvc?.sources ?? [join(root, '.dvcignore')])],
    tools,
    load: async () => {
      const discoveryIndex = join(tmp, 'index', 'discovered.json');
      const loaded = await readProject({
        root,
        tmp,
        scheme,
        parseCache,
        ignore: dvc?.ignore,
        discoveryIndex,
        env: context.env,
        parsing: dvc?.parsing ?? config.parsing,
      });
      if (!warned && !context.quiet) await writeWarnings(context, loaded);
      warned = true;
      return loaded;
    },
    store: openTheStore,
    tracking: openTracking,
    artifactDirectory,
    async close() {
      store?.close();
      await (await tracking)?.close();
    },
  };
}

/** Who uses the cache, as others are told who wait for it; and who is told when we wait. */
export function cacheUseOf(context: Context, root: string): CacheUse {
  const { pid, command = 'lockstep', signal, stderr, quiet } = context;
  return {
    root,
    about: { pid, command, startTime: context.now() },
    signal,
    onWait: (holder) => {
      if (!quiet) stderr.write(`waiting for the cache: process ${holder.pid}, ${holder.command}, is at work on it\n`);
    },
  };
}

/** What the pipeline files say that is understood, but was probably not meant: once for a command. */
async function writeWarnings(context: Context, loaded: Loaded): Promise<void> {
  const warnings = [...loaded.pipelines.flatMap((pipeline) => pipeline.warnings ?? []), ...oldLocks(loaded)];
  if (warnings.length === 0) return;
  const { warningText } = await import('./render-error.ts');
  context.stderr.write(warnings.map((warning) => warningText(warning)).join(''));
}

/** One line, however many `.dvc` files there are. */
function oldLocks(loaded: Loaded): readonly Diagnostic[] {
  const [first, ...others] = locksBeforeDvc3(loaded);
  if (first === undefined) return [];
  const files = others.length === 0 ? first : `${first} and ${others.length} more`;
  return [{ message: `digests in ${files} are those of DVC 2; they hold until what they name changes` }];
}

async function readDvc(...given: Parameters<typeof openDvcProject>): Promise<DvcProject> {
  const { openDvcProject } = await import('./dvc-project.ts');
  return openDvcProject(...given);
}

/** A project that was DVC's goes on leaving out of its directories what `.dvcignore` names. */
async function readIgnore(root: string): Promise<DvcProject['ignore'] | undefined> {
  if (!existsSync(join(root, '.dvcignore'))) return undefined;
  const { ignoreOf } = await import('./dvc-project.ts');
  return ignoreOf(root);
}

async function openSqlite(file: string): Promise<TrackingStore> {
  const { openSqliteStore } = await import('../tracking/sqlite.ts');
  return await openSqliteStore(file);
}

/** What an interpreter has installed is looked up once, and kept with the other parsed things. */
function environmentCache(tools: Tools): EnvironmentCache {
  return {
    get: (key) => tools.parseCache.get('environment', key),
    set: (key, value) => tools.parseCache.set('environment', key, value),
  };
}

/** Another version may make something else of the same text. */
function ofThisVersion(cache: ParseCache): ParseCache {
  return {
    get: (kind, text) => cache.get(`${VERSION} ${kind}`, text),
    set: (kind, text, value) => cache.set(`${VERSION} ${kind}`, text, value),
  };
}

function makeReady(state: string): void {
  try {
    prepareStateDirectory(state);
  } catch (error) {
    if (!isErrno(error, 'EACCES', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST')) throw error;
    throw new LockstepError('disk', `${state} cannot be written: ${error.code}`, {
      hint: 'lockstep keeps its cache and indexes there',
      cause: error,
    });
  }
}
