import { provenancesOf } from '../tracking/models/provenance.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { describe } from './models/describe.ts';
import { type Registry, withRegistry } from './models/registry.ts';
import { headJson, renderVersionHead, renderVersions, versionJson } from './models/render-version.ts';
import { resolveVersion, versionsOf, versionWords } from './models/version-reference.ts';
import { renderRun } from './render-runs-show.ts';

export const command = defineCommand({
  usage: 'models show NAME [version]',
  summary: 'Show the versions of a model, or all that one of them came from',
  details:
    'The version is a number, a stage (the newest in it), an alias or latest; NAME/3 and NAME@champion say it in one word.',
  options: {
    json: {
      type: 'boolean',
      help: '{"versions": […]}, or of one version also its "reasons", "files", "lineage" and "run"',
    },
  },
  positionals: { min: 1, max: 2 },
  examples: ['lockstep models show churn', 'lockstep models show churn Production'],
  run: async (context, given, [first = '', second]) => {
    const words = versionWords(first, second);
    const json = given.json === true;
    return await withRegistry(context, async (registry) =>
      words.version === undefined
        ? await showAll(context, registry, { name: words.name, json })
        : await showOne(context, registry, { words, json }),
    );
  },
});

async function showAll(
  context: Context,
  { tracking }: Registry,
  { name, json }: { readonly name: string; readonly json: boolean },
): Promise<ExitCode> {
  const versions = await versionsOf(tracking, name);
  const provenances = await provenancesOf(tracking.db, name);
  const provenanceOf = (number: number) => provenances.find(({ version }) => version === number);
  if (json) {
    const heads = versions.map((version) => headJson(version, provenanceOf(version.version)));
    context.stdout.write(`${JSON.stringify({ versions: heads })}\n`);
  } else if (versions.length > 0) context.stdout.write(renderVersions(versions, provenances, context.stdout));
  else if (!context.quiet) context.stderr.write(`${name} has no versions\n`);
  return EXIT.ok;
}

async function showOne(
  context: Context,
  registry: Registry,
  { words, json }: { readonly words: ReturnType<typeof versionWords>; readonly json: boolean },
): Promise<ExitCode> {
  const described = await describe(registry, await resolveVersion(registry.tracking, words));
  if (json) {
    context.stdout.write(`${JSON.stringify(versionJson(described))}\n`);
    return EXIT.ok;
  }
  context.stdout.write(renderVersionHead(described, context.stdout));
  const { run, version, logged } = described;
  if (run !== undefined) context.stdout.write(`\n${renderRun(run, { children: [], logged }, context.stdout)}`);
  else if (!context.quiet)
    context.stderr.write(`${version.run_id === null ? 'no run is named' : 'its run is not on record any more'}\n`);
  return EXIT.ok;
}
