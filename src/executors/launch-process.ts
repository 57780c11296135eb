// A process of its own that starts the shells of stages: see launcher.ts. It is small, so that forking it costs little.
import { spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import type { LaunchReply, LaunchRequest } from './launcher.ts';

const { O_RDONLY, O_WRONLY } = constants;

let base: Record<string, string> = {};

process.on('message', (request: LaunchRequest) => {
  if (request.kind === 'environment') base = request.env;
  else launch(request);
});
// Nobody is left to tell: whoever starts next finds what still runs by its records.
process.on('disconnect', () => process.exit());
reply({ kind: 'ready' });

function launch({ id, shell, args, cwd, set, unset, owner, descriptors }: Extract<LaunchRequest, { kind: 'launch' }>) {
  const opened: number[] = [];
  try {
    const env = { ...base, ...set };
    for (const name of unset) delete env[name];
    for (const [index, descriptor] of descriptors.entries()) {
      opened.push(openSync(`/proc/${owner}/fd/${descriptor}`, index < 2 ? O_WRONLY : O_RDONLY));
    }
    const child = spawn(shell, args, { cwd, env, detached: true, stdio: ['ignore', ...opened] });
    child.on('error', (error) => fail(id, error));
    child.on('exit', (code, signal) => reply({ kind: 'exited', id, code, signal }));
    if (child.pid !== undefined) reply({ kind: 'started', id, pid: child.pid });
  } catch (error) {
    fail(id, error);
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}

function fail(id: number, error: unknown): void {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  reply({ kind: 'failed', id, code, message: error instanceof Error ? error.message : String(error) });
}

function reply(message: LaunchReply): void {
  process.send?.(message);
}
