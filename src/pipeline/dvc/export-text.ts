import { isMap, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';

export interface ExportedText {
  readonly text: string;
  /** What means something else now, or is gone; with the line that it stood in. */
  readonly changes: readonly TextChange[];
}

export interface TextChange {
  readonly line: number;
  readonly message: string;
}

/** Keys of a stage that DVC refuses. */
const UNKNOWN = ['env', 'timeout', 'retries', 'resources', 'mutex', 'executor'];

/** A pipeline file as DVC takes it. One that has nothing of lockstep's own keeps its bytes. */
export function exportText(text: string): ExportedText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const stages = isMap(document.contents) ? document.contents.get('stages', true) : undefined;
  if (!isMap(stages)) return { text, changes: [] };
  const changes: TextChange[] = [];
  for (const { key, value } of stages.items) {
    const inner = isMap(value) ? (value as YAMLMap).get('do', true) : undefined;
    const stage = isMap(inner) ? inner : value;
    if (!isMap(stage)) continue;
    const tell = (node: unknown, message: string) => {
      const line = lines.linePos((node as Node | null)?.range?.[0] ?? 0).line;
      changes.push({ line, message: `${isScalar(key) ? String(key.value) : 'a stage'}: ${message}` });
    };
    exportStage(stage as YAMLMap, tell);
  }
  if (changes.length === 0) return { text, changes };
  return { text: document.toString({ lineWidth: 0, flowCollectionPadding: !/\{\S/.test(text) }), changes };
}

function exportStage(stage: YAMLMap, tell: (node: unknown, message: string) => void): void {
  for (const key of UNKNOWN) {
    const pair = stage.items.find((one) => isScalar(one.key) && one.key.value === key);
    if (pair === undefined) continue;
    tell(pair.key, `\`${key}\` left out: DVC does not know it`);
    stage.delete(key);
  }
  const cmd = stage.get('cmd', true);
  if (!isScalar(cmd) || typeof cmd.value !== 'string' || !cmd.value.trim().includes('\n')) return;
  // DVC runs each line of a text in a shell of its own, and each item of a list whole.
  tell(cmd, '`cmd` of several lines is now a list of one script, else DVC would split it');
  stage.set('cmd', [`set -e\n${cmd.value}`]);
}
