import { LockstepError } from '../base/error.ts';
import { proposeBump } from '../tracking/models/semantic-version.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { describe } from './models/describe.ts';
import { withRegistry } from './models/registry.ts';
import { type DescribedVersion, headJson, reasonLines } from './models/render-version.ts';
import { measured } from './models/requirement.ts';
import { resolveVersion } from './models/version-reference.ts';
import { comparisonJson, renderComparison } from './render-runs-diff.ts';
import { compare } from './runs-diff.ts';
import { stylesOf } from './style.ts';

export const command = defineCommand({
  usage: 'models diff NAME A B',
  summary: 'Compare two versions of a model by what they came from',
  details: 'A and B are numbers, stages, aliases or latest. Metrics are also those of runs that took the model in.',
  options: {
    json: { type: 'boolean', help: '{"a", "b", "reasons", "runs": as runs diff --json}' },
  },
  positionals: { min: 3, max: 3 },
  examples: ['lockstep models diff churn 1 2', 'lockstep models diff churn Production latest'],
  run: async (context, given, [name = '', first = '', second = '']) =>
    await withRegistry(context, async (registry) => {
      const a = await describe(registry, await resolveVersion(registry.tracking, { name, version: first }));
      const b = await describe(registry, await resolveVersion(registry.tracking, { name, version: second }));
      const reasons =
        a.provenance === undefined || b.provenance === undefined
          ? undefined
          : proposeBump(a.provenance.lineage, b.provenance.lineage).reasons;
      const [runA, runB] = [await measured(registry, a), await measured(registry, b)];
      if (runA === undefined || runB === undefined) throw unknownRun(runA === undefined ? a : b);
      const compared = await compare(registry.project, { a: runA, b: runB, env: context.env });
      if (given.json === true) {
        const heads = { a: headJson(a.version, a.provenance), b: headJson(b.version, b.provenance) };
        context.stdout.write(
          `${JSON.stringify({ ...heads, reasons: reasons ?? null, runs: comparisonJson(compared) })}\n`,
        );
        return EXIT.ok;
      }
      const { bold } = stylesOf(context.stdout);
      context.stdout.write(`${bold(called(a))}  →  ${bold(called(b))}\n`);
      if (reasons !== undefined) context.stdout.write(reasonLines(reasons));
      context.stdout.write(`\n${renderComparison(compared, context.stdout)}`);
      return EXIT.ok;
    }),
});

function called({ version, provenance }: DescribedVersion): string {
  return `${version.name} version ${version.version}${provenance === undefined ? '' : ` (${provenance.semanticVersion})`}`;
}

function unknownRun({ version }: DescribedVersion): LockstepError {
  return new LockstepError('usage', `the run of ${version.name} version ${version.version} is not on record`);
}
