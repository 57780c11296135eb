import type { StageId } from '../base/brand.ts';
import type { Out, Stage } from '../pipeline/stage.ts';
import type { Loaded } from '../repro/loaded.ts';
import { select } from '../repro/select.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { oneLine } from './fit-text.ts';
import { openProject } from './project.ts';
import { commandText } from './render-events.ts';
import { renderTable } from './render-table.ts';
import { stylesOf } from './style.ts';

export const command = defineCommand({
  usage: 'stage list [targets…]',
  summary: 'List the stages of the project',
  options: {
    'all-pipelines': {
      type: 'boolean',
      short: 'P',
      help: 'all stages of the project, whatever the targets (as without targets)',
    },
    names: { type: 'boolean', help: 'print only the names, one a line' },
    json: {
      type: 'boolean',
      help: '{"stages": [{"name", "file", "wdir", "cmd", "deps", "outs", "params", "metrics", "plots", "frozen", …}]}',
    },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep stage list', 'lockstep stage list --names report/pipeline.yaml'],
  async run(context, given, targets) {
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const all = targets.length === 0 || given['all-pipelines'] === true;
      const { named } = select(loaded, project.here, { targets, allPipelines: all, singleItem: true });
      const stages = loaded.graph.order.flatMap((id) => (named.has(id) ? (loaded.stages.get(id) ?? []) : []));
      const label = (id: StageId) => loaded.labels.get(id) ?? id;
      if (given.json === true) {
        context.stdout.write(
          `${JSON.stringify({ stages: stages.map((stage) => stageJson(stage, label(stage.id))) })}\n`,
        );
      } else if (given.names === true) {
        context.stdout.write(stages.map((stage) => `${label(stage.id)}\n`).join(''));
      } else {
        const columns = context.stdout.isTerminal ? context.stdout.columns : Number.POSITIVE_INFINITY;
        context.stdout.write(stageTable(loaded, stages, { columns, title: stylesOf(context.stdout).bold }));
      }
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

function stageTable(loaded: Loaded, stages: readonly Stage[], room: Parameters<typeof renderTable>[2]): string {
  const severalFiles = loaded.pipelines.length > 1;
  const columns = [
    { title: 'Stage' },
    ...(severalFiles ? [{ title: 'File', shrink: true }] : []),
    { title: 'Writes', shrink: true },
    { title: 'What it does', shrink: true },
  ];
  const rows = stages.map((stage) => [
    `${loaded.labels.get(stage.id) ?? stage.id}${stage.frozen ? ' (frozen)' : ''}`,
    ...(severalFiles ? [stage.file] : []),
    oneLine(stage.outs.map((out) => out.path).join(', ')),
    stage.desc === undefined
      ? commandText(typeof stage.cmd === 'string' ? stage.cmd : stage.cmd.join('\n'))
      : oneLine(stage.desc),
  ]);
  return renderTable(columns, rows, room);
}

/**
 * Templates replaced, paths the project's. A params entry without keys is the whole file. What is as it is by default is
 * left out at the end.
 */
function stageJson(stage: Stage, name: string): unknown {
  const paths = (kind: Out['kind']) => stage.outs.filter((out) => out.kind === kind).map((out) => out.path);
  const { file, wdir, cmd, deps, params, frozen, env, alwaysChanged, retries, resources, mutex } = stage;
  return {
    name,
    file,
    wdir,
    cmd,
    deps,
    outs: paths('out'),
    params,
    metrics: paths('metric'),
    plots: paths('plot'),
    frozen,
    ...(stage.name.includes('@') && { group: stage.name.slice(0, stage.name.indexOf('@')) }),
    ...(alwaysChanged && { always_changed: true }),
    ...(Object.keys(env).length > 0 && { env }),
    ...(stage.timeout !== undefined && { timeout: stage.timeout / 1000 }),
    ...(retries > 0 && { retries }),
    ...(Object.keys(resources).length > 0 && { resources }),
    ...(mutex.length > 0 && { mutex }),
    ...(stage.desc !== undefined && { desc: stage.desc }),
    ...(stage.meta !== undefined && { meta: stage.meta }),
  };
}
