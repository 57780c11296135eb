import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { matchParams } from '../pipeline/params.ts';
import { parseParams } from '../pipeline/parse-params.ts';
import { setParams } from '../pipeline/set-param.ts';
import type { ParamRecord, Run } from '../tracking/run.ts';
import type { TrackingStore } from '../tracking/tracking-store.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { openProject } from './project.ts';
import { command as repro } from './repro.ts';
import { resolveRun } from './run-reference.ts';

export const command = defineCommand({
  usage: 'runs apply RUN',
  summary: 'Bring the params and outs of a run into the workspace',
  details:
    'Sets the params that differ, and then does what repro does: outs that the cache has come from there. ' +
    'RUN is the beginning of an id, latest, latest:STAGE, latest:sweep (its best), or current:STAGE; a configuration of a sweep, a stage, or a whole repro.',
  options: {
    json: { type: 'boolean', help: 'the events of repro, one a line' },
  },
  positionals: { min: 1, max: 1 },
  completes: 'run',
  examples: ['lockstep runs apply 3fa9'],
  run: async (context, given, [reference = '']) => {
    const project = await openProject(context);
    try {
      const tracking = await project.tracking();
      const run = await resolveRun(project, reference);
      apply(context, project.root, await paramsOf(tracking, run));
    } finally {
      await project.close();
    }
    return await repro.run(context, given.json === true ? { json: true } : {}, []);
  },
});

/** Those of the run itself, or, of a repro, those of the stages that it ran. */
async function paramsOf(tracking: TrackingStore, run: Run): Promise<readonly ParamRecord[]> {
  if (run.params.length > 0 || run.stage !== null) return run.params;
  const children = (await tracking.list({ latestMetrics: true })).filter(({ parent }) => parent === run.id);
  return children.flatMap(({ params }) => params);
}

function apply(context: Context, root: string, params: readonly ParamRecord[]): void {
  const files = new Map<ProjectPath, ParamRecord[]>();
  for (const { key, value } of params) {
    const [, file = 'params.yaml', name = key] = /^([^:]+):(.+)$/s.exec(key) ?? [];
    const path = file as ProjectPath;
    files.set(path, [...(files.get(path) ?? []), { key: name, value }]);
  }
  for (const [file, wanted] of files) applyTo(context, join(root, file), { file, wanted });
}

function applyTo(
  context: Context,
  path: string,
  { file, wanted }: { readonly file: ProjectPath; readonly wanted: readonly ParamRecord[] },
): void {
  const text = readFileSync(path, 'utf8');
  const { tree } = parseParams(file, text);
  if (tree === undefined) throw new LockstepError('bad-params', `${file} cannot be read`);
  const changes = wanted.filter(({ key, value }) => matchParams(tree, key)[0]?.[1] !== value);
  if (changes.length === 0) return;
  writeFileAtomic(path, setParams(file, text, changes), { durable: true });
  for (const { key, value } of changes) {
    context.stderr.write(`${file}: ${key} ${String(matchParams(tree, key)[0]?.[1])} → ${value}\n`);
  }
}
