import { sql, type Transaction } from 'kysely';
import type { Database } from '../tracking/schema.ts';

/** Whether a registered model version points at this path, at something above it or at something below. */
export async function isPinnedArtifact(trx: Transaction<Database>, path: string): Promise<boolean> {
  const pinned = sql.ref('pinned_path');
  const found = await trx
    .selectFrom('model_versions')
    .select('version')
    .where('pinned_path', 'is not', null)
    .where(
      sql<boolean>`(${pinned} = ${path}
        or substr(${pinned}, 1, length(${path}) + 1) = ${`${path}/`}
        or substr(${path}, 1, length(${pinned}) + 1) = ${pinned} || '/')`,
    )
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}
