import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';

/** Between what is there and what can be restored. */
export function moveRuns(
  trx: Kysely<Database>,
  { to, now }: { readonly to: 'active' | 'deleted'; readonly now: number },
) {
  return trx.updateTable('runs').set({ lifecycle_stage: to, deleted_time: to === 'deleted' ? now : null });
}
