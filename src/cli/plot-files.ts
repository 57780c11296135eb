import type { ProjectPath } from '../base/brand.ts';
import type { Row } from '../plots/datapoints.ts';
import { filesOf, type PlotDefinition } from '../plots/definition.ts';
import type { Picture } from '../plots/page.ts';
import { tablesOf } from '../provenance/table-file.ts';
import type { ProjectState } from './project-state.ts';

/** The bytes of some files in one state of the project. */
export interface StateFiles {
  readonly name: string;
  readonly files: ReadonlyMap<ProjectPath, Uint8Array>;
}

const IMAGES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
};
const TABLES = new Set(['json', 'yaml', 'yml', 'csv', 'tsv', 'toml']);

export function isImage(path: string): boolean {
  return Object.hasOwn(IMAGES, suffixOf(path));
}

function suffixOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1).toLowerCase();
}

/** A plot that is a directory is one plot for each file in it that can be drawn. */
export async function spreadDirectories(
  definition: PlotDefinition,
  states: readonly ProjectState[],
): Promise<readonly PlotDefinition[]> {
  const [only, ...others] = definition.ys;
  if (only === undefined || others.length > 0 || only.file !== definition.id) return [definition];
  const listed = await Promise.all(states.map((state) => state.list(only.file as ProjectPath)));
  const files = [...new Set(listed.flat())].filter((path) => path !== only.file);
  const drawn = files.filter((path) => isImage(path) || TABLES.has(suffixOf(path)));
  if (files.length === 0) return [definition];
  return drawn.map((file) => ({
    ...definition,
    id: file,
    ys: [{ ...only, file }],
    xs: definition.xs.map((x) => ({ ...x, file })),
  }));
}

export async function readPlotFiles(
  states: readonly ProjectState[],
  definitions: readonly PlotDefinition[],
): Promise<readonly StateFiles[]> {
  const wanted = new Set(definitions.flatMap(filesOf) as ProjectPath[]);
  return await Promise.all(states.map(async (state) => ({ name: state.name, files: await state.read(wanted) })));
}

/** Rows of all tables of a file; those of several lists stand beside each other. */
export function rowsOf(path: string, bytes: Uint8Array, header: boolean): readonly Row[] {
  const rows: Row[] = [];
  for (const table of tablesOf(path, new TextDecoder().decode(bytes), { header })) {
    for (const [index, row] of table.entries()) rows[index] = { ...rows[index], ...row };
  }
  return rows;
}

export function picturesOf(path: ProjectPath, states: readonly StateFiles[]): readonly Picture[] {
  return states.flatMap(({ name, files }) => {
    const bytes = files.get(path);
    if (bytes === undefined) return [];
    const url = `data:${IMAGES[suffixOf(path)]};base64,${Buffer.from(bytes).toString('base64')}`;
    return [{ revision: name, url }];
  });
}
