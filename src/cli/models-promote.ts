import { LockstepError } from '../base/error.ts';
import { type ModelVersion, moveVersion } from '../tracking/models/model-versions.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { describe } from './models/describe.ts';
import { keptFiles, verifyFiles } from './models/model-files.ts';
import { type Registry, whoIs, withRegistry } from './models/registry.ts';
import type { DescribedVersion } from './models/render-version.ts';
import { measured, type Requirement, readRequirements, unmet } from './models/requirement.ts';
import { resolveVersion, versionsOf } from './models/version-reference.ts';
import { countText } from './quantity.ts';

const STAGES = ['None', 'Staging', 'Production', 'Archived'];

export const command = defineCommand({
  usage: 'models promote NAME VERSION STAGE',
  summary: 'Move a version to Staging, Production or Archived',
  details: `The stage is None, Staging, Production or Archived. FILTER is one of runs list, over the run that made the model; metrics of
runs that took the model in, evaluations say, come before its own. What is refused stays where it is, and the exit code is 1.`,
  options: {
    'archive-existing': { type: 'boolean', help: 'archive the versions that are in that stage' },
    require: {
      type: 'string',
      multiple: true,
      value: 'FILTER',
      help: "refuse unless this holds: 'metrics.auc >= 0.82'",
    },
    verify: { type: 'boolean', help: 'hash the content again, and refuse if it is not what was registered' },
    reproduce: {
      type: 'boolean',
      help: 'after --verify: run what made it again, at its commit in a scratch work tree, and refuse if its bytes differ',
    },
    json: { type: 'boolean', help: '{"name", "version", "from", "to", "archived", "refused"}' },
  },
  positionals: { min: 3, max: 3 },
  examples: [
    'lockstep models promote churn 3 Staging',
    "lockstep models promote churn 3 Production --archive-existing --verify --require 'metrics.auc >= 0.82'",
  ],
  run: async (context, given, [name = '', reference = '', word = '']) => {
    const stage = STAGES.find((one) => one.toLowerCase() === word.toLowerCase());
    if (stage === undefined) {
      throw new LockstepError('usage', `'${word}' is no stage`, { hint: `choose from: ${STAGES.join(', ')}` });
    }
    const requirements = readRequirements(given.require ?? []);
    return await withRegistry(context, async (registry) => {
      const version = await resolveVersion(registry.tracking, { name, version: reference });
      const described = await describe(registry, version);
      const refused = [
        ...(await refusals(registry, described, requirements)),
        ...(given.verify === true || given.reproduce === true ? await damages(context, registry, described) : []),
      ];
      if (refused.length === 0 && given.reproduce === true)
        refused.push(...(await remade(context, registry, described)));
      const promotion = { version, stage, archiveExisting: given['archive-existing'] === true };
      const archived = refused.length > 0 ? [] : await promote(context, registry, promotion);
      const outcome = { version, stage, archived, refused };
      return given.json === true ? writeJson(context, outcome) : writeText(context, outcome);
    });
  },
});

async function refusals(
  registry: Registry,
  described: DescribedVersion,
  requirements: readonly Requirement[],
): Promise<readonly string[]> {
  if (requirements.length === 0) return [];
  const run = await measured(registry, described);
  return run === undefined ? ['its run is not on record, so nothing can be required of it'] : unmet(run, requirements);
}

async function damages(context: Context, registry: Registry, described: DescribedVersion): Promise<readonly string[]> {
  const files = keptFiles(described);
  const wrong = await verifyFiles(registry, context, files);
  if (wrong.length === 0 && !context.quiet) context.stderr.write(`verified ${countText(files.length, 'file')}\n`);
  return wrong.map(({ file, verdict }) => `${file.from} is ${verdict}`);
}

async function remade(context: Context, registry: Registry, described: DescribedVersion): Promise<readonly string[]> {
  if (!context.quiet) context.stderr.write('running what made it again\n');
  const { reproduceVersion } = await import('./models/reproduce.ts');
  const against = await reproduceVersion(context, registry, described);
  if (against.length === 0 && !context.quiet) context.stderr.write('reproduced, every byte the same\n');
  return against;
}

interface Promotion {
  readonly version: ModelVersion;
  readonly stage: string;
  readonly archiveExisting: boolean;
}

/** The versions that had to go. */
async function promote(
  context: Context,
  { tracking }: Registry,
  { version: { name, version }, stage, archiveExisting }: Promotion,
): Promise<readonly number[]> {
  const before = await versionsOf(tracking, name);
  await moveVersion(tracking, { name, version, stage, archiveExisting, now: context.now(), who: whoIs(context) });
  if (!archiveExisting) return [];
  return before.filter((one) => one.version !== version && one.current_stage === stage).map((one) => one.version);
}

interface Outcome {
  readonly version: ModelVersion;
  readonly stage: string;
  readonly archived: readonly number[];
  readonly refused: readonly string[];
}

function writeJson({ stdout }: Context, { version, stage, archived, refused }: Outcome): ExitCode {
  const { name, version: number, current_stage: from } = version;
  stdout.write(
    `${JSON.stringify({ name, version: number, from, to: refused.length > 0 ? from : stage, archived, refused })}\n`,
  );
  return refused.length > 0 ? EXIT.failed : EXIT.ok;
}

function writeText({ stdout, stderr }: Context, { version, stage, archived, refused }: Outcome): ExitCode {
  const called = `${version.name} version ${version.version}`;
  if (refused.length > 0) {
    stderr.write(`${called} stays in ${version.current_stage}\n${refused.map((why) => `  ${why}\n`).join('')}`);
    return EXIT.failed;
  }
  stdout.write(`${called}: ${version.current_stage} → ${stage}\n`);
  if (archived.length > 0) stdout.write(`archived: ${archived.map((number) => `version ${number}`).join(', ')}\n`);
  return EXIT.ok;
}
