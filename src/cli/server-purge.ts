import { LockstepError } from '../base/error.ts';
import { parseDuration } from '../pipeline/duration.ts';
import { openArtifactStore } from '../server/artifact-store.ts';
import { isPinnedArtifact } from '../server/pinned-artifacts.ts';
import { purge } from '../server/purge.ts';
import { listDeleted, type Purged } from '../tracking/logged/purge.ts';
import { openTracking } from '../tracking/open-tracking.ts';
import { RequestError } from '../tracking/request-error.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { countText } from './quantity.ts';
import { ARTIFACTS_OPTION, openArtifacts } from './server-artifacts.ts';
import { BACKEND_OPTION, backendOf } from './server-backend.ts';

interface Kept extends Purged {
  readonly why: string;
}

export const command = defineCommand({
  usage: 'server purge',
  summary: 'Remove deleted runs, logged models and experiments for good, with their artifacts',
  details: `What clients delete can be restored until this removes it. What a version of a registered model came from stays, and is
named: delete the version first. A server may be running meanwhile.`,
  options: {
    'older-than': { type: 'string', value: 'TIME', help: 'only what was deleted that long ago: 30d, 12h' },
    dry: { type: 'boolean', help: 'only say what there is to remove' },
    backend: BACKEND_OPTION,
    artifacts: ARTIFACTS_OPTION,
    json: { type: 'boolean', help: '{"removed": [{"kind", "id"}], "kept": [{"kind", "id", "why"}]}' },
  },
  positionals: { min: 0, max: 0 },
  examples: ['lockstep server purge --dry', 'lockstep server purge --older-than 30d'],
  run: async (context, given) => {
    const before = context.now() - ageOf(given['older-than']);
    const { directory, contents, close } = await openArtifacts(context, given.artifacts);
    const tracking = await openTracking(backendOf(context, given.backend));
    try {
      const now = context.now;
      const artifacts = openArtifactStore({ directory, contents, tracking, now, isPinned: isPinnedArtifact });
      const removed: Purged[] = [];
      const kept: Kept[] = [];
      for (const what of await listDeleted(tracking, before)) {
        try {
          if (given.dry !== true) await purge({ tracking, artifactRoot: 'mlflow-artifacts:' }, artifacts, what);
          removed.push(what);
        } catch (error) {
          if (!(error instanceof RequestError)) throw error;
          kept.push({ ...what, why: error.message });
        }
      }
      if (given.json === true) context.stdout.write(`${JSON.stringify({ removed, kept })}\n`);
      else {
        for (const { kind, id } of removed) context.stdout.write(`${kind} ${id}\n`);
        for (const { why } of kept) context.stderr.write(`${why}\n`);
        const word = given.dry === true ? 'to remove' : 'removed';
        if (!context.quiet)
          context.stderr.write(`${countText(removed.length, 'thing')} ${word}, ${kept.length} kept\n`);
      }
      return EXIT.ok;
    } finally {
      await tracking.close();
      await close();
    }
  },
});

function ageOf(text: string | undefined): number {
  const age = text === undefined ? 0 : parseDuration(text);
  if (age !== undefined) return age;
  throw new LockstepError('usage', `--older-than needs a time such as 30d or 12h, not '${text}'`);
}
