import type { ProjectPath } from '../base/brand.ts';
import { baseName, contains, ROOT } from '../base/project-path.ts';
import { isDataFile } from './lock-format.ts';

/** What is wrong with a hand-written stage name; undefined when nothing is. */
export function nameMistake(name: string): { readonly message: string; readonly hint?: string } | undefined {
  if (name === '') return { message: 'a stage needs a name' };
  if (name.includes('@')) {
    const hint = `names with \`@\` are those that \`foreach\` and \`matrix\` make; call it \`${name.replaceAll('@', '-')}\``;
    return { message: 'a stage name cannot contain `@`', hint };
  }
  return /\p{Cc}/u.test(name) ? { message: 'a stage name cannot contain control characters' } : undefined;
}

/** What is wrong with the name of an environment variable. */
export function variableMistake(name: string): string | undefined {
  if (name === '') return 'an environment variable needs a name';
  return /[=\0]/.test(name) ? 'the name of an environment variable cannot contain `=`' : undefined;
}

/** What is wrong with the text of a command. */
export function commandMistake(script: string): string | undefined {
  if (script.trim() === '') return 'the command is empty';
  return script.includes('\0') ? 'a command cannot contain a NUL character' : undefined;
}

const URL = /^[a-z][a-z0-9+.-]*:\/\//i;

/** What is wrong with a path before anyone knows where it leads. */
export function writtenPathMistake(
  written: string,
  { outside = false }: { readonly outside?: boolean } = {},
): { message: string; hint?: string } | undefined {
  if (written === '') return { message: 'the path is empty' };
  if (written.includes('\0')) return { message: 'a path cannot contain a NUL character' };
  if (URL.test(written)) return { message: `the URL \`${written}\` cannot be used as a path`, hint: urlHint(written) };
  if (written.startsWith('/') && !outside) {
    return { message: `the path \`${written}\` is absolute`, hint: 'write it relative to the directory of the stage' };
  }
  const bytes = Math.max(...written.split('/').map((name) => utf8.encode(name).length));
  if (bytes > LONGEST_NAME) {
    return { message: `a name in the path is ${bytes} bytes long; file systems take at most ${LONGEST_NAME}` };
  }
  return undefined;
}

function urlHint(url: string): string {
  if (url.startsWith('ds://')) return 'use what the dataset is made of: `dvc import` makes a file of the project of it';
  return `\`dvc import-url ${url}\` makes a file of the project of it, which a stage can name`;
}

const utf8 = new TextEncoder();
const LONGEST_NAME = 255;
const LOCKFILES = ['pipeline.lock', 'dvc.lock'];
const OWN_DIRECTORIES = ['.git', '.lockstep', '.dvc'];

/** Why a stage of that pipeline file, running in that directory, must not write a path. */
export function outMistake(out: ProjectPath, stage: { file: ProjectPath; wdir: ProjectPath }): string | undefined {
  if (out === ROOT) return 'an out cannot be the whole project';
  if (out === stage.file) return `the out \`${out}\` is the pipeline file itself`;
  if (isDataFile(out)) return `the out \`${out}\` is a file that tracks data, which only \`add\` and \`import\` write`;
  if (LOCKFILES.includes(baseName(out))) return `the out \`${out}\` is a lockfile, which only lockstep writes`;
  const owner = out.split('/').find((segment) => OWN_DIRECTORIES.includes(segment));
  if (owner !== undefined) return `the out \`${out}\` belongs to \`${owner}\`, where a stage cannot write`;
  if (contains(out, stage.file)) return `the out \`${out}\` is a directory that contains the pipeline file`;
  if (contains(out, stage.wdir)) return `the out \`${out}\` contains the directory that the command runs in`;
  return undefined;
}

/** Why a stage must not read a path: what `.dvc` files and DVC's pipelines speak of is data and stages, not text. */
export function depMistake(dep: ProjectPath): { readonly message: string; readonly hint: string } | undefined {
  if (isDataFile(dep)) {
    const hint = `name the data itself, \`${dep.slice(0, -'.dvc'.length)}\``;
    return { message: `\`${dep}\` tracks data, and cannot be a dep`, hint };
  }
  if (baseName(dep) !== 'dvc.yaml') return undefined;
  const hint = 'name what its stages write; a changed command is a reason to run by itself';
  return { message: `\`${dep}\` is a pipeline file, which DVC does not take for a dep`, hint };
}
