import { provenancesOf } from '../tracking/models/provenance.ts';
import { searchRegistered } from '../tracking/models/search-registry.ts';
import type { TrackingDatabase } from '../tracking/tracking-database.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { withRegistry } from './models/registry.ts';
import { versionsOf } from './models/version-reference.ts';
import { renderTable } from './render-table.ts';
import { stylesOf } from './style.ts';

export const command = defineCommand({
  usage: 'models list',
  summary: 'List the registered models',
  options: {
    json: {
      type: 'boolean',
      help: '{"models": [{"name", "versions", "latest", "semanticVersion", "stages", "aliases"}]}',
    },
  },
  positionals: { min: 0, max: 0 },
  examples: ['lockstep models list'],
  run: async (context, given) =>
    await withRegistry(context, async ({ tracking }) => {
      const models = await listModels(tracking);
      if (given.json === true) context.stdout.write(`${JSON.stringify({ models })}\n`);
      else if (models.length > 0) {
        const columns = ['name', 'versions', 'latest', 'is', 'stages', 'aliases'].map((title) => ({
          title,
          shrink: title === 'aliases',
        }));
        const rows = models.map(({ name, versions, latest, semanticVersion, stages, aliases }) => [
          name,
          String(versions),
          latest === null ? '' : String(latest),
          semanticVersion ?? '',
          pairs(stages),
          pairs(aliases),
        ]);
        context.stdout.write(
          renderTable(columns, rows, { columns: context.stdout.columns, title: stylesOf(context.stdout).bold }),
        );
      } else if (!context.quiet) {
        context.stderr.write('no models are registered yet: lockstep models register RUN --name NAME\n');
      }
      return EXIT.ok;
    }),
});

function pairs(record: Readonly<Record<string, number>>): string {
  return Object.entries(record)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}

async function listModels(tracking: TrackingDatabase) {
  const { models } = await searchRegistered(tracking, {
    filter: '',
    orderBy: [],
    limit: 100_000,
    pageToken: undefined,
  });
  const listed = [];
  for (const { name } of models) {
    const versions = await versionsOf(tracking, name);
    const provenances = await provenancesOf(tracking.db, name);
    const inStages = versions.filter(({ current_stage }) => current_stage !== 'None').toReversed();
    listed.push({
      name,
      versions: versions.length,
      latest: versions[0]?.version ?? null,
      semanticVersion: provenances.find(({ version }) => version === versions[0]?.version)?.semanticVersion ?? null,
      stages: Object.fromEntries(inStages.map(({ current_stage, version }) => [current_stage, version])),
      aliases: Object.fromEntries(versions.flatMap(({ aliases, version }) => aliases.map((alias) => [alias, version]))),
    });
  }
  return listed;
}
