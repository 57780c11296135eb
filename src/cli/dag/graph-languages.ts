import type { DagGraph, DagNode } from './dag-graph.ts';
import type { Direction } from './draw-text.ts';

/** Words for the marks, where there is no colour to lean on. */
const SYMBOLS = { keep: '✔', restore: '↻', run: '●', blocked: '✖' } as const;

/** For GitHub and other places that draw Mermaid. */
export function mermaidText(graph: DagGraph, direction: Direction): string {
  const names = new Map(graph.nodes.map((node, index) => [node.id, `n${index + 1}`]));
  const lines = [`flowchart ${direction === 'down' ? 'TD' : 'LR'}`];
  for (const node of graph.nodes) {
    const [open, close] = node.kind === 'file' ? ['([', '])'] : node.kind === 'group' ? ['[[', ']]'] : ['[', ']'];
    lines.push(`  ${names.get(node.id)}${open}"${mermaidEscape(captionOf(node))}"${close}`);
  }
  for (const [from, to] of graph.edges) lines.push(`  ${names.get(from)} --> ${names.get(to)}`);
  return `${lines.join('\n')}\n`;
}

/** Mermaid knows no backslashes: what would end or open something is written by its code. */
function mermaidEscape(text: string): string {
  return text.replace(/["#<>&\\\n`]/g, (character) => `#${character.codePointAt(0)};`);
}

/** For Graphviz. */
export function dotText(graph: DagGraph, direction: Direction): string {
  const lines = [
    'digraph pipeline {',
    `  rankdir=${direction === 'down' ? 'TB' : 'LR'};`,
    '  node [shape=box, fontname="sans-serif"];',
  ];
  for (const node of graph.nodes) {
    const shape = node.kind === 'file' ? ', shape=note' : node.kind === 'group' ? ', peripheries=2' : '';
    lines.push(`  ${dotQuote(node.id)} [label=${dotQuote(captionOf(node))}${shape}];`);
  }
  for (const [from, to] of graph.edges) lines.push(`  ${dotQuote(from)} -> ${dotQuote(to)};`);
  return `${[...lines, '}'].join('\n')}\n`;
}

function dotQuote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`;
}

function captionOf(node: DagNode): string {
  return node.mark === undefined ? node.label : `${SYMBOLS[node.mark]} ${node.label}`;
}
