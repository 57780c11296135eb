import { join } from 'node:path';
import { type Amount, add, entriesOf, none, sizeBelow } from './cache/amount.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { bytesText } from './quantity.ts';
import { allRunFiles } from './remotes/run-records.ts';
import { renderTable } from './render-table.ts';

const KINDS = {
  files: 'objects',
  directories: 'directory listings',
  records: 'earlier results',
  corrupt: 'set aside as corrupt',
  trash: 'trash',
} as const;

type Sizes = Readonly<Record<keyof typeof KINDS, Amount>>;

export const command = defineCommand({
  usage: 'cache size',
  summary: 'Show how much is in the cache',
  details: 'Of this, gc removes what nobody needs; with --trash also what was set aside and the trash.',
  options: {
    json: {
      type: 'boolean',
      help: '{"dir", "bytes", "files": {"count", "bytes"}, "directories", "records", "corrupt", "trash"}',
    },
  },
  positionals: { min: 0, max: 0 },
  run: async (context, given) => {
    const project = await openProject(context);
    try {
      const sizes = sizesOf(project);
      const bytes = Object.values(sizes).reduce((sum, amount) => sum + amount.bytes, 0);
      if (given.json === true) {
        context.stdout.write(`${JSON.stringify({ dir: project.cacheDir, bytes, ...sizes })}\n`);
        return EXIT.ok;
      }
      const count = Object.values(sizes).reduce((sum, amount) => sum + amount.count, 0);
      const rows = (Object.keys(KINDS) as (keyof Sizes)[])
        .filter((kind) => sizes[kind].count > 0)
        .map((kind) => [String(sizes[kind].count), bytesText(sizes[kind].bytes), KINDS[kind]]);
      const total = [String(count), bytesText(bytes), `in all, at ${project.cacheDir}`];
      context.stdout.write(renderTable(COLUMNS, [...rows, total], context.stdout));
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

const COLUMNS = [
  { title: 'COUNT', align: 'right' },
  { title: 'SIZE', align: 'right' },
  { title: 'WHAT', shrink: true },
] as const;

function sizesOf(project: Project): Sizes {
  const sizes = { files: none(), directories: none(), records: none() };
  const stocks = project.store().stocks();
  for (const stock of stocks) {
    for (const object of stock.list()) {
      add(object.kind === 'tree' ? sizes.directories : sizes.files, stock.look(object)?.size ?? 0);
    }
  }
  for (const { files } of allRunFiles(project)) {
    for (const key of files.keys()) add(sizes.records, files.fileOf(key)?.size ?? 0);
  }
  const corrupt = none();
  for (const directory of new Set(stocks.map(({ layout }) => layout.corrupt))) {
    for (const path of entriesOf(directory)) add(corrupt, sizeBelow(path).bytes);
  }
  return { ...sizes, corrupt, trash: sizeBelow(join(project.root, '.lockstep', 'trash')) };
}
