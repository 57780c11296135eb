import type { Kysely } from 'kysely';
import type { Digest } from '../../base/brand.ts';
import type { Database } from '../schema.ts';
import type { Lineage } from './lineage.ts';
import { type Bump, FIRST_VERSION, nextVersion, type Reason } from './semantic-version.ts';

/** What is known of a version that was registered with its provenance. */
export interface Provenance extends NewProvenance {
  readonly version: number;
  readonly semanticVersion: string;
}

export interface NewProvenance {
  /** The run that made the model. */
  readonly runId: string;
  /** Null for the first version of a model. */
  readonly bump: Bump | null;
  /** What the records say; another one than `bump` where somebody knew better. */
  readonly proposed: Bump | null;
  readonly reasons: readonly Reason[];
  readonly lineage: Lineage;
  /** The content as it was when it was registered. */
  readonly files: readonly RegisteredFile[];
}

export interface RegisteredFile {
  /** `cache`: an object of the project's cache, a file or a whole directory; `artifacts`: one file of the server's. */
  readonly in: 'cache' | 'artifacts';
  /** How it is called in a download; empty for the whole of one object. */
  readonly path: string;
  /** Below the server's artifacts; the run's own path for an object of the cache. */
  readonly from: string;
  readonly digest: Digest;
  readonly size: number;
}

interface VersionOf {
  readonly name: string;
  readonly version: number;
}

/** Its semantic version, counted on from the newest one that is still there. */
export async function writeProvenance(
  trx: Kysely<Database>,
  { name, version }: VersionOf,
  given: NewProvenance,
): Promise<string> {
  const before = await newestProvenance(trx, name);
  const semanticVersion =
    before === undefined ? FIRST_VERSION : nextVersion(before.semanticVersion, given.bump ?? 'major');
  await trx
    .insertInto('model_version_provenance')
    .values({
      name,
      version,
      semantic_version: semanticVersion,
      bump: given.bump,
      proposed: given.proposed,
      reasons: JSON.stringify(given.reasons),
      run_id: given.runId,
      lineage: JSON.stringify(given.lineage),
      files: JSON.stringify(given.files),
    })
    .execute();
  return semanticVersion;
}

/** Versions that clients registered have none. */
export async function newestProvenance(db: Kysely<Database>, name: string): Promise<Provenance | undefined> {
  const [newest] = await provenancesOf(db, name);
  return newest;
}

/** The newest version first. */
export async function provenancesOf(db: Kysely<Database>, name: string): Promise<readonly Provenance[]> {
  const rows = await db
    .selectFrom('model_version_provenance')
    .selectAll()
    .where('name', '=', name)
    .orderBy('version', 'desc')
    .execute();
  return rows.map((row) => ({
    version: row.version,
    semanticVersion: row.semantic_version,
    runId: row.run_id,
    bump: row.bump as Bump | null,
    proposed: row.proposed as Bump | null,
    reasons: JSON.parse(row.reasons) as readonly Reason[],
    lineage: JSON.parse(row.lineage) as Lineage,
    files: JSON.parse(row.files) as readonly RegisteredFile[],
  }));
}
