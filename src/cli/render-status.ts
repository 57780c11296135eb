import type { StageId } from '../base/brand.ts';
import type { Considered } from '../repro/consider.ts';
import type { Loaded } from '../repro/loaded.ts';
import { allUpToDate } from './all-kept.ts';
import type { Output } from './context.ts';
import { decisionJson, type JsonObject } from './event-json.ts';
import { wrapText } from './fit-text.ts';
import { countText } from './quantity.ts';
import { reasonText } from './render-reasons.ts';
import { stylesOf } from './style.ts';

type Planned = ReadonlyMap<StageId, Considered>;

/** Reasons shown per stage before the rest is only counted; `--json` has all of them. */
const MOST_REASONS = 8;

export function renderStatus(output: Output, loaded: Loaded, planned: Planned): string {
  const style = stylesOf(output);
  const lines: string[] = [];
  let kept = 0;
  for (const [id, { decision }] of planned) {
    if (decision.do === 'keep') {
      kept += 1;
      continue;
    }
    const label = loaded.labels.get(id) ?? id;
    const word = { run: 'would run', restore: 'would be restored', blocked: 'is blocked' }[decision.do];
    lines.push(`${style.bold(label)} ${decision.do === 'restore' ? style.cyan(word) : style.yellow(word)}`);
    const shown = decision.reasons.slice(0, MOST_REASONS);
    const columns = output.isTerminal ? output.columns : Number.POSITIVE_INFINITY;
    for (const reason of shown) lines.push(wrapText(`  ${reasonText(reason, loaded.labels)}`, columns, '    '));
    const rest = decision.reasons.length - shown.length;
    if (rest > 0) lines.push(`  and ${countText(rest, 'more reason')}`);
    if (decision.do === 'blocked' && decision.by.length > 0) {
      lines.push(`  by ${decision.by.map((other) => loaded.labels.get(other) ?? other).join(', ')}`);
    }
  }
  if (kept === planned.size) return allUpToDate(kept, output.colors);
  return `${lines.join('\n')}\n${countText(kept, 'stage')} up to date\n`;
}

export function statusJson(loaded: Loaded, planned: Planned): JsonObject {
  const stages = [...planned].map(([id, { stage, decision }]) => ({
    stage: loaded.labels.get(id) ?? id,
    file: stage.file,
    ...decisionJson(decision, loaded.labels),
  }));
  return { stages };
}
