import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { LockstepError } from '../base/error.ts';
import { ROOT } from '../base/project-path.ts';
import type { Scheme } from '../pipeline/lock-format.ts';
import type { GitPlace } from '../provenance/git-files.ts';
import { git } from '../provenance/git-process.ts';
import type { Context } from './context.ts';
import { type RevisionSource, revisionSource } from './diff-source.ts';
import { parseDvcConfig } from './dvc-config.ts';
import { parseConfig } from './parse-config.ts';
import { outsOfRevision, type TrackedOuts } from './tracked-outs.ts';

export interface CommittedFile {
  readonly size: number;
  readonly exec: boolean;
}

/** Another repository at one revision: what git has of it, and the data that it tracks. */
export interface SourceRepository {
  /** As the user named it. */
  readonly url: string;
  readonly scheme: Scheme;
  readonly revision: RevisionSource;
  readonly files: ReadonlyMap<ProjectPath, CommittedFile>;
  readonly outs: TrackedOuts;
  /** Absolute; directories that may have the objects of its data. */
  readonly caches: readonly string[];
  /** Addresses of remotes that may have them, but cannot be asked. */
  readonly unreachable: readonly string[];
}

/** Opens a repository by its path or by what `git clone` takes, and closes it when the work is done. */
export async function withSource<Result>(
  context: Context,
  { url, rev = 'HEAD' }: { readonly url: string; readonly rev?: string | undefined },
  work: (source: SourceRepository) => Promise<Result>,
): Promise<Result> {
  const local = resolve(context.cwd, url);
  if (statSync(local, { throwIfNoEntry: false })?.isDirectory() === true) {
    return await work(await openSource({ cwd: local, env: context.env }, { url, rev, local }));
  }
  const clone = mkdtempSync(join(tmpdir(), 'lockstep-clone-'));
  try {
    const cloned = await git(['clone', '--quiet', '--bare', '--', url, clone], { cwd: context.cwd, env: context.env });
    if (cloned.kind === 'not-installed')
      throw new LockstepError('git', 'git is not installed, and repositories are git’s');
    if (cloned.kind !== 'done') {
      const why = cloned.kind === 'failed' ? cloned.stderr.split('\n').at(-1) : cloned.kind;
      throw new LockstepError('git', `${withoutSecret(url)} cannot be cloned: ${withoutSecret(why ?? '')}`);
    }
    return await work(
      await openSource({ cwd: clone, env: context.env }, { url: withoutSecret(url), rev, local: undefined }),
    );
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
}

/** Without the name and password that an address may have in it. */
function withoutSecret(text: string): string {
  return text.replace(/(\w+:\/\/)[^/@\s]+@/g, '$1');
}

interface Opening {
  readonly url: string;
  readonly rev: string;
  /** Absolute path of a repository that is here as it is worked in; undefined for a clone. */
  readonly local: string | undefined;
}

async function openSource(place: GitPlace, { url, rev, local }: Opening): Promise<SourceRepository> {
  const revision = await revisionSource(place, rev);
  const files = await committedFiles(place, revision);
  const scheme: Scheme = files.has('.dvc/config' as ProjectPath) ? 'dvc' : 'native';
  // Of a repository that is looked at once nothing is kept.
  const tools = { scheme, parseCache: { get: () => undefined, set: () => {} } };
  const outs = await outsOfRevision({ tools }, revision);
  return { url, scheme, revision, files, outs, ...(await placesOf(revision, { scheme, local })) };
}

async function committedFiles({ cwd, env }: GitPlace, { commit }: RevisionSource): Promise<SourceRepository['files']> {
  const listed = await git(['ls-tree', '-r', '-l', '-z', commit ?? 'HEAD'], { cwd, env });
  if (listed.kind !== 'done') throw new LockstepError('git', 'git cannot list the files of the revision');
  const files = new Map<ProjectPath, CommittedFile>();
  for (const row of new TextDecoder().decode(listed.stdout).split('\0')) {
    const [, mode, size, path] = /^(100\d+) blob \S+ +(\d+)\t(.*)$/s.exec(row) ?? [];
    if (path !== undefined) files.set(path as ProjectPath, { size: Number(size), exec: mode === '100755' });
  }
  return files;
}

interface Places {
  readonly scheme: Scheme;
  readonly local: string | undefined;
}

/** Where the data of a repository is: its cache, where it is worked in, and remotes that are directories. */
async function placesOf(revision: RevisionSource, { scheme, local }: Places) {
  const file = (scheme === 'dvc' ? '.dvc/config' : '.lockstep/config.yaml') as ProjectPath;
  const text = new TextDecoder().decode((await revision.read([file])).get(file));
  if (scheme === 'native') {
    const { config } = parseConfig([{ file, text }]);
    return { caches: local === undefined ? [] : [resolve(local, config.cache.dir)], unreachable: [] };
  }
  const { config } = parseDvcConfig([{ file: join(local ?? '/', file), shown: file, text }], homedir());
  const urls = [...config.remotes.values()].map((remote) => remote.url.replace(/^file:\/\//, ''));
  const caches = local === undefined ? [] : [config.cache.dir ?? join(local, '.dvc', 'cache')];
  return {
    caches: [...caches, ...urls.filter((url) => url.startsWith('/'))],
    unreachable: urls.filter((url) => !url.startsWith('/')).map(withoutSecret),
  };
}

/** What stands at a path, or below it: files of git, and outs. */
export interface Found {
  readonly files: readonly ProjectPath[];
  readonly outs: readonly (readonly [ProjectPath, Content | undefined])[];
}

export function findIn(source: SourceRepository, path: ProjectPath): Found {
  const isAtOrBelow = (one: ProjectPath) => path === ROOT || one === path || one.startsWith(`${path}/`);
  const isAround = (one: ProjectPath) => path.startsWith(`${one}/`);
  return {
    files: [...source.files.keys()].filter((file) => isAtOrBelow(file) && !/^\.(?:dvc|lockstep)\//.test(file)),
    outs: [...source.outs].filter(([out]) => isAtOrBelow(out) || isAround(out)),
  };
}
