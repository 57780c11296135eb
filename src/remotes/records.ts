import type { Content } from '../base/content.ts';
import type { RunFiles } from '../store/run-files.ts';
import { askRemote, type Line, overLine } from './line.ts';
import { RemoteError } from './remote.ts';
import type { Sent } from './send.ts';

/** An earlier result in the run cache. */
export interface RunRecord {
  readonly key: string;
  readonly outs: readonly Content[];
}

/** Sends the records of results that are wholly there; resolves to how many went. */
export async function sendRecords(
  line: Line,
  runs: RunFiles,
  { records, sent }: { readonly records: readonly RunRecord[]; readonly sent: Sent },
): Promise<number> {
  const whole = records.filter(({ outs }) => outs.every((out) => sent.isThere(out))).map(({ key }) => key);
  const there = await askRemote(line, () => line.remote.have(whole));
  const files = whole
    .filter((key) => !there.has(key))
    .flatMap((key) => {
      const file = runs.fileOf(key);
      return file === undefined ? [] : [{ key, file }];
    });
  let went = 0;
  await overLine(line, files, {
    work: async ({ key, file }, signal) => {
      await line.remote.write(key, { ...file, signal });
      went += 1;
    },
    // A record only saves work; the next push tries again.
    failed: () => {},
  });
  return went;
}

/** Larger than any record of a run. */
const MOST = 16 * 1024 * 1024;

/**
 * Brings the records below a prefix that are not here; resolves to how many came. None, where it cannot be told what
 * the remote has.
 */
export async function fetchRecords(line: Line, runs: RunFiles, below = 'runs/'): Promise<number> {
  const { list } = line.remote;
  if (list === undefined) return 0;
  const keys = await askRemote(line, async () => {
    const found: string[] = [];
    try {
      for await (const { key, size } of list(below)) if (size <= MOST && !runs.has(key)) found.push(key);
    } catch (error) {
      // Who may read may not always list.
      if (!(error instanceof RemoteError) || error.fault !== 'missing') throw error;
    }
    return found;
  });
  let came = 0;
  await overLine(line, keys, {
    work: async (key) => {
      if (runs.write(key, await readWhole(line, key))) came += 1;
    },
    failed: () => {},
  });
  return came;
}

/** Brings one record, if it is there. */
export async function fetchRecord(line: Line, runs: RunFiles, key: string): Promise<void> {
  await askRemote(line, async () => {
    try {
      runs.write(key, await readWhole(line, key));
    } catch (error) {
      if (!(error instanceof RemoteError) || error.fault !== 'missing') throw error;
    }
  });
}

async function readWhole({ remote }: Line, key: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const stream = await remote.read(key);
  try {
    for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  } catch (error) {
    throw error instanceof RemoteError ? error : new RemoteError('transient', 'it broke off', { cause: error });
  }
  return Buffer.concat(chunks);
}
