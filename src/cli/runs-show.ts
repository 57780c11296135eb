import type { Run } from '../tracking/run.ts';
import type { TrackingStore } from '../tracking/tracking-store.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { renderRun, runJson } from './render-runs-show.ts';
import { resolveRun } from './run-reference.ts';

export const command = defineCommand({
  usage: 'runs show RUN',
  summary: 'Show all that is recorded of a run, and whether it can be done again from that',
  details: 'RUN is the beginning of an id, latest, latest:STAGE, or current:STAGE.',
  options: {
    json: { type: 'boolean', help: '{"id", …, "code", "data", "params", "metrics", "artifacts", "environment"}' },
  },
  positionals: { min: 1, max: 1 },
  completes: 'run',
  examples: ['lockstep runs show latest', 'lockstep runs show 3fa9 --json'],
  run: async (context, given, [reference = '']) => {
    const project = await openProject(context);
    try {
      const tracking = await project.tracking();
      const run = await resolveRun(project, reference);
      const around = { children: await childrenOf(tracking, run), logged: await tracking.clientRecord(run.id) };
      if (given.json === true) context.stdout.write(`${JSON.stringify(runJson(run, around))}\n`);
      else context.stdout.write(renderRun(run, around, context.stdout));
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

/** The runs of the stages that a repro ran, in the order they began. */
async function childrenOf(tracking: TrackingStore, run: Run): Promise<readonly Run[]> {
  if (run.stage !== null) return [];
  return [...(await tracking.list({ parent: run.id, latestMetrics: true }))].reverse();
}
