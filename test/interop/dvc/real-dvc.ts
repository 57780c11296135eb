import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { DvcValue } from '../../../src/pipeline/dvc/value.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../../..');

export interface RealDvc {
  readonly program: string;
  /** The Python that this DVC runs in. */
  readonly python: string;
}

/** The DVC to compare with: `LOCKSTEP_DVC`, or that of `.venv-dvc` in the project's root, or the one on the PATH. */
export const REAL_DVC: RealDvc | undefined = find();

function find(): RealDvc | undefined {
  const named = process.env.LOCKSTEP_DVC;
  const onPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, 'dvc'));
  const candidates = named !== undefined ? [named] : [join(ROOT, '.venv-dvc/bin/dvc'), ...onPath];
  for (const candidate of candidates) {
    const python = existsSync(candidate) ? pythonOf(candidate) : undefined;
    if (python !== undefined) return { program: candidate, python };
  }
  const hint = 'python3 -m venv .venv-dvc && .venv-dvc/bin/pip install -r test/interop/dvc/requirements.txt';
  console.warn(`skipped: there is no DVC to compare with (${hint})`);
  return undefined;
}

function pythonOf(program: string): string | undefined {
  const interpreter = /^#!(\S*python\S*)/.exec(readFileSync(realpathSync(program), 'utf8'))?.[1];
  const beside = join(dirname(program), 'python');
  return [interpreter, beside].find((path) => path !== undefined && existsSync(path));
}

/** Puts a batch of questions to DVC's own code, see oracle.py. */
export function askDvc(question: string, batch: unknown): unknown {
  if (REAL_DVC === undefined) throw new Error('there is no DVC to ask');
  const answer = execFileSync(REAL_DVC.python, [join(HERE, 'oracle.py'), question], {
    input: JSON.stringify(batch),
    env: { ...process.env, DVC_NO_ANALYTICS: '1' },
    maxBuffer: 1 << 30,
    encoding: 'utf8',
  });
  return JSON.parse(answer);
}

/** A value as oracle.py reads and writes it. */
export type Coded = readonly [kind: string, content: unknown];

export function codeOf(value: DvcValue): Coded {
  if (typeof value === 'bigint') return ['int', String(value)];
  if (typeof value === 'number') return ['float', floatCode(value)];
  if (value === null || typeof value !== 'object') return ['plain', value];
  if (!('kind' in value)) return ['list', value.map(codeOf)];
  if (value.kind === 'date') return [value.text.length > 10 ? 'datetime' : 'date', value.text];
  return ['map', value.entries.map(([key, member]) => [codeOf(key), codeOf(member)])];
}

/** A float as Python reads it; JSON has no `-0.0`. */
export function floatCode(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}

export function valueOfCode([kind, content]: Coded): DvcValue {
  switch (kind) {
    case 'int':
      return BigInt(content as string);
    case 'float':
      return pythonNumber(content as string);
    case 'date':
    case 'datetime':
      return { kind: 'date', text: content as string };
    case 'list':
      return (content as readonly Coded[]).map(valueOfCode);
    case 'map':
      return {
        kind: 'map',
        entries: (content as readonly (readonly [Coded, Coded])[]).map(
          ([key, member]) => [valueOfCode(key), valueOfCode(member)] as const,
        ),
      };
    default:
      return content as null | boolean | string;
  }
}

function pythonNumber(text: string): number {
  if (text === 'inf') return Number.POSITIVE_INFINITY;
  return text === '-inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
