import type { LockEntry, ReadLockEntry } from './lock-entry.ts';
import type { LockFormat } from './lock-format.ts';
import { splitLockfile } from './lock-merge.ts';
import { formatEntry, formatLockfile, formatReadEntry, lockfileFromJson, lockfileToJson } from './lockfile.ts';

/** pipeline.lock, all but its parser, which is loaded for texts that were never seen. */
export const nativeLock: Omit<LockFormat, 'read'> = {
  bind: (json) => lockfileFromJson(json),
  edit({ text, lockfile }, { directory }) {
    const entries = new Map<string, ReadLockEntry>(lockfile.entries);
    const blocks =
      standingBlocks(text, entries) ??
      new Map([...entries].map(([name, read]) => [name, formatReadEntry(name, read, directory)]));
    return {
      set(name: string, entry: LockEntry) {
        const block = formatEntry(name, entry, directory);
        entries.set(name, { entry, edited: false });
        if (blocks.get(name) === block) return false;
        blocks.set(name, block);
        return true;
      },
      drop(name) {
        entries.delete(name);
        blocks.delete(name);
      },
      text: () => formatLockfile(blocks),
      json: () => lockfileToJson({ entries }),
      unwritten: () => new Map(),
    };
  },
};

/** The text of each stage as it stands, where all of it is as lockstep writes it. */
function standingBlocks(text: string, entries: ReadonlyMap<string, ReadLockEntry>): Map<string, string> | undefined {
  const standing = splitLockfile(text)?.blocks;
  return standing?.size === entries.size && formatLockfile(standing) === text ? new Map(standing) : undefined;
}
