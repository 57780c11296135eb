import { join } from 'node:path';
import type { ProjectPath, StageId } from '../base/brand.ts';
import type { Content } from '../base/content.ts';
import { LockstepError } from '../base/error.ts';
import { acquireWaiting } from '../base/exclusive.ts';
import { cachedOuts, type Stage } from '../pipeline/stage.ts';
import { checkWorkspace } from '../repro/check.ts';
import type { Considered } from '../repro/consider.ts';
import { labelOf } from '../repro/loaded.ts';
import { entryOf, inputsOf } from '../repro/observation.ts';
import { createParamsReader } from '../repro/params-reader.ts';
import { plan } from '../repro/plan.ts';
import { createRecorder } from '../repro/recorder.ts';
import { select } from '../repro/select.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { countText } from './quantity.ts';
import { reasonsText } from './render-reasons.ts';

export const command = defineCommand({
  usage: 'commit [targets…]',
  summary: 'Accept the workspace as it is: lock what is there, without running',
  details: 'For results that you vouch for yourself: made by hand, by --no-commit, or before lockstep came.',
  options: { glob: { type: 'boolean', help: 'targets are patterns' } },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep commit', 'lockstep commit train'],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    const about = { pid: context.pid, command: 'commit', startTime: context.now() };
    const lockFile = join(project.tools.tmp, 'repro.lock');
    const hold = await acquireWaiting(lockFile, about, { signal: context.signal, onWait: () => {} });
    try {
      const loaded = await project.load();
      const { named } = select(loaded, project.here, { targets, glob: given.glob === true });
      const considered = await observeAll(project, named);
      await checkWorkspace(project.tools, loaded, considered);
      const recorder = createRecorder(project.tools, loaded, { paramsReader: createParamsReader(project.tools) });
      let accepted = 0;
      for (const one of considered.values()) {
        const { decision, stage, observation } = one;
        const inputs = inputsOf(stage, observation);
        if (inputs === undefined) throw new LockstepError('missing-dep', `deps of '${stage.name}' are missing`);
        recorder.prove({ stage, entry: entryOf(stage, inputs, await saveOuts(project, stage)), accepted: true });
        if (decision.do === 'keep') continue;
        accepted += 1;
        const why = reasonsText(decision.reasons, loaded.labels);
        context.stderr.write(`${labelOf(loaded, stage.id)}: accepted (${why})\n`);
      }
      await recorder.drain();
      await project.store().ignore([...considered.values()].flatMap(({ stage }) => cachedOuts(stage)));
      context.stderr.write(`${countText(accepted, 'stage')} accepted, ${considered.size - accepted} unchanged\n`);
      return EXIT.ok;
    } finally {
      hold.release();
      await project.close();
    }
  },
});

/** Each stage by itself: what its upstream would do does not matter, since nothing is going to run. */
async function observeAll(project: Project, named: ReadonlySet<StageId>): Promise<ReadonlyMap<StageId, Considered>> {
  const loaded = await project.load();
  const alone = { ...loaded, graph: { ...loaded.graph, upstream: new Map() } };
  return await plan(project.tools, alone, {
    wanted: named,
    forced: new Set(),
    forceDownstream: false,
    allowMissing: false,
    useRunCache: false,
  });
}

async function saveOuts(project: Project, stage: Stage): Promise<ReadonlyMap<ProjectPath, Content>> {
  const outs = new Map<ProjectPath, Content>();
  for (const out of stage.outs) {
    const kept = out.cache || out.kind !== 'out';
    const content = kept ? await project.store().save(out.path) : await project.store().observe(out.path);
    if (content === 'missing') {
      throw new LockstepError('missing-data', `stage '${stage.name}' has no ${out.path} to accept`, {
        hint: `lockstep repro ${stage.name} makes it`,
      });
    }
    outs.set(out.path, content);
  }
  return outs;
}
