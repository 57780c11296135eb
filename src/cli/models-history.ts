import { historyOf } from '../tracking/models/model-versions.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { withRegistry } from './models/registry.ts';
import { versionsOf } from './models/version-reference.ts';
import { renderTable } from './render-table.ts';
import { stylesOf } from './style.ts';

export const command = defineCommand({
  usage: 'models history NAME',
  summary: 'Show every change of a stage or an alias: who, when, from what to what',
  details: 'Oldest first. Of what clients did through the server, who is the name of the token that they had.',
  options: {
    json: { type: 'boolean', help: '{"history": [{"time", "version", "what", "from", "to", "who"}]}' },
  },
  positionals: { min: 1, max: 1 },
  examples: ['lockstep models history churn'],
  run: async (context, given, [name = '']) =>
    await withRegistry(context, async ({ tracking }) => {
      await versionsOf(tracking, name);
      const history = (await historyOf(tracking, name)).map(({ time, version, what, was, now, who }) => ({
        ...{ time, version, what, from: was, to: now, who },
      }));
      if (given.json === true) context.stdout.write(`${JSON.stringify({ history })}\n`);
      else if (history.length === 0 && !context.quiet) context.stderr.write('no stage and no alias was changed yet\n');
      const columns = ['when', 'version', 'what', 'from', 'to', 'who'].map((title) => ({ title }));
      const rows = history.map(({ time, version, what, from, to, who }) => [
        new Date(time).toISOString(),
        String(version),
        what,
        from ?? '',
        to ?? '',
        who ?? '',
      ]);
      const room = { columns: context.stdout.columns, title: stylesOf(context.stdout).bold };
      if (given.json !== true) context.stdout.write(renderTable(columns, rows, room));
      return EXIT.ok;
    }),
});
