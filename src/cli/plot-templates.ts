import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isErrno, LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import { hasData, type Json } from '../plots/fill.ts';
import { TEMPLATES } from '../plots/templates.ts';
import type { Project } from './project.ts';

/** A built-in template by its name, or a file of the project: as seen from here, from the root, or in `.dvc/plots/`. */
export function readTemplate(project: Pick<Project, 'root' | 'here'>, name: string): Json {
  const builtIn = Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name] : undefined;
  if (builtIn !== undefined) return builtIn;
  const { root, here } = project;
  const places = [join(root, here, name), join(root, name), join(root, '.dvc/plots', name)];
  for (const file of places.flatMap((path) => [path, `${path}.json`])) {
    const text = readIfThere(file);
    if (text !== undefined) return parseTemplate(name, text);
  }
  const near = nearest(name, Object.keys(TEMPLATES));
  throw new LockstepError('usage', `there is no plot template '${name}'`, {
    hint:
      near === undefined
        ? `a file of Vega-Lite JSON, or one of ${Object.keys(TEMPLATES).join(', ')}`
        : `did you mean ${near}?`,
  });
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
    throw error;
  }
}

function parseTemplate(name: string, text: string): Json {
  const template = parseJson(name, text);
  if (hasData(template)) return template;
  throw new LockstepError('usage', `the plot template ${name} has no "<DVC_METRIC_DATA>", so it would show nothing`, {
    hint: 'lockstep plots templates simple shows one that works',
  });
}

function parseJson(name: string, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new LockstepError('usage', `the plot template ${name} is not JSON: ${error.message}`, { cause: error });
  }
}
