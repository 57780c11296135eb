import { bytesText, countText } from '../quantity.ts';
import type { Garbage } from './collect-garbage.ts';

export function garbageText({ isDry, amounts, kept, workspaces, remote }: Garbage): string {
  const { files, directories, records, unfinished, trash } = amounts;
  const verb = isDry ? 'would be removed' : 'removed';
  const freed = bytesOf(amounts);
  const parts = [
    files.count > 0 && countText(files.count, 'object'),
    directories.count > 0 && countText(directories.count, 'directory listing'),
    records.count > 0 && countText(records.count, 'earlier result'),
    unfinished.count > 0 && countText(unfinished.count, 'unfinished file'),
    trash.count > 0 && `${countText(trash.count, 'file')} of the trash`,
  ].filter((part) => part !== false);
  const lines = [parts.length === 0 ? 'nothing to remove' : `${parts.join(', ')} ${verb}: ${bytesText(freed)}`];
  if (remote !== undefined) {
    const count = `${countText(remote.objects, 'object')}, ${countText(remote.records, 'earlier result')}`;
    const isIdle = remote.objects === 0;
    lines.push(`remote: ${isIdle ? 'nothing to remove' : `${count} ${verb}: ${bytesText(remote.bytes)}`}`);
  }
  lines.push(`${countText(kept, 'object')} kept`);
  if (workspaces.length > 0) lines.push(`needed also by ${workspaces.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

export function garbageJson({ isDry, amounts, kept, workspaces, remote }: Garbage): string {
  const there =
    remote === undefined
      ? null
      : { objects: remote.objects, records: remote.records, bytes: remote.bytes, kept: remote.kept };
  const json = { dry: isDry, removed: amounts, bytes: bytesOf(amounts), kept, workspaces, remote: there };
  return `${JSON.stringify(json)}\n`;
}

function bytesOf(amounts: Garbage['amounts']): number {
  return Object.values(amounts).reduce((sum, { bytes }) => sum + bytes, 0);
}
