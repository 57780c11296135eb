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
    cloud: {
      type: 'boolean',
      short: 'c',
      help: 'how the cache and a remote differ; with --json {PATH: "new"|"deleted"|"missing"}',
    },
    remote: { type: 'string', short: 'r', value: 'NAME', help: 'the cache and this remote' },
    jobs: { type: 'string', short: 'j', value: 'N', help: 'with --cloud, ask for so many objects at the same time' },
    'all-branches': { type: 'boolean', short: 'a', help: 'with --cloud, also the data of all branches' },
    'all-tags': { type: 'boolean', short: 'T', help: 'with --cloud, also the data of all tags' },
    'all-commits': { type: 'boolean', short: 'A', help: 'with --cloud, also the data of all commits' },
    'with-deps': { type: 'boolean', short: 'd', help: 'with --cloud, also the data that the targets depend on' },
    recursive: { type: 'boolean', short: 'R', help: 'with --cloud, targets are directories' },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep status', 'lockstep status --json train'],
  run: async (context, given, targets) => {
    const since = context.now();
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      if (given.cloud === true || given.remote !== undefined) {
        const { cloudStatus } = await import('./cloud-status.ts');
        const { remote, jobs, json } = given;
        const differs = await cloudStatus(project, context, {
          ...{ loaded, targets, which: given, remote, jobs },
          json: json === true,
        });
        return given['exit-code'] === true && differs ? EXIT.failed : EXIT.ok;
      }
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
