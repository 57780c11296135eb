import type { Problem } from '../remotes/line.ts';
import { sendRecords } from '../remotes/records.ts';
import { sendObjects } from '../remotes/send.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { bytesText, countText } from './quantity.ts';
import { askedData, WHICH_DATA } from './remotes/asked-data.ts';
import { remotesAsked } from './remotes/fetch-data.ts';
import { overRemote } from './remotes/open-line.ts';
import { remotesOf } from './remotes/remote-config.ts';
import { runFilesOf, runRecords } from './remotes/run-records.ts';
import { problemJson, problemText } from './remotes/transfer-report.ts';

export const command = defineCommand({
  usage: 'push [targets…]',
  summary: 'Send data that the lockfiles name from the cache to a remote',
  details:
    'What is there already is not sent again. A directory is there only once all its files are. With the data go the ' +
    'records of the run cache that name it, so that nobody has to run what gave it.',
  options: {
    ...WHICH_DATA,
    force: { type: 'boolean', short: 'f', help: 'send also what is there, to replace what is damaged' },
    'run-cache': { type: 'boolean', help: 'also all earlier results that the run cache knows, with their data' },
    'no-run-cache': { type: 'boolean', help: 'without the records of the run cache' },
    json: {
      type: 'boolean',
      help: '{"sent": N, "bytes": N, "there": N, "runs": N, "problems": [{"problem", "paths", "neededBy", …}]}',
    },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['lockstep push', 'lockstep push -r archive --all-tags', 'lockstep push --force data/images'],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const asked = await askedData(project, loaded, { targets, which: given, pushing: true });
      const remotes = remotesOf(project);
      const total = { sent: 0, bytes: 0, there: 0, runs: 0 };
      const problems: (Problem & { readonly remote: string })[] = [];
      for (const own of remotesAsked(asked)) {
        const wish = { remotes, name: own ?? given.remote, jobs: given.jobs, verb: 'sending' };
        await overRemote({ project, context }, wish, async (line) => {
          const isRemembering = own === undefined && given['no-run-cache'] !== true;
          const records = isRemembering
            ? await runRecords(project, given['run-cache'] === true ? 'all' : asked.entries)
            : [];
          const results = records.flatMap(({ outs }) =>
            outs.map((content) => ({ content, path: content.digest, neededBy: null })),
          );
          const sent = await sendObjects(line, [...(asked.byRemote.get(own) ?? []), ...results], {
            again: given.force === true,
          });
          total.sent += sent.objects;
          total.bytes += sent.bytes;
          total.there += sent.there;
          problems.push(...sent.problems.map((problem) => ({ ...problem, remote: line.remote.url })));
          total.runs += await sendRecords(line, runFilesOf(project), { records, sent });
        });
      }
      if (given.json === true) {
        context.stdout.write(`${JSON.stringify({ ...total, problems: problems.map(problemJson) })}\n`);
      } else context.stderr.write(sentText(total, problems));
      return problems.length > 0 ? EXIT.failed : EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

interface Total {
  readonly sent: number;
  readonly bytes: number;
  readonly there: number;
  readonly runs: number;
}

function sentText(
  { sent, bytes, there, runs }: Total,
  problems: readonly (Problem & { readonly remote: string })[],
): string {
  const lines = problems.map((problem) => problemText(problem, problem.remote));
  const counts = [`${countText(sent, 'object')} (${bytesText(bytes)}) sent`, `${there} already there`];
  if (runs > 0) counts.push(`${countText(runs, 'earlier result')} told`);
  if (problems.length > 0) counts.push(`${problems.length} not to be had`);
  return `${[...lines, counts.join(', ')].join('\n')}\n`;
}
