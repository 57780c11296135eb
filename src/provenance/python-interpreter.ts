import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type CommandWords, simpleCommands } from './command-words.ts';
import { findExecutable, type Place, readShebang } from './find-executable.ts';

export interface PythonSearch extends Place {
  readonly scripts: readonly string[];
  /** Where the search for a `.venv` upwards ends; absolute. */
  readonly root: string;
}

const PYTHON = /^(?:.*\/)?(?:python|pypy)\d*(?:\.\d+)*$/;

/** The interpreter that a stage's command would use, absolute; undefined where it uses none that can be told. */
export async function findPython(search: PythonSearch): Promise<string | undefined> {
  const commands = search.scripts.flatMap(simpleCommands);
  let place = search;
  for (const words of commands) {
    place = placeAfter(words, place);
    if (ELSEWHERE.has(words[0] ?? '')) continue;
    const found = (await launched(words, place)) ?? named(words, place) ?? byShebang(words, place);
    if (found !== undefined) return found;
  }
  const hasPythonFile = commands.some(
    (words) => !ELSEWHERE.has(words[0] ?? '') && words.some((word) => /\.py$/.test(word)),
  );
  return hasPythonFile ? (findExecutable('python3', place) ?? findExecutable('python', place)) : undefined;
}

/** What runs in an environment that cannot be looked into from here: better nothing than the wrong packages. */
const ELSEWHERE = new Set('conda mamba micromamba pixi hatch docker podman singularity apptainer ssh'.split(' '));

/** `cd` and `source …/bin/activate` change where the commands after them look. */
function placeAfter(words: CommandWords, place: PythonSearch): PythonSearch {
  const [program, argument = ''] = words;
  if (program === 'cd' && argument !== '') return { ...place, cwd: resolve(place.cwd, argument) };
  if ((program !== 'source' && program !== '.') || !argument.endsWith('/bin/activate')) return place;
  const bin = dirname(resolve(place.cwd, argument));
  return { ...place, env: { ...place.env, PATH: `${bin}:${place.env.PATH ?? ''}`, VIRTUAL_ENV: dirname(bin) } };
}

/** `uv run …`, `poetry run …`, `pipenv run …`: these have an environment of their own, whatever PATH says. */
async function launched(words: CommandWords, search: PythonSearch): Promise<string | undefined> {
  const [program = '', verb] = words;
  const ask = LAUNCHERS[program];
  if (ask === undefined || verb !== 'run') return undefined;
  const chosen = program === 'uv' ? search.env.UV_PROJECT_ENVIRONMENT : undefined;
  const inProject = chosen === undefined ? projectPython(search) : join(search.cwd, chosen, 'bin/python');
  if (inProject !== undefined && existsSync(inProject)) return inProject;
  return ask.length === 0 ? undefined : await answerOf(program, ask, search);
}

/** How to ask a launcher for its interpreter without its making an environment; uv always has it in the project. */
const LAUNCHERS: Readonly<Record<string, readonly string[]>> = Object.assign(Object.create(null), {
  uv: [],
  poetry: ['env', 'info', '--executable'],
  pipenv: ['--py'],
});

const PATIENCE = 10_000;

async function answerOf(program: string, args: readonly string[], place: Place): Promise<string | undefined> {
  const options = { cwd: place.cwd, env: { ...place.env }, extendEnv: false, reject: false, timeout: PATIENCE };
  const { execa } = await import('execa');
  const { stdout, exitCode } = await execa(program, args, { ...options, stdin: 'ignore' });
  const file = stdout?.trim() ?? '';
  return exitCode === 0 && existsSync(file) ? file : undefined;
}

/** The nearest `.venv` at or above the stage's directory. */
function projectPython({ cwd, root }: PythonSearch): string | undefined {
  for (let directory = cwd; ; directory = dirname(directory)) {
    const python = join(directory, '.venv/bin/python');
    if (existsSync(python)) return python;
    if (directory === root || directory === dirname(directory)) return undefined;
  }
}

/** An interpreter named anywhere in the command: `accelerate launch python3 train.py`. */
function named(words: CommandWords, place: Place): string | undefined {
  const word = words.find((candidate) => PYTHON.test(candidate));
  if (word !== undefined) return findExecutable(word, place);
  return undefined;
}

/** A program written in Python (pip, pytest, jupyter, papermill, ./train.py) names its interpreter in its first line. */
function byShebang(words: CommandWords, place: Place): string | undefined {
  const program = findExecutable(words[0] ?? '', place);
  const shebang = program === undefined ? undefined : readShebang(program);
  if (program === undefined || shebang === undefined) return undefined;
  const interpreter = shebang.split(/\s+/).find((word) => PYTHON.test(word));
  if (interpreter !== undefined) return findExecutable(interpreter, place);
  // Shims, and scripts whose interpreter's path is too long for a first line, stand beside their interpreter.
  const beside = join(dirname(program), 'python');
  return PYTHON_TOOLS.test(words[0] ?? '') ? findExecutable(beside, place) : undefined;
}

const PYTHON_TOOLS = /^(?:.*\/)?(?:pip\d*(?:\.\d+)*|pytest|ipython|jupyter(?:-\w+)?|papermill|torchrun|accelerate)$/;
