import { LockstepError } from '../base/error.ts';
import { parseDuration } from '../pipeline/duration.ts';
import { findGarbage, type GarbageWish, removeGarbage } from './cache/collect-garbage.ts';
import { garbageJson, garbageText } from './cache/render-garbage.ts';
import { defineCommand, type OptionValues } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openProject } from './project.ts';

const options = {
  workspace: { type: 'boolean', short: 'w', help: 'keep what the workspace needs, and nothing of revisions' },
  'all-branches': { type: 'boolean', short: 'a', help: 'keep also what the tips of all branches need' },
  'all-tags': { type: 'boolean', short: 'T', help: 'keep also what all tags need' },
  'all-commits': { type: 'boolean', short: 'A', help: 'keep also what all commits need' },
  rev: { type: 'string', multiple: true, value: 'REV', help: 'keep also what this revision needs; may be repeated' },
  'older-than': { type: 'string', value: 'AGE', help: 'keep what was made or touched since: 30d, 12h' },
  'keep-runs': { type: 'string', value: 'AGE', help: 'of runs older than that keep logs and patches, but no outs' },
  cloud: { type: 'boolean', short: 'c', help: 'clean the remote, too' },
  remote: { type: 'string', short: 'r', value: 'NAME', help: 'with --cloud, another remote than the default one' },
  jobs: { type: 'string', short: 'j', value: 'N', help: 'with --cloud, so many requests at the same time' },
  trash: { type: 'boolean', help: 'remove also the trash and what was set aside as corrupt' },
  'skip-missing': { type: 'boolean', help: 'go on where the cache lacks the listing of a directory that is needed' },
  'forget-absent': { type: 'boolean', help: 'leave out workspaces on this cache that cannot be seen from here' },
  dry: { type: 'boolean', help: 'remove nothing, tell what would go' },
  force: { type: 'boolean', short: 'f', help: 'do not ask' },
  json: {
    type: 'boolean',
    help: '{"dry", "removed": {KIND: {"count", "bytes"}}, "bytes", "kept", "workspaces": [path…], "remote": {…} or null}',
  },
} as const;

type Given = OptionValues<typeof options>;

export const command = defineCommand({
  usage: 'gc',
  summary: 'Remove from the cache what nobody needs any more',
  details:
    'What the workspace, the named revisions, recorded runs and registered models need is kept, also of other ' +
    'workspaces on the same cache. Waits for commands that use the cache at the moment. docs/cache.md has the rules.',
  options,
  positionals: { min: 0, max: 0 },
  examples: ['lockstep gc -w --dry', 'lockstep gc -a -T --older-than 30d', 'lockstep gc -A --cloud --force'],
  run: async (context, given) => {
    const wish = wishOf(context, given);
    const ask = given.force === true || given.dry === true ? undefined : asking(context);
    const show = given.json === true ? garbageJson : garbageText;
    const output = given.json === true ? context.stdout : context.stderr;
    const project = await openProject(context);
    try {
      if (given.dry === true) {
        output.write(show(await findGarbage({ project, context }, wish)));
        return EXIT.ok;
      }
      if (ask !== undefined) {
        context.stderr.write(garbageText(await findGarbage({ project, context }, wish)));
        if (!/^y(es)?$/i.test((await ask('Remove this? [y/N] ')).trim())) return EXIT.failed;
      }
      output.write(show(await removeGarbage({ project, context }, wish)));
      return EXIT.ok;
    } finally {
      await project.close();
    }
  },
});

function asking({ ask }: Context): NonNullable<Context['ask']> {
  if (ask !== undefined) return ask;
  throw new LockstepError('usage', 'gc asks before it removes anything, and there is no terminal to ask on', {
    hint: '--dry tells what would go, --force removes it without asking',
  });
}

function wishOf(context: Context, given: Given): GarbageWish {
  const { rev = [], ...which } = given;
  const scopes = [which.workspace, which['all-branches'], which['all-tags'], which['all-commits']];
  if (!scopes.includes(true) && rev.length === 0) {
    throw new LockstepError('usage', 'gc has to be told what is to be kept', {
      hint: '-w: only what the workspace needs; -a, -T, -A: also all branches, tags, commits; --rev REV',
    });
  }
  if (given.cloud === true && given['older-than'] !== undefined) {
    throw new LockstepError('usage', '--older-than and --cloud exclude each other: remotes do not tell ages');
  }
  if (given.cloud !== true && (given.remote ?? given.jobs) !== undefined) {
    throw new LockstepError('usage', '--remote and --jobs are of use only with --cloud');
  }
  const now = context.now();
  return {
    revisions: { ...which, rev },
    before: now - ageOf('--older-than', given['older-than'], Number.NEGATIVE_INFINITY),
    outsSince: now - ageOf('--keep-runs', given['keep-runs'], Number.POSITIVE_INFINITY),
    forgetsAbsent: given['forget-absent'] === true,
    skipsMissing: given['skip-missing'] === true,
    trash: given.trash === true,
    remote: given.cloud === true ? { name: given.remote, jobs: given.jobs } : undefined,
  };
}

/** Milliseconds. */
function ageOf(option: string, written: string | undefined, otherwise: number): number {
  const age = written === undefined ? otherwise : parseDuration(written);
  if (age !== undefined) return age;
  throw new LockstepError('usage', `${option} takes an age like 30d or 12h, not '${written}'`);
}
