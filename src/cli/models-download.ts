import { resolve } from 'node:path';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { describe } from './models/describe.ts';
import { downloadFiles, keptFiles } from './models/model-files.ts';
import { withRegistry } from './models/registry.ts';
import type { DescribedVersion } from './models/render-version.ts';
import { resolveVersion, versionWords } from './models/version-reference.ts';

export const command = defineCommand({
  usage: 'models download NAME [version]',
  summary: 'Put the content of a version into a directory',
  details: 'The version is a number, a stage, an alias or latest (the default). Every byte is checked on the way.',
  options: {
    out: { type: 'string', short: 'o', value: 'PATH', help: 'where to put it, in place of its own name' },
  },
  positionals: { min: 1, max: 2 },
  examples: ['lockstep models download churn Production -o model.bin'],
  run: async (context, given, [first = '', second]) =>
    await withRegistry(context, async (registry) => {
      const described = await describe(registry, await resolveVersion(registry.tracking, versionWords(first, second)));
      const files = keptFiles(described);
      const target = resolve(context.cwd, given.out ?? nameOf(described));
      await downloadFiles(registry, context, { files, target });
      if (!context.quiet)
        context.stderr.write(`${described.version.name} version ${described.version.version} is at ${target}\n`);
      return EXIT.ok;
    }),
});

/** What it was called as an out; several files go into a directory that is called after the version. */
function nameOf({ version, files }: DescribedVersion): string {
  const [only] = files;
  const name = only?.path === '' ? only.from.slice(only.from.lastIndexOf('/') + 1) : '';
  return name === '' ? `${version.name}-${version.version}` : name;
}
