import type { ProjectPath } from '../base/brand.ts';
import { joinPath } from '../base/project-path.ts';
import type { Asked } from '../remotes/asked.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject, type Project } from './project.ts';
import { askedData } from './remotes/asked-data.ts';
import { FETCHING, fetchData, fetchedJson, fetchedText } from './remotes/fetch-data.ts';
import { type RestoreReport, restoredText, restoreOut, type WantedOut } from './restore-outs.ts';

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
      for (const wanted of [...byRemote.values()].flat().flatMap((asked) => partsOf(project, asked))) {
        await restoreOut(project, wanted, report);
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

/** An out, or those files of it that were asked for. */
function partsOf(project: Project, { path, content, neededBy, only }: Asked): readonly WantedOut[] {
  const stage = neededBy ?? '';
  const whole = { path: path as ProjectPath, content, stage };
  const listing = only === undefined ? 'missing' : project.store().exchange().listing(content.digest);
  if (typeof listing === 'string') return [whole];
  return listing.flatMap((entry) => {
    if ((entry.kind !== 'file' && entry.kind !== 'exec') || only?.(entry.path) !== true) return [];
    const { digest, size } = entry;
    const file = { kind: 'file' as const, digest, size: size ?? 0, exec: entry.kind === 'exec' };
    return [{ path: joinPath(whole.path, entry.path), content: file, stage }];
  });
}
