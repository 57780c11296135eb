import { join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { type Diagnostic, isErrno } from '../base/error.ts';
import { digestOf } from '../base/hash.ts';
import { readText } from '../base/read-text.ts';
import type { ParsingOptions } from '../pipeline/command-options.ts';
import { isDataFile } from '../pipeline/lock-format.ts';
import type { Pipeline } from '../pipeline/stage.ts';
import type { ParseCache } from '../store/parse-cache.ts';

export interface PipelineReading {
  readonly parseCache: ParseCache;
  /** The text of a file of values; undefined when it is not there. */
  readonly readData: (file: ProjectPath) => string | undefined;
  /** How maps in commands become options; DVC's defaults where it is not given. */
  readonly parsing?: ParsingOptions | undefined;
}

export interface ReadPipeline {
  readonly pipeline: Pipeline | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The same for the same text of the file and of every file of values that it was expanded with. */
  readonly identity: string;
}

/** In place of a pipeline, for a text that is expanded with other files: which files these are. */
interface Asks {
  readonly asks: readonly ProjectPath[];
}

/**
 * The text of a pipeline file as data. It is kept by that text, or, where it names files of values, by the texts of all
 * of them; which they are is kept by the text alone. A file that names none reads none.
 */
export async function readPipeline(
  { parseCache, readData, parsing }: PipelineReading,
  file: ProjectPath,
  text: string,
): Promise<ReadPipeline> {
  const kind = parsing === undefined ? `pipeline:${file}` : `pipeline:${file} ${parsing.bool} ${parsing.list}`;
  const texts = new Map<ProjectPath, string | undefined>();
  const read = (path: ProjectPath): string | undefined => {
    if (!texts.has(path)) texts.set(path, readData(path));
    return texts.get(path);
  };
  const known = parseCache.get(kind, text) as Pipeline | Asks | undefined;
  if (known !== undefined && !('asks' in known)) return { pipeline: known, diagnostics: [], identity: text };
  if (known !== undefined) {
    const identity = identityOf(text, known.asks, read);
    const kept = parseCache.get(kind, identity) as Pipeline | undefined;
    if (kept !== undefined) return { pipeline: kept, diagnostics: [], identity };
  }
  if (isDataFile(file)) return await readDataFile(parseCache, file, { kind, text });
  const { parsePipeline } = await import('../pipeline/parse.ts');
  const parsed = parsePipeline(file, text, { readData: read, ...(parsing !== undefined && { parsing }) });
  const asks = parsed.pipeline?.sources ?? [];
  const identity = identityOf(text, asks, read);
  if (parsed.pipeline !== undefined && parsed.diagnostics.length === 0) {
    if (asks.length > 0) parseCache.set(kind, text, { asks } satisfies Asks);
    parseCache.set(kind, identity, parsed.pipeline);
  }
  return { ...parsed, identity };
}

async function readDataFile(
  parseCache: ParseCache,
  file: ProjectPath,
  { kind, text }: { readonly kind: string; readonly text: string },
): Promise<ReadPipeline> {
  const { parseDataFile } = await import('../pipeline/dvc/data-file.ts');
  const { pipeline, diagnostics } = parseDataFile(file, text);
  if (pipeline !== undefined && diagnostics.length === 0) parseCache.set(kind, text, pipeline);
  return { pipeline, diagnostics, identity: text };
}

function identityOf(
  text: string,
  asks: readonly ProjectPath[],
  read: (file: ProjectPath) => string | undefined,
): string {
  const lines = asks.map((file) => {
    const data = read(file);
    return `\0${file} ${data === undefined ? 'missing' : digestOf(data)}`;
  });
  return text + lines.join('');
}

/** Reads files of values below a root. */
export function dataFilesOf(root: string): (file: ProjectPath) => string | undefined {
  return (file) => {
    try {
      return readText(join(root, file), file);
    } catch (error) {
      if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw error;
    }
  };
}
