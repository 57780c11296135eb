import type { ProjectPath } from '../base/brand.ts';
import { nearest } from '../base/nearest.ts';
import type { Context } from './context.ts';
import type { TemplateProblem } from './interpolate.ts';
import type { Mistake, YamlPath } from './mistake.ts';

/** Collects mistakes, of each template or place the first: the stages of a group would tell of one place thousands of times. */
export interface Teller {
  readonly mistakes: readonly Mistake[];
  readonly add: (mistake: Mistake) => void;
  readonly tell: (place: TemplatePlace, problem: TemplateProblem, context: Context) => void;
}

interface TemplatePlace {
  readonly at: YamlPath;
  readonly key: boolean;
}

export function tellerOf(file: ProjectPath): Teller {
  const mistakes = new Map<string, Mistake>();
  const keyOf = (at: YamlPath, key = false, template = '') => JSON.stringify([at, key, template]);
  return {
    get mistakes() {
      return [...mistakes.values()];
    },
    add(mistake) {
      const key = keyOf(mistake.at, mistake.key);
      if (!mistakes.has(key)) mistakes.set(key, mistake);
    },
    tell({ at, key }, problem, context) {
      const { message, template } = problem;
      const place = keyOf(at, key, template);
      // What is unknown may stand in the file that could not be read, of which there is a mistake already.
      if (mistakes.has(place) || (problem.unknown !== undefined && context.incomplete)) return;
      const hint = problem.hint ?? hintFor(problem);
      const part = template === undefined ? {} : { part: template };
      mistakes.set(place, { file, at, key, ...part, message, ...(hint !== undefined && { hint }) });
    },
  };
}

function hintFor({ unknown }: TemplateProblem): string | undefined {
  if (unknown === undefined) return undefined;
  const names = unknown.names();
  const close = nearest(unknown.name, names);
  if (close !== undefined) return `did you mean \`${close}\`?`;
  const known = names.filter((name) => !name.includes('.')).slice(0, 10);
  const shell = 'a variable of the shell is written `$NAME`, and `${` as text `\\${`';
  return known.length === 0
    ? `values come from params.yaml and \`vars\`; ${shell}`
    : `known here: ${known.join(', ')}; ${shell}`;
}
