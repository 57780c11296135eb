import { diffCommits } from '../provenance/git-diff.ts';
import type { Run } from '../tracking/run.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { type CodeDiff, type ComparedRuns, comparisonJson, renderComparison } from './render-runs-diff.ts';
import { resolveRun } from './run-reference.ts';
import { compareRuns } from './runs-comparison.ts';

export const command = defineCommand({
  usage: 'runs diff A B',
  summary: 'Compare two runs: params, metrics, data, code and environment',
  details: 'A and B are beginnings of ids, latest, latest:STAGE, or current:STAGE.',
  options: {
    json: {
      type: 'boolean',
      help: '{"a", "b", "params", "metrics", "data", "artifacts", "code", "environment", "packages"}',
    },
  },
  positionals: { min: 2, max: 2 },
  completes: 'run',
  examples: ['lockstep runs diff 3fa9 latest:train'],
  run: async (context, given, [first = '', second = '']) => {
    const project = await openProject(context);
    try {
      const [a, b] = [await resolveRun(project, first), await resolveRun(project, second)];
      const compared = await compare(project, { a, b, env: context.env });
      if (given.json === true) context.stdout.write(`${JSON.stringify(comparisonJson(compared))}\n`);
      else context.stdout.write(renderComparison(compared, context.stdout));
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

/** Two runs by their records, and their code by what git and the cache have of it. */
export async function compare(project: Project, question: CodeQuestion): Promise<ComparedRuns> {
  const { a, b } = question;
  return { a, b, comparison: compareRuns(a, b), code: await diffCode(project, question) };
}

interface CodeQuestion {
  readonly a: Run;
  readonly b: Run;
  readonly env: Readonly<Record<string, string | undefined>>;
}

async function diffCode(project: Project, question: CodeQuestion): Promise<CodeDiff> {
  const [commits, patches] = await Promise.all([diffShas(project, question), diffPatches(project, question)]);
  return { commits, patches };
}

async function diffShas(project: Project, { a, b, env }: CodeQuestion): Promise<CodeDiff['commits']> {
  const [from, to] = [a.code?.gitSha ?? null, b.code?.gitSha ?? null];
  if (from === to) return { kind: 'text', text: '' };
  if (from === null || to === null) return { kind: 'unknown', why: 'one of the runs has no commit' };
  return await diffCommits(project.root, { from, to, env });
}

/** Milliseconds; a patch of megabytes against another is not worth more. */
const PATIENCE = 5000;

async function diffPatches(project: Project, { a, b }: CodeQuestion): Promise<CodeDiff['patches']> {
  if (a.code?.patch === b.code?.patch) return { kind: 'text', text: '' };
  const [before, after] = await Promise.all([readPatch(project, a), readPatch(project, b)]);
  if (before === undefined || after === undefined) {
    return { kind: 'unknown', why: 'a recorded patch is no longer in the cache' };
  }
  const { createTwoFilesPatch } = await import('diff');
  const names = [a, b].map((run) => `${run.id.slice(0, 8)}/uncommitted.patch`) as [string, string];
  const text = createTwoFilesPatch(names[0], names[1], before, after, undefined, undefined, { timeout: PATIENCE });
  return text === undefined ? { kind: 'unknown', why: 'the patches are too large to compare' } : { kind: 'text', text };
}

async function readPatch(project: Project, run: Run): Promise<string | undefined> {
  const digest = run.code?.patch ?? null;
  if (digest === null) return '';
  const bytes = await project.store().read(digest);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
