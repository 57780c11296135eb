import type { Digest, Literal, ProjectPath } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { digestOf } from '../base/hash.ts';

/** Everything that can change a stage's result, and nothing else. */
export interface Inputs {
  readonly cmd: string | readonly string[];
  readonly wdir: ProjectPath;
  readonly env: Readonly<Record<string, string>>;
  readonly params: ReadonlyMap<ProjectPath, ReadonlyMap<string, Literal>>;
  readonly deps: ReadonlyMap<ProjectPath, Content>;
  /** Path → whether it is persistent. */
  readonly outs: ReadonlyMap<ProjectPath, boolean>;
}

/** The canonical text behind a fingerprint; specified in docs/hashing.md. */
export function encodeInputs(inputs: Inputs): string {
  const lines = ['stage/1'];
  const scripts = typeof inputs.cmd === 'string' ? [inputs.cmd] : inputs.cmd;
  lines.push(typeof inputs.cmd === 'string' ? 'script' : 'scripts');
  for (const script of scripts) lines.push(`cmd ${JSON.stringify(script)}`);
  lines.push(`wdir ${JSON.stringify(inputs.wdir)}`);
  for (const [name, value] of sorted(Object.entries(inputs.env))) {
    lines.push(`env ${JSON.stringify(name)} ${JSON.stringify(value)}`);
  }
  for (const [path, content] of sorted(inputs.deps)) {
    const mode = content.kind === 'file' && content.exec ? 'exec' : content.kind;
    lines.push(`dep ${JSON.stringify(path)} ${mode} ${content.digest}`);
  }
  for (const [file, values] of sorted(inputs.params)) {
    for (const [key, literal] of sorted(values)) {
      lines.push(`param ${JSON.stringify(file)} ${JSON.stringify(key)} ${literal}`);
    }
  }
  for (const [path, persist] of sorted(inputs.outs)) {
    lines.push(`out ${JSON.stringify(path)}${persist ? ' persist' : ''}`);
  }
  return `${lines.join('\n')}\n`;
}

export function fingerprintOf(inputs: Inputs): Digest {
  return digestOf(encodeInputs(inputs));
}

function sorted<V>(entries: Iterable<readonly [string, V]>): (readonly [string, V])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
