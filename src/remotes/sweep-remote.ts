import { LockstepError } from '../base/error.ts';
import type { ObjectName } from '../store/integrity.ts';
import { askRemote, type Line, overLine } from './line.ts';
import type { Listed } from './remote.ts';

export interface RemoteSweepWish {
  needs(object: ObjectName): boolean;
  /** What a record of the run cache names, by its bytes; undefined for one that cannot be read. */
  outsOf(bytes: Uint8Array): Promise<readonly ObjectName[] | undefined>;
}

export interface RemoteSweepPlan {
  /** Keys in the order in which they have to go: records, listings, files. */
  readonly steps: readonly (readonly string[])[];
  readonly records: number;
  readonly objects: number;
  readonly bytes: number;
  readonly kept: number;
}

/** So many keys are removed at once; where that is interrupted, the rest waits for the next time. */
const PORTION = 1000;

/** What a remote has that nobody needs. What does not look like an object or a record is left alone. */
export async function planRemoteSweep(line: Line, wish: RemoteSweepWish): Promise<RemoteSweepPlan> {
  const { list } = line.remote;
  if (list === undefined) {
    throw new LockstepError(
      'usage',
      `the remote ${line.remote.url} cannot tell what it has, so nothing can be removed`,
    );
  }
  const records: string[] = [];
  const doomed = new Map<string, ObjectName>();
  let bytes = 0;
  let kept = 0;
  const all = await askRemote(line, async () => {
    const found: Listed[] = [];
    for await (const one of list('')) found.push(one);
    return found;
  });
  for (const { key, size } of all) {
    const object = line.objects.objectAt(key);
    if (key.startsWith('runs/')) records.push(key);
    else if (object === undefined) continue;
    else if (wish.needs(object)) kept += 1;
    else {
      doomed.set(key, object);
      bytes += size;
    }
  }
  const voided = doomed.size === 0 ? [] : await voidRecords(line, records, { wish, doomed });
  const keysOf = (kind: ObjectName['kind']) => [...doomed].filter(([, one]) => one.kind === kind).map(([key]) => key);
  const steps = [voided, keysOf('tree'), keysOf('file')];
  return { steps, records: voided.length, objects: doomed.size, bytes, kept };
}

async function voidRecords(
  line: Line,
  keys: readonly string[],
  { wish, doomed }: { readonly wish: RemoteSweepWish; readonly doomed: ReadonlyMap<string, ObjectName> },
): Promise<readonly string[]> {
  const gone = new Set([...doomed.values()].map(nameOf));
  const voided: string[] = [];
  await overLine(line, keys, {
    work: async (key) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of await line.remote.read(key)) chunks.push(chunk as Uint8Array);
      const outs = await wish.outsOf(Buffer.concat(chunks));
      if (outs?.some((out) => gone.has(nameOf(out))) === true) voided.push(key);
    },
    failed: () => {},
  });
  return voided;
}

function nameOf({ digest, kind }: ObjectName): string {
  return `${digest}.${kind}`;
}

/** Each step is complete before the next one begins. */
export async function sweepRemote(line: Line, { steps }: RemoteSweepPlan): Promise<void> {
  for (const keys of steps) {
    for (let from = 0; from < keys.length; from += PORTION) {
      if (line.signal.aborted) throw new LockstepError('interrupted', 'interrupted');
      await askRemote(line, () => line.remote.remove(keys.slice(from, from + PORTION)));
    }
  }
}
