import { checkWorkspace } from '../repro/check.ts';
import { plan } from '../repro/plan.ts';
import { select } from '../repro/select.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { rememberStill } from './remember-still.ts';
import { renderStatus, statusJson } from './render-status.ts';

export const command = defineCommand({
  usage: 'status [targets…]',
  summary: 'Show what repro would do and why; change nothing',
  options: {
    json: { type: 'boolean', help: '{"stages": [{"stage", "file", "decision", "reasons": […]}]}' },
    'exit-code': { type: 'boolean', help: 'exit with 1 if anything would run, be restored or be blocked' },
    glob: { type: 'boolean', help: 'targets are patterns' },
    'all-pipelines': { type: 'boolean', short: 'P', help: 'all pipeline files of the project' },
    'allow-missing': { type: 'boolean', help: 'take missing data that the lock knows as unchanged' },
    'no-run-cache': { type: 'boolean', help: 'leave results of earlier runs out of account' },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep status', 'lockstep status --json train'],
  run: async (context, given, targets) => {
    const since = context.now();
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const { wanted } = select(loaded, project.here, {
        targets,
        glob: given.glob === true,
        allPipelines: given['all-pipelines'] === true,
      });
      const planned = await plan(project.tools, loaded, {
        wanted,
        forced: new Set(),
        forceDownstream: false,
        allowMissing: given['allow-missing'] === true,
        useRunCache: given['no-run-cache'] !== true,
      });
      await checkWorkspace(project.tools, loaded, planned, { missingDeps: 'allow' });
      if (given.json === true) context.stdout.write(`${JSON.stringify(statusJson(loaded, planned))}\n`);
      else context.stdout.write(renderStatus(context.stdout, loaded, planned));
      const plain = Object.values({ ...given, 'exit-code': undefined }).every((value) => value === undefined);
      if (plain) rememberStill(project, { command: 'status', targets }, { loaded, planned, since });
      const todo = [...planned.values()].some(({ decision }) => decision.do !== 'keep');
      return given['exit-code'] === true && todo ? EXIT.failed : EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
