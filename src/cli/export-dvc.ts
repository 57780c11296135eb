import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { readText } from '../base/read-text.ts';
import { type ExportedText, exportText } from '../pipeline/dvc/export-text.ts';
import { isDataFile, lockfileOf } from '../pipeline/lock-format.ts';
import { findLost } from '../repro/carry-over.ts';
import type { Loaded } from '../repro/loaded.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { dvcConfigText } from './dvc-config-text.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { readDvcSettings, schemeConfig } from './import-config.ts';
import { alone, type FileText, type Migration, migrate, requireSafe, resume } from './migration.ts';
import { openProject, type Project } from './project.ts';
import { findRoot } from './project-root.ts';
import { lockLines, type NewPipeline, readNew, removedFiles, takeOver } from './take-over.ts';

export const command = defineCommand({
  usage: 'export-dvc',
  summary: 'Turn a native project into a DVC project: dvc.yaml, dvc.lock, MD5',
  details:
    'Every pipeline.yaml becomes a dvc.yaml, without what DVC does not know, which is named; every lock entry is proven ' +
    'anew, its objects put into .dvc/cache. A .dvc/ that is there keeps its config. What is replaced is left to git.',
  options: {
    dry: { type: 'boolean', help: 'say what would be done, and do nothing' },
    force: { type: 'boolean', help: 'also replace what git has no copy of' },
  },
  positionals: { min: 0, max: 0 },
  examples: ['lockstep export-dvc --dry', 'lockstep export-dvc && dvc status'],
  run: async (context, given) => {
    const root = findRoot(realpathSync(context.cwd));
    const resumed = root === undefined || given.dry === true ? undefined : resume(root);
    if (resumed !== undefined) return say(context, [`finished the ${resumed.command} that was interrupted`]);
    const project = await openProject(context);
    try {
      if (project.tools.scheme === 'dvc') return say(context, ['this is a DVC project already; nothing to do']);
      return await exportProject(project, context, { dry: given.dry === true, force: given.force === true });
    } finally {
      await project.close();
    }
  },
});

function say(context: Context, lines: readonly string[]): ExitCode {
  for (const line of lines) context.stderr.write(`${line}\n`);
  return EXIT.ok;
}

async function exportProject(
  project: Project,
  context: Context,
  { dry, force }: { readonly dry: boolean; readonly force: boolean },
): Promise<ExitCode> {
  const { root } = project;
  const loaded = await project.load();
  const exported = new Map(loaded.pipelines.map(({ file }) => [file, exportFile(root, file)]));
  const texts = new Map([...exported].map(([file, { text }]) => [file, text]));
  const { parsing } = project.config;
  const pipelines = await readNew(project, loaded, { scheme: 'dvc', texts, parsing });
  const removes = removedFiles(project, pipelines, (file) => lockfileOf(file, 'native'));
  const isChanged = ({ was, now }: NewPipeline) =>
    was.file !== now.file || (exported.get(was.file)?.changes.length ?? 0) > 0;
  const changed = pipelines.filter(isChanged);
  const files = changed.map(({ now, text }) => ({ path: now.file, text }));
  const config = configFiles(project);
  const migration: Migration = { command: 'export-dvc', writes: [...files, ...config], removes };
  const locks = pipelines.map(({ lock }) => ({ path: lock, text: '' }));
  if (!force) await requireSafe(project, context, { ...migration, writes: [...files, ...locks] });
  const work = { loaded, pipelines, migration };
  const lost = dry ? await findLost({ from: project.tools, loaded }) : await perform(project, context, work);
  const lines = [
    ...changed.flatMap(({ was, now }) => [
      was.file === now.file ? `${now.file}: rewritten` : `${was.file} → ${now.file}`,
      ...(exported.get(was.file)?.changes ?? []).map(({ line, message }) => `  ${was.file}:${line}: ${message}`),
    ]),
    ...lockLines(pipelines, loaded, lost),
    ...config.map(({ path }) => `wrote ${path}`),
    ...notTaken(project, context),
    ...removes.map((path) => `removed ${path}`),
    '.lockstep/ stays: runs, cache and config are lockstep’s own',
  ];
  if (dry) return say(context, ['nothing was changed; without --dry, this would be done:', ...lines]);
  return say(context, [...lines, 'now: dvc status, then git add -A && git commit']);
}

function exportFile(root: string, file: ProjectPath): ExportedText {
  const text = readText(join(root, file), file);
  return isDataFile(file) ? { text, changes: [] } : exportText(text);
}

/** What makes a directory a DVC project, where it is not one yet. */
function configFiles({ root, config }: Project): readonly FileText[] {
  if (existsSync(join(root, '.dvc', 'config'))) return [];
  return [
    { path: '.dvc/config' as ProjectPath, text: dvcConfigText(config) },
    { path: '.dvc/.gitignore' as ProjectPath, text: '/config.local\n/tmp\n/cache\n' },
  ];
}

/** A config of DVC's that is there stays as it is: what it lacks has to be put into it by hand, and must be known. */
function notTaken({ root, config }: Project, { env }: Context): readonly string[] {
  if (!existsSync(join(root, '.dvc', 'config'))) return [];
  const theirs = readDvcSettings(root, env);
  const remotes = Object.keys(config.remotes ?? {}).filter((name) => !theirs.remotes.has(name.toLowerCase()));
  const isOther = config.remote !== undefined && config.remote.toLowerCase() !== theirs.core.remote;
  const names = [
    ...remotes.map((name) => `remote '${name}'`),
    ...(isOther ? [`'${config.remote}' as the default remote`] : []),
  ];
  return names.length === 0 ? [] : [`.dvc/config is as it was, without ${names.join(', ')}: see dvc remote add`];
}

interface Work {
  readonly loaded: Loaded;
  readonly pipelines: readonly NewPipeline[];
  readonly migration: Migration;
}

async function perform(project: Project, context: Context, { loaded, pipelines, migration }: Work) {
  const { root } = project;
  return await alone(project, context, async () => {
    // From the first object on there is a .dvc/, which by itself would say that all is DVC's already.
    const native = schemeConfig(root, [], 'native');
    writeFileAtomic(join(root, native.path), native.text, { durable: true });
    const dvc = await openProject(context, { as: 'dvc' });
    try {
      const { locks, carried } = await takeOver(project, dvc, { loaded, pipelines });
      const writes = [...migration.writes, ...locks, schemeConfig(root, [], null)];
      migrate(project, { ...migration, writes });
      return carried.lost;
    } finally {
      await dvc.close();
    }
  });
}
