import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccessTokenRow } from '../tracking/schema.ts';
import type { TrackingDatabase } from '../tracking/tracking-database.ts';

export type Scope = AccessTokenRow['scope'];

export type FoundToken = Pick<AccessTokenRow, 'name' | 'scope'>;

export interface AccessTokens {
  any(): Promise<boolean>;
  /** What a token opens and is called; undefined for one that is unknown or was revoked. */
  find(token: string): Promise<FoundToken | undefined>;
}

/** A revoked token opens nothing after this many milliseconds. */
const BELIEVED_FOR = 1_000;

export function openAccessTokens(tracking: TrackingDatabase, now: () => number): AccessTokens {
  let known: Promise<readonly AccessTokenRow[]> | undefined;
  let asked = 0;
  const rows = () => {
    if (known === undefined || now() - asked > BELIEVED_FOR || now() < asked) {
      asked = now();
      known = tracking.db.selectFrom('access_tokens').selectAll().execute();
      known.catch(() => {
        known = undefined;
      });
    }
    return known;
  };
  return {
    any: async () => (await rows()).length > 0,
    async find(token) {
      const [, id, secret = ''] = TOKEN.exec(token) ?? [];
      const row = (await rows()).find(({ token_id }) => token_id === id);
      if (row === undefined) return undefined;
      return timingSafeEqual(Buffer.from(row.secret_digest), Buffer.from(digestOfSecret(secret)))
        ? { name: row.name, scope: row.scope }
        : undefined;
    },
  };
}

/** `lockstep_<id>_<secret>`. */
const TOKEN = /^lockstep_([0-9a-f]{8})_([\w-]{43})$/;

/** The secret is 256 random bits: nothing that a slow hash would have to protect. */
function digestOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The token, which nobody can tell a second time; undefined where the name is taken. */
export async function addAccessToken(
  tracking: TrackingDatabase,
  { name, scope, now }: { readonly name: string; readonly scope: Scope; readonly now: number },
): Promise<string | undefined> {
  const id = randomBytes(4).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  const row = { token_id: id, name, scope, secret_digest: digestOfSecret(secret), creation_time: now };
  const added = await tracking.write(async (trx) => {
    const taken = await trx.selectFrom('access_tokens').where('name', '=', name).select('token_id').executeTakeFirst();
    if (taken === undefined) await trx.insertInto('access_tokens').values(row).execute();
    return taken === undefined;
  });
  return added ? `lockstep_${id}_${secret}` : undefined;
}

export async function listAccessTokens(
  tracking: TrackingDatabase,
): Promise<readonly Omit<AccessTokenRow, 'secret_digest'>[]> {
  return await tracking.db
    .selectFrom('access_tokens')
    .select(['token_id', 'name', 'scope', 'creation_time'])
    .orderBy('creation_time')
    .orderBy('name')
    .execute();
}

/** Whether there was one of this name. */
export async function revokeAccessToken(tracking: TrackingDatabase, name: string): Promise<boolean> {
  const [result] = await tracking.write((trx) => trx.deleteFrom('access_tokens').where('name', '=', name).execute());
  return (result?.numDeletedRows ?? 0n) > 0n;
}
