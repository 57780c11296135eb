import { countText } from './quantity.ts';

/** What `status` says when every stage is up to date. */
export function allUpToDate(stages: number, colors: boolean): string {
  return `${colors ? '\u001b[32m✔\u001b[39m' : '✔'} ${countText(stages, 'stage')} up to date\n`;
}

/** What `repro` says when it had nothing to do. */
export function nothingToDo(stages: number): string {
  if (stages === 0) return 'Nothing to do: no stages';
  return `Nothing to do: ${countText(stages, 'stage')} ${stages === 1 ? 'is' : 'are'} up to date`;
}
