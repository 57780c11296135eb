import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { type Content, sameContent } from '../base/content.ts';
import { labelOf, lockedEntry } from '../repro/loaded.ts';
import { select } from '../repro/select.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { countText } from './quantity.ts';

export const command = defineCommand({
  usage: 'checkout [targets…]',
  summary: 'Bring the outs that the lockfile names back from the cache',
  details:
    'What is there already is left alone. A file that the cache cannot bring back is moved to the trash before ' +
    'another takes its place. What cannot be restored is named, the rest is restored all the same, and the exit code is 1.',
  options: {
    glob: { type: 'boolean', help: 'targets are patterns' },
    json: {
      type: 'boolean',
      help: '{"restored": [path…], "kept": [path…], "missing": [{"path", "stage"}], "trash": {path: where}}',
    },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['git switch other-branch && lockstep checkout', 'lockstep checkout train'],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const { named } = select(loaded, project.here, { targets, glob: given.glob === true });
      const report: Report = { restored: [], kept: [], missing: [], trash: {} };
      for (const id of named) {
        const stage = loaded.stages.get(id);
        const outs = stage === undefined ? undefined : lockedEntry(loaded, stage)?.entry.outs;
        for (const [path, { content }] of outs ?? []) {
          await restoreOut(project, { path, content, stage: labelOf(loaded, id) }, report);
        }
      }
      if (given.json === true) context.stdout.write(`${JSON.stringify(report)}\n`);
      else context.stderr.write(reportText(report));
      return report.missing.length > 0 ? EXIT.failed : EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

interface Report {
  readonly restored: string[];
  readonly kept: string[];
  readonly missing: { readonly path: string; readonly stage: string }[];
  readonly trash: Record<string, string>;
}

interface Wanted {
  readonly path: ProjectPath;
  readonly content: Content;
  readonly stage: string;
}

async function restoreOut(project: Project, { path, content, stage }: Wanted, report: Report): Promise<void> {
  const store = project.store();
  const now = store.peek(path) ?? (await store.observe(path));
  if (now !== 'missing' && sameContent(now, content)) {
    report.kept.push(path);
    return;
  }
  // Only once it is sure that the new can come does the old have to go.
  if ((await store.verify(content)) !== 'intact') {
    report.missing.push({ path, stage });
    return;
  }
  const trashed = await store.clear(path);
  if (trashed !== null) report.trash[path] = trashed;
  mkdirSync(dirname(join(project.root, path)), { recursive: true });
  await store.checkout(content, path);
  report.restored.push(path);
}

function reportText(report: Report): string {
  const lines = Object.entries(report.trash).map(
    ([path, where]) => `${path} was not in the cache; it was moved to ${where}`,
  );
  for (const { path, stage } of report.missing)
    lines.push(`${path} is not in the cache; lockstep repro ${stage} makes it`);
  const counts = [`${countText(report.restored.length, 'out')} restored`, `${report.kept.length} already there`];
  if (report.missing.length > 0) counts.push(`${report.missing.length} missing`);
  return `${[...lines, counts.join(', ')].join('\n')}\n`;
}
