import type { StageId } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Loaded } from '../repro/loaded.ts';
import { plan } from '../repro/plan.ts';
import { select } from '../repro/select.ts';
import { defineCommand, type OptionValues } from './command.ts';
import type { Context } from './context.ts';
import { collapse, type DagGraph, type DagNode, type Decisions, fileGraph, stageGraph } from './dag/dag-graph.ts';
import type { Direction } from './dag/draw-text.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { stylesOf } from './style.ts';

const options = {
  'all-pipelines': {
    type: 'boolean',
    short: 'P',
    help: 'all stages of the project, whatever the targets (as without targets)',
  },
  direction: { type: 'string', value: 'DIR', choices: ['down', 'right'], help: 'where the arrows point' },
  outs: { type: 'boolean', help: 'draw what the stages make instead of the stages' },
  status: { type: 'boolean', help: 'mark what repro would do: ✔ keep, ● run, ↻ restore, ✖ blocked' },
  collapse: { type: 'boolean', help: 'draw the stages of a group (name@…) as one box' },
  'collapse-files': { type: 'boolean', help: 'draw the stages of a pipeline file as one box' },
  mermaid: { type: 'boolean', help: 'print a Mermaid flowchart' },
  dot: { type: 'boolean', help: 'print a Graphviz graph' },
  svg: { type: 'boolean', help: 'print an SVG picture' },
  json: { type: 'boolean', help: '{"stages": [{"stage", "file", "deps", "outs"}], "edges": [{"from", "to"}]}' },
} as const;

type Options = OptionValues<typeof options>;

export const command = defineCommand({
  usage: 'dag [targets…]',
  summary: 'Draw which stage needs which',
  details: 'All stages of the project, or the targets and what they need.',
  options,
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep dag', 'lockstep dag --status evaluate', 'lockstep dag --svg > pipeline.svg'],
  async run(context, given, targets) {
    const formats = (['mermaid', 'dot', 'svg', 'json'] as const).filter((name) => given[name] === true);
    if (formats.length > 1) throw new LockstepError('usage', `choose one of --${formats.join(' and --')}`);
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const selection = { targets, allPipelines: targets.length === 0 || given['all-pipelines'] === true };
      const { wanted } = select(loaded, project.here, selection);
      const decisions = given.status === true ? await decideAll(project, loaded, wanted) : undefined;
      if (formats[0] === 'json') {
        context.stdout.write(`${JSON.stringify(dagJson(loaded, wanted, decisions))}\n`);
        return EXIT.ok;
      }
      const graph = shapeGraph(loaded, { wanted, decisions, given });
      context.stdout.write(
        await renderGraph(graph, { format: formats[0], direction: given.direction as Direction | undefined, context }),
      );
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

async function decideAll(project: Project, loaded: Loaded, wanted: ReadonlySet<StageId>): Promise<Decisions> {
  const request = {
    wanted,
    forced: new Set<StageId>(),
    forceDownstream: false,
    allowMissing: false,
    useRunCache: true,
  };
  const planned = await plan(project.tools, loaded, request);
  return new Map([...planned].map(([id, { decision }]) => [id, decision]));
}

interface Wish {
  readonly wanted: ReadonlySet<StageId>;
  readonly decisions: Decisions | undefined;
  readonly given: Options;
}

function shapeGraph(loaded: Loaded, { wanted, decisions, given }: Wish): DagGraph {
  if (given.outs === true) return fileGraph(stagesOf(loaded, wanted));
  let graph = stageGraph(loaded, wanted, decisions);
  const stageOf = (node: DagNode) => loaded.stages.get(node.id as StageId);
  if (given.collapse === true) graph = collapse(graph, (node) => groupName(stageOf(node), loaded));
  if (given['collapse-files'] === true) graph = collapse(graph, (node) => stageOf(node)?.file);
  return graph;
}

/** `train@big` belongs to `train`; with its file where another file has a group of that name. */
function groupName(stage: Stage | undefined, loaded: Loaded): string | undefined {
  const at = stage?.name.indexOf('@') ?? -1;
  if (stage === undefined || at < 1) return undefined;
  const group = stage.name.slice(0, at);
  const elsewhere = [...loaded.stages.values()].some(
    (other) => other.file !== stage.file && other.name.startsWith(`${group}@`),
  );
  return elsewhere ? `${stage.file}:${group}` : group;
}

function stagesOf(loaded: Loaded, wanted: ReadonlySet<StageId>): Stage[] {
  return loaded.graph.order.flatMap((id) => (wanted.has(id) ? (loaded.stages.get(id) ?? []) : []));
}

function dagJson(loaded: Loaded, wanted: ReadonlySet<StageId>, decisions: Decisions | undefined): unknown {
  const label = (id: string) => loaded.labels.get(id as StageId) ?? id;
  const { edges } = stageGraph(loaded, wanted);
  const stages = stagesOf(loaded, wanted).map((stage) => ({
    stage: label(stage.id),
    file: stage.file,
    deps: edges.filter(([, to]) => to === stage.id).map(([from]) => label(from)),
    outs: stage.outs.map((out) => out.path),
    ...(decisions === undefined ? {} : { decision: decisions.get(stage.id)?.do }),
  }));
  return { stages, edges: edges.map(([from, to]) => ({ from: label(from), to: label(to) })) };
}

interface Rendered {
  readonly format: 'mermaid' | 'dot' | 'svg' | 'json' | undefined;
  readonly direction: Direction | undefined;
  readonly context: Context;
}

async function renderGraph(graph: DagGraph, { format, direction, context }: Rendered): Promise<string> {
  if (format === 'mermaid' || format === 'dot') {
    const { mermaidText, dotText } = await import('./dag/graph-languages.ts');
    return (format === 'dot' ? dotText : mermaidText)(graph, direction ?? 'down');
  }
  if (format === 'svg') {
    const { svgText } = await import('./dag/svg.ts');
    return svgText(graph, direction ?? 'down');
  }
  const { drawPicture } = await import('./dag/picture.ts');
  const { stdout, stderr, quiet } = context;
  const columns = stdout.isTerminal ? stdout.columns : undefined;
  const { lines, width } = drawPicture(graph, { columns, direction }, stylesOf(stdout));
  if (lines.length === 0) stderr.write('no stages\n');
  if (columns !== undefined && width > columns && !quiet) {
    stderr.write(`hint: this needs ${width} columns; see it with lockstep dag | less -S, or as a picture with --svg\n`);
  }
  return lines.map((line) => `${line}\n`).join('');
}
