import { isAbsolute, join, resolve } from 'node:path';
import { LockstepError } from '../../base/error.ts';
import { nearest } from '../../base/nearest.ts';
import { REMOTE_PATHS, remoteOf } from '../dvc-config.ts';
import { readDvcSettings } from '../import-config.ts';
import type { Project } from '../project.ts';

/** A remote as it is configured. */
export interface ConfiguredRemote {
  readonly name: string;
  /** `scheme://…`, or an absolute path. */
  readonly url: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface ConfiguredRemotes {
  readonly names: readonly string[];
  /** Used where none is named. */
  readonly standard: string | undefined;
  /** Throws `usage` for a name that is not configured. */
  named(name: string): ConfiguredRemote;
}

type Asking = Pick<Project, 'root' | 'config' | 'tools'>;

export function remotesOf({ root, config, tools: { scheme, env } }: Asking): ConfiguredRemotes {
  if (scheme === 'dvc') {
    const dvc = readDvcSettings(root, env);
    const names = [...dvc.remotes.keys()];
    return {
      names,
      standard: dvc.core.remote ?? only(names),
      named: (name) => {
        const remote = remoteOf(dvc, name);
        if (remote === undefined) throw unknown(name, names);
        return { name, url: remote.url.replace(/^file:\/\//, ''), options: remote.options };
      },
    };
  }
  const remotes = config.remotes ?? {};
  const names = Object.keys(remotes).filter((name) => remotes[name]?.url !== undefined);
  return {
    names,
    standard: config.remote ?? only(names),
    named: (name) => {
      const { url, ...options } = remotes[name] ?? {};
      if (url === undefined) throw unknown(name, names);
      const paths = Object.entries(options).filter(([option]) => REMOTE_PATHS.includes(option));
      const placed = paths.map(([option, path]) => [option, absolute(root, String(path), env.HOME)]);
      return { name, url: absolute(root, url, env.HOME), options: { ...options, ...Object.fromEntries(placed) } };
    },
  };
}

function only(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}

/** A relative path starts at the project's root. */
function absolute(root: string, url: string, home: string | undefined): string {
  if (/^\w+:\/\//.test(url) || isAbsolute(url)) return url.replace(/^file:\/\//, '');
  if (home !== undefined && (url === '~' || url.startsWith('~/'))) return join(home, url.slice(1));
  return resolve(root, url);
}

function unknown(name: string, names: readonly string[]): LockstepError {
  const close = nearest(name, names);
  return new LockstepError('usage', `there is no remote called '${name}'`, {
    hint: close !== undefined ? `did you mean '${close}'?` : `lockstep remote add ${name} ADDRESS makes one`,
  });
}
