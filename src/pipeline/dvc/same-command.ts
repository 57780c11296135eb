import { entryMap } from './lockfile.ts';
import { isMapValue, mapOf, memberOf } from './value.ts';
import { yamlText } from './yaml-text.ts';
import { readValues } from './yaml-values.ts';

type Command = string | readonly string[];

/**
 * Whether a stage's command is the one that a dvc.lock has. Of some long commands DVC's writer loses a blank where it
 * folds them, so the command as it would be read back counts as the same; real DVC runs such stages again and again.
 */
export function sameCommand(locked: Command, now: Command): boolean {
  if (JSON.stringify(locked) === JSON.stringify(now)) return true;
  const entry = entryMap({ cmd: now, deps: [], params: [], outs: [] });
  const read = readValues('', yamlText(mapOf([['stages', mapOf([['stage', entry]])]])));
  const stages = read.ok && isMapValue(read.value) ? memberOf(read.value, 'stages') : undefined;
  const stage = isMapValue(stages) ? memberOf(stages, 'stage') : undefined;
  const again = isMapValue(stage) ? memberOf(stage, 'cmd') : undefined;
  return JSON.stringify(again) === JSON.stringify(locked);
}
