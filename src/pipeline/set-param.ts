import { isCollection, isScalar, parseDocument } from 'yaml';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { flatKeys } from './params.ts';
import { parseParams } from './parse-params.ts';

export interface ParamChange {
  /** Dotted, with indexes: `train.lr`, `layers[0].size`. It must be there already. */
  readonly key: string;
  /** As YAML text: `0.10`, `"a b"`, `[1, 2]`. */
  readonly value: string;
}

/**
 * The text of a params file with other values. In YAML, comments and all other lines stay; JSON keeps its indentation.
 * Throws `usage` for a key that is not there, or a file of another kind.
 */
export function setParams(file: ProjectPath, text: string, changes: readonly ParamChange[]): string {
  if (!/\.(ya?ml|json)$/i.test(file)) {
    throw new LockstepError('usage', `${file}: only YAML and JSON files of params can be changed by lockstep`);
  }
  const document = parseDocument(text, { keepSourceTokens: true });
  if (document.errors.length > 0) {
    throw new LockstepError('bad-params', `${file} cannot be read: ${document.errors[0]?.message ?? ''}`);
  }
  let result = text;
  for (const { key, value } of changes) result = setOne(result, { file, key, value });
  return result;
}

function setOne(text: string, { file, key, value }: ParamChange & { readonly file: ProjectPath }): string {
  const document = parseDocument(text, { keepSourceTokens: true });
  const node = document.getIn(pathOf(key), true);
  if (node === undefined) throw unknownKey(text, file, key);
  const isJson = file.toLowerCase().endsWith('.json');
  const range = isScalar(node) || isCollection(node) ? node.range : undefined;
  const written = isJson ? JSON.stringify(parseDocument(value).toJS()) : value;
  // A scalar, or a list or map on one line, is replaced where it stands, and nothing else of the file is touched.
  const standing = range === undefined || range === null ? undefined : text.slice(range[0], range[1]);
  if (range !== undefined && range !== null && standing !== '' && standing?.includes('\n') === false) {
    return `${text.slice(0, range[0])}${written}${text.slice(range[1])}`;
  }
  document.setIn(pathOf(key), parseDocument(value).contents);
  return isJson ? `${JSON.stringify(document.toJS(), null, 2)}\n` : document.toString({ lineWidth: 0 });
}

function pathOf(key: string): (string | number)[] {
  return key.split('.').flatMap((name) => {
    const [bare = '', ...indexes] = name.split('[');
    return [bare, ...indexes.map((index) => Number.parseInt(index, 10))];
  });
}

function unknownKey(text: string, file: ProjectPath, key: string): LockstepError {
  const { tree } = parseParams(file, text);
  const near = tree === undefined ? undefined : nearest(key, flatKeys(tree));
  return new LockstepError('usage', `${file} has no param ${key}`, {
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  });
}
