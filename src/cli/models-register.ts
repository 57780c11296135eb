import { LockstepError } from '../base/error.ts';
import { createVersion, findVersion } from '../tracking/models/model-versions.ts';
import { type NewProvenance, newestProvenance } from '../tracking/models/provenance.ts';
import { createRegistered } from '../tracking/models/registered-models.ts';
import { BUMPS, type Bump, proposeBump } from '../tracking/models/semantic-version.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type FoundModel, findModel } from './models/find-model.ts';
import { readLineage } from './models/read-lineage.ts';
import { ARTIFACT_ROOT, type Registry, withRegistry } from './models/registry.ts';
import { reasonLines } from './models/render-version.ts';
import { resolveRun } from './run-reference.ts';

export const command = defineCommand({
  usage: 'models register RUN [path] --name NAME',
  summary: 'Register a model that a run made, as the next version of a name',
  details: `RUN is the beginning of an id, latest, latest:STAGE, or current:STAGE, the run that made what the workspace has. The path
is an out of the run or a model that was logged in it; without one it is the one that there is. The version also gets a semantic version, proposed by comparing what it came from
with the version before: major for another architecture or training code, or data of another distribution (other files,
other columns); minor for the same code on other data or with other params; patch for changes before or after training.`,
  options: {
    name: { type: 'string', value: 'NAME', help: 'the model; it is made if it is not there' },
    bump: { type: 'string', choices: BUMPS, value: 'BUMP', help: 'major, minor or patch, whatever is proposed' },
    description: { type: 'string', value: 'TEXT', help: 'a word about this version' },
    json: {
      type: 'boolean',
      help: '{"name", "version", "semanticVersion", "bump", "proposed", "reasons", "run", "source"}',
    },
  },
  positionals: { min: 1, max: 2 },
  completes: 'run',
  examples: [
    'lockstep models register current:train --name churn',
    'lockstep models register 3fa9 model.bin --name churn',
  ],
  run: async (context, given, [reference = '', path]) => {
    const name = given.name;
    if (name === undefined) throw new LockstepError('usage', '--name says which model it is a version of');
    return await withRegistry(context, async (registry) => {
      const run = await resolveRun(registry.project, reference);
      const model = await findModel(registry, run, path);
      const request = { name, bump: given.bump as Bump | undefined, description: given.description };
      return await register(context, registry, { ...request, model, json: given.json === true });
    });
  },
});

interface Request {
  readonly name: string;
  readonly model: FoundModel;
  readonly bump: Bump | undefined;
  readonly description: string | undefined;
  readonly json: boolean;
}

async function register(context: Context, registry: Registry, request: Request): Promise<ExitCode> {
  const { tracking } = registry;
  const { name, model } = request;
  const provenance = await provenanceOf(registry, request);
  const known = await tracking.db
    .selectFrom('registered_models')
    .select('name')
    .where('name', '=', name)
    .executeTakeFirst();
  const now = context.now();
  if (known === undefined) await createRegistered(tracking, { name, description: undefined, tags: [], now });
  const version = await createVersion(tracking, {
    name,
    source: model.source,
    runId: model.run.id,
    runLink: undefined,
    modelId: model.modelId,
    description: request.description,
    tags: [],
    artifactRoot: ARTIFACT_ROOT,
    now,
    provenance,
  });
  const { tags } = await findVersion(tracking, { name, version });
  const semanticVersion = tags.find(({ key }) => key === 'lockstep.version')?.value ?? '';
  const { bump, proposed, reasons } = provenance;
  if (request.json) {
    const json = { name, version, semanticVersion, bump, proposed, reasons, run: model.run.id, source: model.source };
    context.stdout.write(`${JSON.stringify(json)}\n`);
    return EXIT.ok;
  }
  const how = bump === null ? 'the first version' : bump === proposed ? bump : `${bump}; the records say ${proposed}`;
  context.stdout.write(`${name} version ${version} is ${semanticVersion} (${how})\n`);
  if (bump !== null) context.stdout.write(reasonLines(reasons));
  return EXIT.ok;
}

async function provenanceOf(registry: Registry, { name, model, bump }: Request): Promise<NewProvenance> {
  const lineage = await readLineage(registry, model.run);
  const before = await newestProvenance(registry.tracking.db, name);
  const head = { runId: model.run.id, lineage, files: model.files };
  if (before === undefined) return { ...head, bump: null, proposed: null, reasons: [] };
  const proposal = proposeBump(before.lineage, lineage);
  return { ...head, bump: bump ?? proposal.bump, proposed: proposal.bump, reasons: proposal.reasons };
}
