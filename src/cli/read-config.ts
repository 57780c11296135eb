import { isErrno, LockstepError } from '../base/error.ts';
import { readText } from '../base/read-text.ts';
import { type Config, DEFAULT_CONFIG } from './config.ts';

interface Kept {
  get(kind: string, text: string): unknown;
  set(kind: string, text: string, value: unknown): void;
}

/** The config of a project: `config.yaml`, and over it `config.local.yaml`, which git does not see. */
export async function readConfig(files: readonly string[], kept: Kept): Promise<Config> {
  const texts = files.map((file) => ({ file, text: readIfThere(file) })).filter(({ text }) => text.trim() !== '');
  if (texts.length === 0) return DEFAULT_CONFIG;
  const key = JSON.stringify(texts);
  const known = kept.get('config', key) as Config | undefined;
  if (known !== undefined) return known;
  const { parseConfig } = await import('./parse-config.ts');
  const { config, diagnostics } = parseConfig(texts);
  if (diagnostics.length > 0)
    throw new LockstepError('bad-config', 'the configuration cannot be used', { diagnostics });
  kept.set('config', key, config);
  return config;
}

function readIfThere(file: string): string {
  try {
    return readText(file, file);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return '';
    throw error;
  }
}
