import { graphlib, layout } from '@dagrejs/dagre';
import { oneLine, widthOf } from '../fit-text.ts';
import type { DagGraph, DagNode } from './dag-graph.ts';
import type { Direction } from './draw-text.ts';

type Point = { readonly x: number; readonly y: number };

/** Pixels. The width of a character is that of the usual monospaced fonts at this size, rounded up. */
const FONT_SIZE = 13;
const CHARACTER = 7.9;
const BOX_HEIGHT = 34;
const MARGIN = 16;

const SYMBOLS = { keep: '✔', restore: '↻', run: '●', blocked: '✖' } as const;

const STYLE = `
  svg { color-scheme: light dark; }
  text { font: ${FONT_SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #1f2328; }
  rect { fill: #f6f8fa; stroke: #8c959f; }
  .edge { fill: none; stroke: #59636e; stroke-width: 1.4; }
  .head { fill: #59636e; }
  .keep { fill: #1a7f37; } .restore { fill: #0969da; } .run { fill: #9a6700; } .blocked { fill: #cf222e; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    rect { fill: #161b22; stroke: #6e7681; }
    .edge { stroke: #9198a1; } .head { fill: #9198a1; }
    .keep { fill: #3fb950; } .restore { fill: #58a6ff; } .run { fill: #d29922; } .blocked { fill: #f85149; }
  }
`;

/** One self-contained picture that follows the reader's light or dark scheme. */
export function svgText(graph: DagGraph, direction: Direction): string {
  const sheet = new graphlib.Graph();
  const rankdir = direction === 'down' ? 'TB' : 'LR';
  sheet.setGraph({ rankdir, nodesep: 26, edgesep: 14, ranksep: 42, marginx: MARGIN, marginy: MARGIN });
  for (const node of graph.nodes) sheet.setNode(node.id, { width: boxWidth(node), height: BOX_HEIGHT });
  for (const [from, to] of graph.edges) sheet.setEdge(from, to, {});
  layout(sheet as never);
  const { width = 0, height = 0 } = sheet.graph() as { width?: number; height?: number };
  const size = [width, height].map((length) => Math.ceil(Number.isFinite(length) ? length : 2 * MARGIN));
  const edges = graph.edges.map(([from, to]) =>
    edgePath((sheet.edge(from, to) as { points: Point[] }).points, direction),
  );
  const boxes = graph.nodes.map((node) => boxMarkup(node, sheet.node(node.id) as Point));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size[0]}" height="${size[1]}" viewBox="0 0 ${size.join(' ')}" role="img" aria-label="Stages of a pipeline">`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path class="head" d="M0 1 L10 5 L0 9 Z"/></marker></defs>',
    ...edges,
    ...boxes,
    '</svg>',
    '',
  ].join('\n');
}

function boxWidth(node: DagNode): number {
  return Math.ceil((widthOf(captionOf(node)) + (node.mark === undefined ? 0 : 2)) * CHARACTER) + 24;
}

function captionOf(node: DagNode): string {
  return oneLine(node.label);
}

function boxMarkup(node: DagNode, { x, y }: Point): string {
  const width = boxWidth(node);
  const radius = node.kind === 'file' ? BOX_HEIGHT / 2 : 6;
  const mark = node.mark === undefined ? '' : `<tspan class="${node.mark}">${SYMBOLS[node.mark]}</tspan> `;
  const box = `x="${round(x - width / 2)}" y="${round(y - BOX_HEIGHT / 2)}" width="${width}" height="${BOX_HEIGHT}"`;
  const behind = node.kind === 'group' ? `<rect ${box} rx="${radius}" transform="translate(4 4)"/>` : '';
  const text = `<text x="${round(x)}" y="${round(y)}" text-anchor="middle" dominant-baseline="central">${mark}${escapeXml(captionOf(node))}</text>`;
  return `${behind}<rect ${box} rx="${radius}"/>${text}`;
}

/** A curve through the points that leaves and enters each of them straight along the layers' direction. */
function edgePath(points: readonly Point[], direction: Direction): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${round(first.x)} ${round(first.y)}`;
  let last = first;
  for (const point of rest) {
    const [midX, midY] = [(last.x + point.x) / 2, (last.y + point.y) / 2];
    const bend =
      direction === 'down'
        ? [last.x, midY, point.x, midY, point.x, point.y]
        : [midX, last.y, midX, point.y, point.x, point.y];
    path += ` C${bend.map(round).join(' ')}`;
    last = point;
  }
  return `<path class="edge" marker-end="url(#head)" d="${path}"/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  const codes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => codes[character] ?? character);
}
