import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Literal, ProjectPath } from '../base/brand.ts';
import { isErrno, LockstepError } from '../base/error.ts';
import { readText } from '../base/read-text.ts';
import { readFlatYaml } from '../pipeline/flat-yaml.ts';
import type { NodeOf } from '../pipeline/lock-format.ts';
import { matchParams, type ParamsTree, selectParams } from '../pipeline/params.ts';
import type { ParamsRequest } from '../pipeline/stage.ts';
import type { MissingParam } from './observation.ts';
import type { Tools } from './tools.ts';

export interface ParamsReader {
  /** Throws `bad-params` with the place of every mistake in a broken file. */
  read(requests: readonly ParamsRequest[]): Promise<ReadParams>;
  /** The whole file as data; undefined when it is not there. */
  tree(file: ProjectPath): Promise<ParamsTree | undefined>;
  /** A value of a file that was read, as it stood there at the last look. */
  nodeOf: NodeOf;
}

interface ReadParams {
  readonly params: ReadonlyMap<ProjectPath, ReadonlyMap<string, Literal>>;
  readonly missing: readonly MissingParam[];
}

/**
 * Reads params files; a file whose stat did not change since the last look is not read again. With `once` it is not
 * even looked at again: for a plan, in which nothing changes.
 */
export function createParamsReader(
  { root, parseCache, scheme }: Pick<Tools, 'root' | 'parseCache' | 'scheme'>,
  { once }: { readonly once: boolean } = { once: false },
): ParamsReader {
  const seen = new Map<ProjectPath, { stamp: string; tree: ParamsTree | undefined }>();

  async function tree(file: ProjectPath): Promise<ParamsTree | undefined> {
    const known = seen.get(file);
    if (once && known !== undefined) return known.tree;
    const stat = statSync(join(root, file), { bigint: true, throwIfNoEntry: false });
    const stamp = stat === undefined ? 'missing' : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    // A stage may have written the file twice within the clock's granularity: only an old file is known by its stat.
    const settled = stat === undefined || Date.now() - Number(stat.ctimeMs) > 50;
    if (known?.stamp === stamp && settled) return known.tree;
    const parsed = stat === undefined ? undefined : await parse(file);
    seen.set(file, { stamp, tree: parsed });
    return parsed;
  }

  async function parse(file: ProjectPath): Promise<ParamsTree | undefined> {
    const text = readParams(root, file);
    const flat = readFlatYaml(file, text);
    if (flat !== undefined) return flat;
    const kept = parseCache.get(`params:${file}`, text) as ParamsTree | undefined;
    if (kept !== undefined) return kept;
    const { parseParams } = await import('../pipeline/parse-params.ts');
    const { tree: parsed, diagnostics } = parseParams(file, text);
    if (diagnostics.length > 0) throw new LockstepError('bad-params', `${file} cannot be read`, { diagnostics });
    if (parsed !== undefined) parseCache.set(`params:${file}`, text, parsed);
    return parsed;
  }

  return {
    tree,
    nodeOf(file, key) {
      const known = seen.get(file)?.tree;
      return known === undefined ? undefined : matchParams(known, key)[0]?.[1];
    },
    async read(requests) {
      const params = new Map<ProjectPath, Map<string, Literal>>();
      const missing: MissingParam[] = [];
      for (const { file, keys } of requests) {
        const found = await tree(file);
        if (found === undefined) {
          missing.push(...(keys ?? [null]).map((key) => ({ file, key })));
          continue;
        }
        const selected = selectParams(found, keys, { nested: scheme === 'dvc' });
        missing.push(...selected.missing.map((key) => ({ file, key })));
        const values = params.get(file) ?? new Map<string, Literal>();
        for (const [key, literal] of selected.values) values.set(key, literal);
        params.set(file, values);
      }
      return { params, missing };
    },
  };
}

function readParams(root: string, file: ProjectPath): string {
  try {
    return readText(join(root, file), `the params file ${file}`);
  } catch (error) {
    if (!isErrno(error, 'EACCES')) throw error;
    throw new LockstepError('bad-params', `the params file ${file} cannot be read: ${error.code}`, { cause: error });
  }
}
