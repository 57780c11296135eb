import type { Content } from '../base/content.ts';
import { digestOf } from '../base/hash.ts';
import { isExecutable, kindOf, statOf } from './file-stat.ts';
import { hashAsBeforeDvc3 } from './legacy-hash.ts';
import type { TreeEntry } from './tree.ts';
import { type Target, type Workspace, walkContent } from './workspace.ts';

/** What DVC before 3.0 would have called what a path holds: text with its CRLF line ends taken for LF. */
export function observeLegacy(workspace: Workspace, target: Target): Content | 'missing' {
  const stat = statOf(target.path, target.name);
  if (stat === undefined) return 'missing';
  if (kindOf(stat) !== 'directory') {
    const digest = hashAsBeforeDvc3(target.path);
    return { kind: 'file', digest, size: Number(stat.size), exec: isExecutable(stat) };
  }
  const entries: TreeEntry[] = [];
  let size = 0;
  for (const found of walkContent(workspace, target)) {
    if (found?.kind !== 'file') continue;
    const digest = hashAsBeforeDvc3(`${target.path}/${found.path}`);
    entries.push({ kind: 'file', path: found.path, digest, size: Number(found.stat.size) });
    size += Number(found.stat.size);
  }
  const digest = digestOf(workspace.scheme.encode(entries), 'md5');
  return { kind: 'tree', digest, size, files: entries.length };
}
