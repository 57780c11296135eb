import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { execPath, pid as owner } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Exit } from './executor.ts';

export type LaunchRequest =
  | { readonly kind: 'environment'; readonly env: Record<string, string> }
  | {
      readonly kind: 'launch';
      readonly id: number;
      readonly shell: string;
      readonly args: readonly string[];
      readonly cwd: string;
      /** What differs from the environment that was sent first. */
      readonly set: Readonly<Record<string, string>>;
      readonly unset: readonly string[];
      /** The process whose descriptors these are: what is to be the child's descriptors 1, 2 and 3. */
      readonly owner: number;
      readonly descriptors: readonly number[];
    };

export type LaunchReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  | { readonly kind: 'failed'; readonly id: number; readonly code: string | undefined; readonly message: string }
  | {
      readonly kind: 'exited';
      readonly id: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    };

export interface Launch {
  readonly shell: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Of this process: what is to be the child's descriptors 1, 2 and 3. */
  readonly descriptors: readonly number[];
}

export interface Launched {
  readonly pid: number;
  readonly exit: Promise<Exit>;
}

/**
 * Starts processes by way of a second one. A fork copies the page tables of the whole program, three milliseconds in
 * which nothing else happens here; that of a small process takes one, and beside us.
 */
export interface Launcher {
  /** Rejects as `spawn` does. */
  launch(launch: Launch): Promise<Launched>;
}

export interface LauncherOptions {
  /** Its program. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The program beside the bundle; undefined where lockstep does not run from its bundle, or has no `/proc`. */
export function findLaunchProgram(): string | undefined {
  if (!existsSync('/proc/self/fd')) return undefined;
  return ['./launcher.cjs', '../launcher.cjs']
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(path));
}

/** Undefined when it cannot be started, or ends before it is of any use. */
export function openLauncher({ file, env }: LauncherOptions): Promise<Launcher | undefined> {
  return new Promise((resolve) => {
    const child = spawn(execPath, [file], {
      env: withoutNodesOptions(env),
      // Ctrl-C is for us and for the stages.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
    child.once('message', () => {
      release(child);
      resolve(connect(child, env));
    });
  });
}

/** They are the user's wishes for the stages, and cost time at the start. */
function withoutNodesOptions(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('NODE_')));
}

interface Waiting {
  readonly started: (pid: number) => void;
  readonly failed: (error: unknown) => void;
  readonly ended: (exit: Exit) => void;
}

function connect(child: ChildProcess, env: Readonly<Record<string, string>>): Launcher {
  const waiting = new Map<number, Waiting>();
  let count = 0;
  let gone = false;
  send(child, { kind: 'environment', env: { ...env } });
  child.on('message', (reply: LaunchReply) => {
    if (reply.kind === 'ready') return;
    const one = waiting.get(reply.id);
    if (reply.kind === 'started') return one?.started(reply.pid);
    waiting.delete(reply.id);
    if (waiting.size === 0) release(child);
    if (reply.kind === 'failed') one?.failed(Object.assign(new Error(reply.message), { code: reply.code }));
    else one?.ended(exitOf(reply.code, reply.signal));
  });
  child.on('exit', () => {
    gone = true;
    const message = 'the process that starts stages has ended';
    for (const { failed, ended } of waiting.values()) {
      failed(new Error(message));
      ended({ kind: 'not-started', message });
    }
    waiting.clear();
  });
  return {
    launch: ({ env: wanted, ...launch }) =>
      new Promise((resolve, reject) => {
        if (gone) throw new Error('the process that starts stages has ended');
        const id = count++;
        let ended: (exit: Exit) => void = () => {};
        const exit = new Promise<Exit>((settle) => {
          ended = settle;
        });
        waiting.set(id, { started: (pid) => resolve({ pid, exit }), failed: reject, ended });
        hold(child);
        send(child, { kind: 'launch', id, ...launch, ...difference(env, wanted), owner });
      }),
  };
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  return signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal };
}

function difference(base: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>) {
  const set = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => base[name] !== value));
  const unset = Object.keys(base).filter((name) => !Object.hasOwn(wanted, name));
  return { set, unset };
}

function send(child: ChildProcess, request: LaunchRequest): void {
  child.send(request, () => {
    // A channel that broke is told by the end of the process.
  });
}

/** An idle one does not keep the program alive. */
function release(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

function hold(child: ChildProcess): void {
  child.channel?.ref();
}
