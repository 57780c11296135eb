import type { RunId } from '../../base/brand.ts';
import { Refusal, type Server } from '../../client/tracking-api.ts';
import type { Run } from '../../tracking/run.ts';
import type { TrackingStore } from '../../tracking/tracking-store.ts';
import type { Outbox, Progress, Sent } from './outbox.ts';
import { createRemote, experimentAt, findRemote, sendRecord } from './send-run.ts';

export interface Mirroring {
  readonly outbox: Outbox;
  readonly tracking: TrackingStore;
  readonly server: Server;
  /** The name of the experiment at the server. */
  readonly experiment: string;
}

export interface Result {
  readonly sent: number;
  readonly refused: readonly string[];
}

/** Sends what has ended and is not there yet; throws `server` when the server is away. */
export async function sendOutbox(mirroring: Mirroring): Promise<Result> {
  const { outbox, server } = mirroring;
  const repros = outbox.list();
  if (repros.length === 0) return { sent: 0, refused: [] };
  const experiment = await experimentAt(server, mirroring.experiment);
  let sent = 0;
  const refused: string[] = [];
  for (const repro of repros) {
    const result = await sendRepro(mirroring, { repro, experiment });
    sent += result.sent;
    refused.push(...result.refused);
  }
  return { sent, refused };
}

async function sendRepro(
  { outbox, tracking, server }: Mirroring,
  { repro, experiment }: { readonly repro: RunId; readonly experiment: string },
): Promise<Result> {
  const parent = await tracking.find(repro);
  if (parent === undefined) {
    // Not written yet; or the database was moved aside, and then there is nothing to send for good.
    return { sent: 0, refused: [] };
  }
  let progress: Progress = outbox.progress(repro);
  const note = (run: Run, sent: Sent) => {
    progress = { ...progress, [run.id]: sent };
    outbox.save(repro, progress);
  };
  const result = { sent: 0, refused: [] as string[] };
  const bring = async (run: Run, above: string | null): Promise<void> => {
    const before = progress[run.id];
    if (before?.complete === true || before?.refused !== undefined) return;
    try {
      const remote = before?.remote ?? (await place(run, above, before));
      note(run, { remote, complete: false });
      if (run.status === 'RUNNING') return;
      await sendRecord(server, run, remote);
      note(run, { remote, complete: true });
      result.sent += 1;
    } catch (error) {
      if (!(error instanceof Refusal) || error.status >= 500) throw error;
      note(run, { remote: progress[run.id]?.remote ?? null, complete: false, refused: error.message });
      result.refused.push(`run ${run.id}: ${error.message}`);
    }
  };
  const place = async (run: Run, above: string | null, before: Sent | undefined): Promise<string> => {
    const known = before === undefined ? undefined : await findRemote(server, { run, experiment });
    if (known !== undefined) return known;
    note(run, { remote: null, complete: false });
    return await createRemote(server, { run, experiment, parent: above });
  };
  await bring(parent, null);
  const children = [...(await tracking.list({ parent: repro }))].reverse();
  for (const child of children) await bring(child, progress[repro]?.remote ?? null);
  const settled = [parent, ...children].every(
    ({ id }) => progress[id]?.complete || progress[id]?.refused !== undefined,
  );
  if (settled && parent.status !== 'RUNNING') outbox.remove(repro);
  return result;
}
