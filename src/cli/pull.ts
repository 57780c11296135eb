import type { ProjectPath } from '../base/brand.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';
import { askedData } from './remotes/asked-data.ts';
import { FETCHING, fetchData, fetchedJson, fetchedText } from './remotes/fetch-data.ts';
import { partsOf, type RestoreReport, restoredText, restoreOut } from './restore-outs.ts';

export const command = defineCommand({
  usage: 'pull [targets…]',
  summary: 'Bring data from a remote into the cache and from there into the workspace',
  details:
    'As fetch and then checkout: what is there already is left alone, and a file that the cache cannot bring back is ' +
    'moved to the trash before another takes its place.',
  options: {
    ...FETCHING,
    force: { type: 'boolean', short: 'f', help: 'as without it: what is replaced is in the trash in any case' },
    'allow-missing': { type: 'boolean', help: 'exit with 0 also where something is not to be had' },
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  completes: 'stage',
  examples: ['git clone … && lockstep pull', 'lockstep pull train data/images'],
  run: async (context, given, targets) => {
    const project = await openProject(context);
    try {
      const loaded = await project.load();
      const fetched = await fetchData({ project, context }, { loaded, wish: given, targets });
      const report: RestoreReport = { restored: [], kept: [], missing: [], trash: {} };
      // Of revisions, data comes into the cache only.
      const { 'all-branches': _a, 'all-tags': _t, 'all-commits': _c, ...which } = given;
      const { byRemote } = await askedData(project, loaded, { targets, which, pushing: false });
      for (const { path, content, neededBy, only } of [...byRemote.values()].flat()) {
        const out = { path: path as ProjectPath, content, stage: neededBy ?? '' };
        for (const wanted of partsOf(project, out, only)) await restoreOut(project, wanted, report);
      }
      if (given.json === true) context.stdout.write(`${JSON.stringify({ ...fetchedJson(fetched), ...report })}\n`);
      else context.stderr.write(fetchedText(fetched) + restoredText({ ...report, missing: [] }));
      const isIncomplete = fetched.problems.length > 0 || report.missing.length > 0;
      return isIncomplete && given['allow-missing'] !== true ? EXIT.failed : EXIT.ok;
    } finally {
      await project.close();
    }
  },
});
