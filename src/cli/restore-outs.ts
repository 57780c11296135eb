import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectPath } from '../base/brand.ts';
import { type Content, sameContent } from '../base/content.ts';
import { joinPath } from '../base/project-path.ts';
import type { Project } from './project.ts';
import { countText } from './quantity.ts';

/** What became of outs that were to be brought back. */
export interface RestoreReport {
  readonly restored: string[];
  readonly kept: string[];
  readonly missing: { readonly path: string; readonly stage: string }[];
  readonly trash: Record<string, string>;
}

export interface WantedOut {
  readonly path: ProjectPath;
  readonly content: Content;
  readonly stage: string;
}

/** An out, or those files of it that are meant. */
export function partsOf(
  project: Project,
  out: WantedOut,
  only: ((path: string) => boolean) | undefined,
): readonly WantedOut[] {
  const listing = only === undefined ? 'missing' : project.store().exchange().listing(out.content.digest);
  if (typeof listing === 'string') return [out];
  return listing.flatMap((entry) => {
    if ((entry.kind !== 'file' && entry.kind !== 'exec') || only?.(entry.path) !== true) return [];
    const { digest, size } = entry;
    const file = { kind: 'file' as const, digest, size: size ?? 0, exec: entry.kind === 'exec' };
    return [{ path: joinPath(out.path, entry.path), content: file, stage: out.stage }];
  });
}

/** Brings an out back from the cache, if it is not there as it should be. */
export async function restoreOut(
  project: Project,
  { path, content, stage }: WantedOut,
  report: RestoreReport,
): Promise<void> {
  const store = project.store();
  // What is found whole in a moment must be there when the old has gone.
  await store.enter();
  const now = store.peek(path) ?? (await store.observe(path));
  if (now !== 'missing' && sameContent(now, content)) {
    report.kept.push(path);
    return;
  }
  // Only once it is sure that the new can come does the old have to go.
  if ((await store.verify(content)) !== 'intact') {
    report.missing.push({ path, stage });
    return;
  }
  const trashed = await store.clear(path);
  if (trashed !== null) report.trash[path] = trashed;
  mkdirSync(dirname(join(project.root, path)), { recursive: true });
  await store.checkout(content, path, { isVerified: true });
  report.restored.push(path);
}

export function restoredText(report: RestoreReport): string {
  const lines = Object.entries(report.trash).map(
    ([path, where]) => `${path} was not in the cache; it was moved to ${where}`,
  );
  for (const { path, stage } of report.missing)
    lines.push(`${path} is not in the cache; lockstep repro ${stage} makes it`);
  const counts = [`${countText(report.restored.length, 'out')} restored`, `${report.kept.length} already there`];
  if (report.missing.length > 0) counts.push(`${report.missing.length} missing`);
  return `${[...lines, counts.join(', ')].join('\n')}\n`;
}
