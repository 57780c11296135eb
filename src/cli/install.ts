import { accessSync, constants, readFileSync, realpathSync, rmSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { DVC_LOCK, LOCK_NAMES } from '../pipeline/lock-format.ts';
import type { GitPlace } from '../provenance/git-files.ts';
import { gitTopLevel, readGitConfig, removeGitConfigSection, writeGitConfig } from '../provenance/git-setup.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';

const ATTRIBUTES = LOCK_NAMES.map((name) => `${name} merge=lockstep diff=lockstep`);
const SECTIONS = ['merge.lockstep', 'diff.lockstep'];

export const command = defineCommand({
  usage: 'install',
  summary: 'Make git merge lockfiles per stage and name the stage in diffs',
  details:
    'Writes to the config of this clone and to .gitattributes of the project, and says what it changed. Every clone needs it once, since git takes no programs from a repository.',
  options: { uninstall: { type: 'boolean', help: 'take back what install did' } },
  positionals: { min: 0, max: 0 },
  run: async (context, given) => {
    const project = await openProject(context);
    try {
      const place = { cwd: project.root, env: context.env };
      const topLevel = await gitTopLevel(place);
      if (topLevel === undefined) {
        throw new LockstepError('git', 'this project is not in a git repository', { hint: 'run `git init` first' });
      }
      const changes =
        given.uninstall === true
          ? [...(await clearConfig(place)), ...dropAttributes(project.root)]
          : [...(await setConfig(place, programFor(context, topLevel))), ...addAttributes(project)];
      for (const change of changes) context.stderr.write(`${change}\n`);
      if (changes.length === 0) context.stderr.write('nothing to change\n');
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

async function setConfig(place: GitPlace, program: string): Promise<string[]> {
  const wanted: [key: string, value: string][] = [
    ['merge.lockstep.name', 'lockfiles of lockstep, stage by stage'],
    ['merge.lockstep.driver', `${program} lock merge %O %A %B`],
    // The name of a stage stands two blanks in; git shows what the brackets hold at the head of each hunk.
    ['diff.lockstep.xfuncname', '^  ([^ ].*):$'],
  ];
  const changes: string[] = [];
  for (const [key, value] of wanted) {
    if ((await readGitConfig(place, key)) === value) continue;
    await writeGitConfig(place, key, value);
    changes.push(`git config: set ${key} to '${value}'`);
  }
  return changes;
}

async function clearConfig(place: GitPlace): Promise<string[]> {
  const changes: string[] = [];
  for (const section of SECTIONS) {
    const key = section.startsWith('merge') ? `${section}.driver` : `${section}.xfuncname`;
    if ((await readGitConfig(place, key)) === undefined) continue;
    await removeGitConfigSection(place, section);
    changes.push(`git config: removed ${section}`);
  }
  return changes;
}

/** A DVC project may have lockfiles of both kinds. */
function addAttributes({ root, tools }: Project): string[] {
  const text = readAttributes(root);
  const wanted = ATTRIBUTES.filter((line) => tools.scheme === 'dvc' || !line.startsWith(DVC_LOCK));
  const added = wanted.filter((line) => !text.split(/\r?\n/).includes(line));
  if (added.length === 0) return [];
  const before = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  writeFileAtomic(join(root, '.gitattributes'), `${before}${added.join('\n')}\n`, { durable: true });
  return added.map((line) => `.gitattributes: added '${line}' (commit it)`);
}

function dropAttributes(root: string): string[] {
  const lines = readAttributes(root).split('\n');
  const isOurs = (line: string) => ATTRIBUTES.includes(line.trimEnd());
  const kept = lines.filter((line) => !isOurs(line));
  if (kept.length === lines.length) return [];
  const file = join(root, '.gitattributes');
  if (kept.join('') === '') rmSync(file);
  else writeFileAtomic(file, kept.join('\n'), { durable: true });
  return lines.filter(isOurs).map((line) => `.gitattributes: removed '${line.trimEnd()}'`);
}

function readAttributes(root: string): string {
  try {
    return readFileSync(join(root, '.gitattributes'), 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

/** How git shall call lockstep: by its name, or where that is a program of this very checkout, by its path in it. */
function programFor(context: Context, topLevel: string): string {
  const found = [...(context.env.PATH ?? '').split(delimiter), join(topLevel, 'node_modules', '.bin')]
    .map((directory) => join(directory, 'lockstep'))
    .find(isExecutable);
  const inside = found === undefined ? '..' : relative(realpathSync(topLevel), found);
  // Git runs merge drivers at the top of the work tree.
  return inside.startsWith('..') ? 'lockstep' : `'./${inside.replaceAll("'", `'\\''`)}'`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
