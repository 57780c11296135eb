import { LockstepError } from '../base/error.ts';
import { addAccessToken, listAccessTokens, revokeAccessToken, type Scope } from '../server/access-tokens.ts';
import { openTracking } from '../tracking/open-tracking.ts';
import type { TrackingDatabase } from '../tracking/tracking-database.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { BACKEND_OPTION, backendOf } from './server-backend.ts';

const SCOPES: readonly Scope[] = ['read', 'write', 'admin'];

export const command = defineCommand({
  usage: 'server token <add|list|revoke> [NAME]',
  summary: 'Make, list and revoke the access tokens of the server',
  details: `A token is shown once, when it is made: only a hash of it is kept. Clients send it as MLFLOW_TRACKING_TOKEN, or as
MLFLOW_TRACKING_PASSWORD with any user name. As soon as there is one, every request needs one.`,
  options: {
    scope: {
      type: 'string',
      value: 'SCOPE',
      choices: SCOPES,
      help: 'what the new token opens: read, write or admin (default: write)',
    },
    backend: BACKEND_OPTION,
    json: { type: 'boolean', help: '{"tokens": [{"name", "id", "scope", "created"}]}' },
  },
  positionals: { min: 1, max: 2 },
  examples: ['lockstep server token add laptop --scope write', 'lockstep server token revoke laptop'],
  run: async (context, given, [action = '', name]) => {
    const scope = SCOPES.find((known) => known === given.scope) ?? 'write';
    const work = workOf({ action, name, scope, json: given.json === true });
    const tracking = await openTracking(backendOf(context, given.backend));
    try {
      await work(context, tracking);
      return EXIT.ok;
    } finally {
      await tracking.close();
    }
  },
});

type Work = (context: Context, tracking: TrackingDatabase) => Promise<void>;

/** What is wrong with the words is found before anything is opened. */
function workOf(request: {
  readonly action: string;
  readonly name: string | undefined;
  readonly scope: Scope;
  readonly json: boolean;
}): Work {
  const { action, name, scope, json } = request;
  if (action === 'list' && name === undefined) return (context, tracking) => list(context, tracking, json);
  if (name !== undefined && action === 'add') return (context, tracking) => add(context, tracking, { name, scope });
  if (name !== undefined && action === 'revoke') return (_, tracking) => revoke(tracking, name);
  throw new LockstepError('usage', 'server token needs: add NAME, list or revoke NAME');
}

async function add(
  context: Context,
  tracking: TrackingDatabase,
  { name, scope }: { readonly name: string; readonly scope: Scope },
): Promise<void> {
  if (!/^[\w.@-]{1,100}$/.test(name)) {
    throw new LockstepError('usage', `'${name}' is no name for a token`, { hint: 'letters, digits and . _ @ - are' });
  }
  const token = await addAccessToken(tracking, { name, scope, now: context.now() });
  if (token === undefined) {
    throw new LockstepError('usage', `there is a token '${name}' already`, {
      hint: `lockstep server token revoke ${name}, or choose another name`,
    });
  }
  context.stdout.write(`${token}\n`);
  if (!context.quiet) context.stderr.write('this is shown only now; clients send it as MLFLOW_TRACKING_TOKEN\n');
}

async function list(context: Context, tracking: TrackingDatabase, json: boolean): Promise<void> {
  const tokens = (await listAccessTokens(tracking)).map((row) => ({
    name: row.name,
    id: row.token_id,
    scope: row.scope,
    created: new Date(row.creation_time).toISOString(),
  }));
  if (json) context.stdout.write(`${JSON.stringify({ tokens }, null, 2)}\n`);
  else if (tokens.length > 0) {
    for (const { name, id, scope, created } of tokens) context.stdout.write(`${name}  ${scope}  ${id}  ${created}\n`);
  } else if (!context.quiet) context.stderr.write('there are no tokens yet\n');
}

async function revoke(tracking: TrackingDatabase, name: string): Promise<void> {
  if (await revokeAccessToken(tracking, name)) return;
  throw new LockstepError('usage', `there is no token '${name}'`, { hint: 'lockstep server token list shows them' });
}
