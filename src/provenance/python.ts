import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { type Place, readShebang, stampOf } from './find-executable.ts';

/** What an interpreter is and has. */
export interface PythonFacts {
  /** For example `3.11.7`. */
  readonly version: string;
  /** Installed distributions: name → version. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Answers kept between commands, as JSON; keys are texts of any length. */
export interface EnvironmentCache {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/**
 * Asked of the interpreter itself, so that it answers as for the stage: with its PYTHONPATH, user site and virtual
 * environment. Only the current directory is taken off the path. Names that come twice count as Python counts them:
 * the first on the path. The answer is the last line, after whatever a sitecustomize may print.
 */
const PROBE = `
import json, platform, sys
sys.path = [p for p in sys.path if p != '']
packages = {}
try:
    from importlib.metadata import distributions
    for d in distributions():
        name = d.metadata['Name']
        if name:
            packages.setdefault(name, d.version or '')
except ImportError:
    try:
        import pkg_resources
        for d in pkg_resources.working_set:
            packages.setdefault(d.project_name, d.version)
    except ImportError:
        pass
print('')
print(json.dumps({'version': platform.python_version(), 'packages': packages, 'path': sys.path}))
`;

const answerShape = z.object({
  version: z.string(),
  packages: z.record(z.string(), z.string()),
  path: z.array(z.string()),
});

const keptShape = z.object({
  version: z.string(),
  packages: z.record(z.string(), z.string()),
  /** Directory of the interpreter's path → its stamp when the packages were listed. */
  stamps: z.record(z.string(), z.string().nullable()),
});

const PATIENCE = 20_000;

/** Questions that are open: of several stages that begin together, one asks. */
const asking = new Map<string, Promise<PythonFacts | undefined>>();

/** Undefined where the interpreter does not answer in time and in form. */
export async function pythonFacts(
  file: string,
  place: Place,
  cache: EnvironmentCache,
): Promise<PythonFacts | undefined> {
  const key = identityOf(file, place);
  const kept = keptShape.safeParse(cache.get(key));
  if (kept.success && stillTrue(kept.data.stamps)) return kept.data;
  const open = asking.get(key) ?? ask({ file, place, cache, key }).finally(() => asking.delete(key));
  asking.set(key, open);
  return await open;
}

function stillTrue(stamps: Readonly<Record<string, string | null>>): boolean {
  return Object.entries(stamps).every(([path, stamp]) => stampOf(path) === stamp);
}

async function ask(question: {
  readonly file: string;
  readonly place: Place;
  readonly cache: EnvironmentCache;
  readonly key: string;
}): Promise<PythonFacts | undefined> {
  const { file, place, cache, key } = question;
  const result = await execa(file, ['-c', PROBE], {
    cwd: place.cwd,
    env: { ...place.env, PYTHONIOENCODING: 'utf-8', PYTHONDONTWRITEBYTECODE: '1' },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: PATIENCE,
  });
  const answer = answerShape.safeParse(lastLineAsJson(result.stdout));
  if (!answer.success) return undefined;
  const { version, packages, path } = answer.data;
  // Installing or removing a distribution makes or removes a directory beside it, and so changes its parent's stamp.
  const stamps = path.map((directory) => [directory, stampOf(directory)] as const);
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => compareNames(a, b)));
  cache.set(key, { version, packages: sorted, stamps: Object.fromEntries(stamps) });
  return { version, packages: sorted };
}

function compareNames(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()];
  return x < y ? -1 : x > y ? 1 : a < b ? -1 : 1;
}

function lastLineAsJson(stdout: string | undefined): unknown {
  try {
    return JSON.parse(stdout?.trim().split('\n').at(-1) ?? '');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Everything that decides which interpreter answers and where it looks, short of its packages. */
function identityOf(file: string, place: Place): string {
  const variables = Object.entries(place.env).filter(([name]) =>
    /^(PYTHON|PYENV_|ASDF_|MISE_|VIRTUAL_ENV$)/.test(name),
  );
  // A script in an interpreter's place (pyenv, asdf, mise) chooses one by the directory and by files of these names.
  const isShim = readShebang(file) !== undefined;
  const chosenBy = isShim ? [place.cwd, ...versionFiles(place)] : [];
  return JSON.stringify(['python/1', file, stampOf(file), variables.sort(), chosenBy]);
}

function versionFiles({ cwd, env }: Place): readonly (string | null)[] {
  const directories = [cwd];
  while (directories.at(-1) !== dirname(directories.at(-1) ?? '/'))
    directories.push(dirname(directories.at(-1) ?? '/'));
  const inPath = directories.flatMap((directory) =>
    ['.python-version', '.tool-versions', 'mise.toml', '.mise.toml'].map((name) => join(directory, name)),
  );
  const home = env.HOME ?? '/';
  const global = [join(env.PYENV_ROOT ?? join(home, '.pyenv'), 'version'), join(home, '.tool-versions')];
  return [...inPath, ...global].map(stampOf);
}
