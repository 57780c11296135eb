import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { readText } from '../base/read-text.ts';
import { isDataFile, lockfileOf } from '../pipeline/lock-format.ts';
import { findLost } from '../repro/carry-over.ts';
import type { Loaded } from '../repro/loaded.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type ImportedConfig, importConfig, schemeConfig } from './import-config.ts';
import { alone, type FileText, type Migration, migrate, requireSafe, resume } from './migration.ts';
import { openProject, type Project } from './project.ts';
import { findRoot } from './project-root.ts';
import { lockLines, type NewPipeline, readNew, removedFiles, takeOver } from './take-over.ts';

export const command = defineCommand({
  usage: 'import-dvc',
  summary: 'Turn a DVC project into a native one: pipeline.yaml, pipeline.lock, SHA-256',
  details:
    'Every dvc.yaml becomes a pipeline.yaml with the same text, every lock entry is proven anew, and .dvc files stay ' +
    'and record SHA-256. What is replaced is left to git; .dvc/ with its config and cache is not touched. ' +
    '`lockstep export-dvc` is the way back.',
  options: {
    dry: { type: 'boolean', help: 'say what would be done, and do nothing' },
    force: { type: 'boolean', help: 'also replace what git has no copy of' },
  },
  positionals: { min: 0, max: 0 },
  examples: ['lockstep import-dvc --dry', 'lockstep import-dvc && git add -A && lockstep status'],
  run: async (context, given) => {
    const root = findRoot(realpathSync(context.cwd));
    if (root === undefined || !existsSync(join(root, '.dvc'))) {
      throw new LockstepError('no-project', 'there is no DVC project here: no .dvc/ in this directory or above it', {
        hint: 'without DVC there is nothing to import; lockstep init begins a project',
      });
    }
    const resumed = given.dry === true ? undefined : resume(root);
    if (resumed !== undefined) return say(context, [`finished the ${resumed.command} that was interrupted`]);
    const project = await openProject(context);
    try {
      if (project.tools.scheme === 'native') return say(context, ['this is a native project already; nothing to do']);
      return await importProject(project, context, { dry: given.dry === true, force: given.force === true });
    } finally {
      await project.close();
    }
  },
});

function say(context: Context, lines: readonly string[]): ExitCode {
  for (const line of lines) context.stderr.write(`${line}\n`);
  return EXIT.ok;
}

async function importProject(
  project: Project,
  context: Context,
  { dry, force }: { readonly dry: boolean; readonly force: boolean },
): Promise<ExitCode> {
  const { root } = project;
  const loaded = await project.load();
  const config = importConfig(root, context.env);
  const texts = new Map(loaded.pipelines.map(({ file }) => [file, readText(join(root, file), file)]));
  const pipelines = await readNew(project, loaded, { scheme: 'native', texts, parsing: config.parsing });
  const removes = removedFiles(project, pipelines, (file) => lockfileOf(file, 'dvc'));
  const renamed = pipelines.filter(({ was, now }) => was.file !== now.file);
  const files = renamed.map(({ now, text }) => ({ path: now.file, text }));
  const migration: Migration = { command: 'import-dvc', writes: files, removes };
  if (!force) await requireSafe(project, context, { ...migration, writes: [...files, ...replacedLocks(pipelines)] });
  const work = { loaded, pipelines, config, migration };
  const lost = dry ? await findLost({ from: project.tools, loaded }) : await perform(project, context, work);
  const lines = [
    ...renamed.flatMap(({ was, now, text }) => [
      `${was.file} → ${now.file}`,
      ...scriptLines(was.file, text, now.stages),
    ]),
    ...lockLines(pipelines, loaded, lost),
    ...config.lines,
    ...removes.map((path) => `removed ${path}`),
    '.dvc/ is as it was; DVC’s cache and run cache stay in it, for earlier commits and for the way back',
  ];
  if (dry) return say(context, ['nothing was changed; without --dry, this would be done:', ...lines]);
  return say(context, [...lines, 'now: lockstep status, then git add -A && git commit']);
}

function replacedLocks(pipelines: readonly NewPipeline[]): readonly FileText[] {
  return pipelines.map(({ lock }) => ({ path: lock, text: '' }));
}

interface Work {
  readonly loaded: Loaded;
  readonly pipelines: readonly NewPipeline[];
  readonly config: ImportedConfig;
  readonly migration: Migration;
}

async function perform(project: Project, context: Context, { loaded, pipelines, config, migration }: Work) {
  const { root } = project;
  return await alone(project, context, async () => {
    // Nothing reads these settings before the project is native, but for where its cache is.
    for (const { path, text } of config.files) writeFileAtomic(join(root, path), text, { durable: true });
    const native = await openProject(context, { as: 'native' });
    try {
      const { locks, carried } = await takeOver(project, native, { loaded, pipelines });
      const writes = [...migration.writes, ...locks, schemeConfig(root, config.files, 'native')];
      migrate(project, { ...migration, writes });
      return carried.lost;
    } finally {
      await native.close();
    }
  });
}

/** Commands that mean something else to DVC. */
function scriptLines(file: ProjectPath, text: string, stages: NewPipeline['now']['stages']): string[] {
  if (isDataFile(file) || text === '') return [];
  const scripts = stages.filter(({ cmd }) => typeof cmd === 'string' && cmd.trim().includes('\n'));
  return scripts.map(({ name }) => {
    return `  ${name}: its cmd of several lines is one script here; DVC runs each line in a shell of its own`;
  });
}
