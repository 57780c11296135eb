import { oneLine, widthOf } from '../fit-text.ts';
import { decisionSymbol } from '../render-outcome.ts';
import type { Styles } from '../style.ts';
import { addLine, type Canvas, canvasLines, createCanvas, DOWN, LEFT, put, putText, RIGHT, UP } from './canvas.ts';
import { type Channel, extentOf, type Net, portsPerItem, routeChannel } from './channel.ts';
import type { DagGraph, DagNode } from './dag-graph.ts';
import { arrange, endOf, type Item, type Layers, startOf } from './layers.ts';

export type Direction = 'down' | 'right';

export interface Picture {
  readonly lines: readonly string[];
  /** Columns of the terminal. */
  readonly width: number;
}

/** Draws a graph with boxes and lines of characters. */
export function drawText(graph: DagGraph, direction: Direction, styles: Styles): Picture {
  if (graph.nodes.length === 0) return { lines: [], width: 0 };
  const plan = bestPlan(graph, direction);
  const canvas = createCanvas(direction === 'down' ? 'vertical' : 'horizontal');
  drawPlan(canvas, plan, { direction, styles });
  return { lines: canvasLines(canvas), width: canvas.rows.reduce((most, row) => Math.max(most, row.length), 0) };
}

interface Plan {
  readonly layers: Layers['layers'];
  readonly channels: readonly Channel[];
}

/** Beyond so many nodes one drawing must do: the layout's time grows faster than the graph. */
const FEW = 120;

/** The alignments of the layout give different drawings; the one with the fewest crossings and bends is taken. */
function bestPlan(graph: DagGraph, direction: Direction): Plan {
  const base = direction === 'down' ? { nodeGap: 3, lineGap: 2 } : { nodeGap: 1, lineGap: 1 };
  const least = (node: DagNode) => (direction === 'down' ? odd(boxWidth(node)) : 3);
  const ports = countPorts(arrange(graph, { ...base, sizeOf: least }));
  // Ports stand in every other cell between the corners.
  const sizeOf = (node: DagNode) => Math.max(least(node), 2 * (ports.get(node) ?? 1) + 1);
  const alignments = graph.nodes.length > FEW ? ([undefined] as const) : ([undefined, 'UL', 'UR', 'DL', 'DR'] as const);
  const plans = alignments.map((align) => routed(arrange(graph, { ...base, sizeOf, align })));
  const costs = plans.map(costOf);
  return plans[costs.indexOf(Math.min(...costs))] as Plan;
}

function countPorts({ channels }: Layers): Map<DagNode, number> {
  const ports = new Map<DagNode, number>();
  for (const channel of channels) {
    for (const [{ node }, count] of portsPerItem(channel)) {
      if (node !== null) ports.set(node, Math.max(count, ports.get(node) ?? 0));
    }
  }
  return ports;
}

function routed({ layers, channels }: Layers): Plan {
  return { layers, channels: channels.map((segments, index) => routeChannel(segments, layers[index + 1] ?? [])) };
}

function costOf({ layers, channels }: Plan): number {
  const items = layers.flat();
  const width = Math.max(...items.map(endOf)) - Math.min(...items.map(startOf));
  let cost = width / 4;
  for (const channel of channels) {
    cost += channel.crossings * 12 + channel.tracks * 3;
    for (const net of channel.nets) cost += bendCost(net);
  }
  return cost;
}

/** A line that bends costs, the more the longer it is, and the more the farther its trunk is from its middle. */
function bendCost(net: Net): number {
  if (net.track === null) return 0;
  const { from, to } = extentOf(net);
  const branches = net.sources.length + net.targets.length > 2;
  const trunk = net.sources.length === 1 ? net.sources : net.targets;
  const aside = branches && trunk.length === 1 ? Math.abs((trunk[0]?.at ?? 0) - (from + to) / 2) : 0;
  return 4 + (to - from) / 8 + aside / 4;
}

interface Look {
  readonly direction: Direction;
  readonly styles: Styles;
}

/** Cells between two layers: before the tracks, per track, after them; the last one is the arrow's head. */
const CHANNEL = { down: { before: 0, track: 1, after: 1 }, right: { before: 1, track: 2, after: 2 } } as const;

function drawPlan(canvas: Canvas, { layers, channels }: Plan, look: Look): void {
  const offset = -Math.min(...layers.flat().map(startOf));
  let main = 0;
  let owner = 0;
  for (const [index, layer] of layers.entries()) {
    const depth = look.direction === 'down' ? 3 : Math.max(3, ...layer.map(({ node }) => (node ? boxWidth(node) : 0)));
    for (const item of layer) drawItem(canvas, item, { ...look, main, depth, offset });
    main += depth;
    const channel = channels[index];
    if (channel === undefined) break;
    const { before, track, after } = CHANNEL[look.direction];
    const length = before + channel.tracks * track + after;
    for (const net of channel.nets) {
      owner += 1;
      drawNet(canvas, net, { direction: look.direction, main, length, offset, owner });
    }
    main += length;
  }
}

interface ItemPlace extends Look {
  /** Where the layer begins, and how many cells it is deep. */
  readonly main: number;
  readonly depth: number;
  readonly offset: number;
}

function drawItem(canvas: Canvas, item: Item, { direction, styles, main, depth, offset }: ItemPlace): void {
  const from = startOf(item) + offset;
  if (item.node === null) {
    for (let step = 0; step < depth; step += 1)
      put(canvas, cell(direction, from, main + step), direction === 'down' ? '│' : '─');
    return;
  }
  const [x, y] = cell(direction, from, main);
  const [width, height] = direction === 'down' ? [item.size, depth] : [depth, item.size];
  const [right, bottom] = [x + width - 1, y + height - 1];
  putText(canvas, [x, y], `┌${'─'.repeat(width - 2)}┐`);
  for (let row = y + 1; row < bottom; row += 1) {
    put(canvas, [x, row], '│');
    put(canvas, [right, row], '│');
    // Blanks keep lines of longer arrows from showing through, should they ever lie here.
    putText(canvas, [x + 1, row], ' '.repeat(width - 2));
  }
  putText(canvas, [x, bottom], `└${'─'.repeat(width - 2)}┘`);
  drawLabel(canvas, item.node, { styles, x: x + (width - boxWidth(item.node) + 4) / 2, y: y + Math.floor(height / 2) });
}

function drawLabel(canvas: Canvas, node: DagNode, at: { styles: Styles; x: number; y: number }): void {
  const x = Math.floor(at.x);
  const symbol = node.mark === undefined ? undefined : decisionSymbol(node.mark, at.styles);
  if (symbol !== undefined) put(canvas, [x, at.y], symbol);
  putText(canvas, [symbol === undefined ? x : x + 2, at.y], oneLine(node.label));
}

function boxWidth(node: DagNode): number {
  return widthOf(oneLine(node.label)) + 4 + (node.mark === undefined ? 0 : 2);
}

interface NetPlace {
  readonly direction: Direction;
  readonly main: number;
  readonly length: number;
  readonly offset: number;
  readonly owner: number;
}

function drawNet(canvas: Canvas, net: Net, { direction, main, length, offset, owner }: NetPlace): void {
  const { before, track } = CHANNEL[direction];
  const [back, ahead, less, more] = direction === 'down' ? [UP, DOWN, LEFT, RIGHT] : [LEFT, RIGHT, UP, DOWN];
  const line = (cross: number, step: number, bits: number) =>
    addLine(canvas, cell(direction, cross + offset, main + step), { owner, bits });
  // Up to the track a line belongs to its source, from there on to its target; a straight one has no such place.
  const middle = net.track === null ? 0 : before + net.track * track;

  for (const port of net.sources) {
    if (port.item.node !== null)
      put(canvas, cell(direction, port.at + offset, main - 1), direction === 'down' ? '┬' : '├');
    for (let step = 0; step < middle; step += 1) line(port.at, step, back | ahead);
    if (net.track !== null) line(port.at, middle, back);
  }
  for (const port of net.targets) {
    if (net.track !== null) line(port.at, middle, ahead);
    for (let step = net.track === null ? 0 : middle + 1; step < length; step += 1) line(port.at, step, back | ahead);
    if (port.item.node !== null) {
      put(canvas, cell(direction, port.at + offset, main + length - 1), direction === 'down' ? '▼' : '▶');
    }
  }
  if (net.track === null) return;
  const { from, to } = extentOf(net);
  for (let cross = from; cross <= to; cross += 1)
    line(cross, middle, (cross > from ? less : 0) | (cross < to ? more : 0));
}

function cell(direction: Direction, cross: number, main: number): readonly [number, number] {
  return direction === 'down' ? [cross, main] : [main, cross];
}

function odd(size: number): number {
  return size % 2 === 1 ? size : size + 1;
}
