import { join } from 'node:path';
import type { Content } from '../base/content.ts';
import { labelOf, lockedEntry } from '../repro/loaded.ts';
import { select } from '../repro/select.ts';
import type { ObjectName } from '../store/integrity.ts';
import { sizeBelow } from './cache/amount.ts';
import { keyOf } from './cache/closure.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { bytesText } from './quantity.ts';
import { renderTable } from './render-table.ts';

interface Row {
  readonly path: string;
  readonly stage: string;
  readonly workspace: number;
  readonly cache: number;
}

export const command = defineCommand({
  usage: 'du [targets…]',
  summary: 'Show how much room outs and data take, in the cache and in the workspace',
  details: 'Objects that several files have in common count once: within each line, and once more in the total.',
  options: {
    glob: { type: 'boolean', help: 'targets are patterns' },
    json: {
      type: 'boolean',
      help: '{"outs": [{"path", "stage", "workspace", "cache"}], "total": {"workspace", "cache"}}: bytes',
    },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep du', 'lockstep du train'],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const { named } = select(loaded, project.here, { targets, glob: given.glob === true });
      const everything = new Map<string, number>();
      const rows: Row[] = [];
      for (const id of named) {
        const stage = loaded.stages.get(id);
        const outs = stage === undefined ? undefined : lockedEntry(loaded, stage)?.entry.outs;
        for (const { path } of stage?.outs ?? []) {
          const content = outs?.get(path)?.content;
          const objects = content === undefined ? new Map() : sizesOf(project, content);
          for (const [key, size] of objects) everything.set(key, size);
          const { bytes: workspace } = sizeBelow(join(project.root, path));
          rows.push({ path, stage: labelOf(loaded, id), workspace, cache: sumOf(objects) });
        }
      }
      const total = { workspace: rows.reduce((sum, row) => sum + row.workspace, 0), cache: sumOf(everything) };
      if (given.json === true) context.stdout.write(`${JSON.stringify({ outs: rows, total })}\n`);
      else
        context.stdout.write(
          renderTable(COLUMNS, [...rows, { path: 'total', stage: '', ...total }].map(cells), context.stdout),
        );
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

const COLUMNS = [
  { title: 'WORKSPACE', align: 'right' },
  { title: 'CACHE', align: 'right' },
  { title: 'PATH', shrink: true },
  { title: 'STAGE', shrink: true },
] as const;

function cells({ path, stage, workspace, cache }: Row): readonly string[] {
  return [bytesText(workspace), bytesText(cache), path, stage];
}

/** The objects of some content that are in the cache, with their sizes. */
function sizesOf(project: Project, { digest, kind }: Content): ReadonlyMap<string, number> {
  const store = project.store();
  const objects = store.exchange();
  const sizes = new Map<string, number>();
  const look = (object: ObjectName): void => {
    const size = objects.sizeOf(object);
    if (size !== undefined) sizes.set(keyOf(object), size);
  };
  look({ digest, kind });
  const listing = kind === 'tree' ? store.listing(digest) : 'missing';
  if (typeof listing === 'string') return sizes;
  for (const entry of listing) {
    if (entry.kind === 'file' || entry.kind === 'exec') look({ digest: entry.digest, kind: 'file' });
  }
  return sizes;
}

function sumOf(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
