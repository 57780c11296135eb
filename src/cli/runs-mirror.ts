import { LockstepError } from '../base/error.ts';
import { acquireWaiting } from '../base/exclusive.ts';
import { serverAt } from '../client/tracking-api.ts';
import { defineCommand } from './command.ts';
import { EXIT } from './exit-code.ts';
import { openOutbox } from './mirror/outbox.ts';
import { sendOutbox } from './mirror/send-outbox.ts';
import { openProject } from './project.ts';
import { countText } from './quantity.ts';

export const command = defineCommand({
  usage: 'runs mirror',
  summary: 'Send recorded runs that are not there yet to the server that tracking.uri names',
  details: 'repro begins this by itself, beside it; called by hand it says what became of it.',
  options: {},
  positionals: { min: 0, max: 0 },
  examples: ['lockstep config tracking.uri https://mlflow.example.org', 'lockstep runs mirror'],
  run: async (context) => {
    const project = await openProject(context);
    try {
      const { uri, experiment = 'Default' } = project.config.tracking ?? {};
      if (uri === undefined) {
        throw new LockstepError('usage', 'no server is configured to send runs to', {
          hint: 'lockstep config tracking.uri https://mlflow.example.org names one',
        });
      }
      const outbox = openOutbox(project.root);
      const about = { pid: context.pid, command: 'runs mirror', startTime: context.now() };
      // One after the other: what two send at once would be there twice.
      const hold = await acquireWaiting(outbox.lockFile, about, { signal: context.signal, onWait: () => {} });
      try {
        const server = serverAt(uri, context.env);
        const tracking = await project.tracking();
        const { sent, refused } = await sendOutbox({ outbox, tracking, server, experiment });
        if (!context.quiet) context.stdout.write(`${countText(sent, 'run')} sent to ${server.uri}\n`);
        for (const one of refused) context.stderr.write(`${one}\n`);
        return refused.length > 0 ? EXIT.failed : EXIT.ok;
      } finally {
        hold.release();
      }
    } finally {
      await project.close();
    }
  },
});
