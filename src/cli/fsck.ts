import { join } from 'node:path';
import { checkDatabase } from '../tracking/check-database.ts';
import { adviceFor } from './cache/advice.ts';
import { collectRoots } from './cache/collect-roots.ts';
import { examine } from './cache/examine.ts';
import { type Checkup, checkupJson, checkupText } from './cache/render-checkup.ts';
import { repair } from './cache/repair.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';

export const command = defineCommand({
  usage: 'fsck',
  summary: 'Read every object of the cache, and tell what is corrupt, missing or not needed',
  details:
    'A corrupt object is set aside, so that nothing hands it out. For each that is corrupt or missing the paths and ' +
    'stages that need it are named, and what to do. Exits 1 while something is wrong.',
  options: {
    repair: { type: 'boolean', help: 'bring objects back, from the workspace or from a remote' },
    remote: { type: 'string', short: 'r', value: 'NAME', help: 'with --repair, another remote than the default one' },
    jobs: { type: 'string', short: 'j', value: 'N', help: 'with --repair, so many objects at the same time' },
    'all-branches': { type: 'boolean', short: 'a', help: 'also what the tips of all branches need' },
    'all-tags': { type: 'boolean', short: 'T', help: 'also what all tags need' },
    'all-commits': { type: 'boolean', short: 'A', help: 'also what all commits need' },
    json: {
      type: 'boolean',
      help: '{"checked", "problems": [{"problem", "digest", "paths", "neededBy", "repaired", "advice"}], "lost", "unneeded", …}',
    },
  },
  positionals: { min: 0, max: 0 },
  examples: ['lockstep fsck', 'lockstep fsck --repair -r backup'],
  run: async (context, given) => {
    const project = await openProject(context);
    try {
      await project.store().enter();
      const database = checkDatabase(join(project.root, '.lockstep', 'lockstep.db'));
      const { roots } = await collectRoots(project, context, {
        revisions: given,
        outsSince: Number.NEGATIVE_INFINITY,
        forgetsAbsent: true,
        withoutRuns: database !== null,
      });
      const found = await examine(project, context, roots);
      const isRepairing = given.repair === true;
      const { faults, sources: repaired } = isRepairing
        ? await repair({ project, context }, { ...found, roots }, { remote: given.remote, jobs: given.jobs })
        : { faults: found.faults, sources: new Map() };
      if (isRepairing) for (const { of, key } of found.damagedRecords) of.files.remove(key);
      const advice = await adviceFor(project, faults, { repaired, isRepairing, remote: given.remote });
      const checkup: Checkup = { examined: { ...found, faults }, repaired, advice, isRepairing, database };
      context.stdout.write(given.json === true ? checkupJson(checkup) : checkupText(checkup));
      return isWell(checkup) ? EXIT.ok : EXIT.failed;
    } finally {
      await project.close();
    }
  },
});

/** A corrupt object that nobody needs is no harm once it was set aside, but somebody has to hear of it. */
function isWell({ examined: { faults, damagedRecords }, repaired, isRepairing, database }: Checkup): boolean {
  const left = faults.filter((fault) => !repaired.has(fault) && (fault.needs.length > 0 || !isRepairing));
  return left.length === 0 && (isRepairing || damagedRecords.length === 0) && database === null;
}
