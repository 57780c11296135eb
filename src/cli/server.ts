import { LockstepError } from '../base/error.ts';
import type { GuardOptions } from '../server/guard.ts';
import { serve } from '../server/serve.ts';
import { makeServerLog } from '../server/server-log.ts';
import { openTracking } from '../tracking/open-tracking.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { ARTIFACTS_OPTION, type OpenArtifacts, openArtifacts } from './server-artifacts.ts';
import { BACKEND_OPTION, backendOf } from './server-backend.ts';

export const command = defineCommand({
  usage: 'server',
  summary: 'Serve runs, artifacts and models to MLflow clients',
  details: `Speaks MLflow's REST API: point clients at it with MLFLOW_TRACKING_URI=http://127.0.0.1:5000. What they log is in
'lockstep runs list', too. As soon as there is an access token every request needs one (MLFLOW_TRACKING_TOKEN), and an
address that other machines can reach is not served without. Each error is a line of JSON on stderr; with --verbose each
request is.`,
  options: {
    host: { type: 'string', value: 'HOST', help: 'the address to listen on (default: 127.0.0.1)' },
    port: { type: 'string', value: 'PORT', help: 'the port to listen on, 0 for any that is free (default: 5000)' },
    backend: BACKEND_OPTION,
    artifacts: ARTIFACTS_OPTION,
    'allowed-hosts': {
      type: 'string',
      multiple: true,
      value: 'NAME',
      help: 'other names to be called by: ml.example.org, *.example.org',
    },
    insecure: { type: 'boolean', help: 'serve everyone who can reach the address, without a token' },
  },
  positionals: { min: 0, max: 0 },
  examples: [
    'lockstep server',
    'lockstep server --backend postgres://ml@db/lockstep --artifacts s3://models/artifacts',
  ],
  run: async (context, given) => {
    const port = portOf(given.port ?? '5000');
    const backend = backendOf(context, given.backend);
    const door: Omit<GuardOptions, 'tokens'> = {
      host: given.host ?? '127.0.0.1',
      allowedHosts: (given['allowed-hosts'] ?? []).flatMap((names) => names.split(',')).map((name) => name.trim()),
      insecure: given.insecure === true,
    };
    const artifacts = await openArtifacts(context, given.artifacts);
    try {
      await serveUntilStopped(context, { door, port, backend, artifacts });
      return EXIT.ok;
    } finally {
      await artifacts.close();
    }
  },
});

interface Serving {
  readonly door: Omit<GuardOptions, 'tokens'>;
  readonly port: number;
  readonly backend: string;
  readonly artifacts: OpenArtifacts;
}

async function serveUntilStopped(context: Context, { door, port, backend, artifacts }: Serving): Promise<void> {
  const tracking = await openTracking(backend);
  try {
    const server = await serve({
      ...door,
      services: { tracking, artifactRoot: 'mlflow-artifacts:', now: context.now },
      port,
      artifactDirectory: artifacts.directory,
      artifactContents: artifacts.contents,
      log: makeServerLog({ write: (line) => context.stderr.write(line), now: context.now, verbose: context.verbose }),
    });
    if (!context.quiet) context.stdout.write(`lockstep serves ${server.address}\n`);
    await aborted(context.signal);
    await server.stop();
  } finally {
    await tracking.close();
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new LockstepError('usage', `--port needs a number below 65536, not '${text}'`);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
