import type { ProjectPath } from '../../src/base/brand.ts';
import type { Diagnostic } from '../../src/base/error.ts';
import { parsePipeline } from '../../src/pipeline/parse.ts';

type Files = Readonly<Record<string, string>>;

const FILES: Files = {
  'params.yaml': 'train:\n  lr: 0.1\n  layers: [1, 2]\nname: x\n',
  'q.yaml': 'a: 1\nb: {c: 2}\n',
  'broken.yaml': 'a: [1\n',
  'list.yaml': '- 1\n',
  'p.toml': 'x = 1\n[train]\nlr = 2\n',
  'p.py': 'y = 1\nname = 3\n',
  'i.yaml': 'item: 3\n',
  'sub/v.yaml': 'w: inside\n',
  'two/v.yaml': 'w: two\n',
};

export function parse(text: string, files: Files = FILES, file = 'pipeline.yaml') {
  return parsePipeline(file as ProjectPath, text, { readData: (path) => files[path] });
}

function lineOf({ place, message, related, hint }: Diagnostic): string {
  const at =
    place === undefined
      ? ''
      : `${place.file === 'pipeline.yaml' ? '' : `${place.file}:`}${place.line}:${place.column} `;
  const see = related === undefined ? '' : ` [see ${related.file}:${related.line}:${related.column}]`;
  return `${at}${message}${see}${hint === undefined ? '' : ` (${hint})`}`;
}

export const mistakes = (text: string, files?: Files) => parse(text, files).diagnostics.map(lineOf);
export const warnings = (text: string, files?: Files) => (parse(text, files).pipeline?.warnings ?? []).map(lineOf);

export function stages(text: string, files?: Files, file?: string) {
  const { pipeline, diagnostics } = parse(text, files, file);
  if (diagnostics.length > 0) throw new Error(diagnostics.map(lineOf).join('\n'));
  return pipeline?.stages ?? [];
}

export const commands = (text: string, files?: Files) => stages(text, files).map(({ name, cmd }) => `${name}: ${cmd}`);
