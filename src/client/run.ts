import { spawnSync } from 'node:child_process';
import { makeLogger } from './logger.ts';
import { targetOf } from './tracking-api.ts';

/** What a param may be; lists and maps are kept as JSON. */
export type ParamValue =
  | string
  | number
  | boolean
  | null
  | readonly ParamValue[]
  | { readonly [key: string]: ParamValue };

/**
 * The run of the stage that this program is executed by. Nothing waits: what is logged is sent in batches, and at the
 * latest when the program ends. Outside of a stage nothing is done, and that is said once.
 */
export interface StageRun {
  param(key: string, value: ParamValue): void;
  /** Without a step: 0. */
  metric(key: string, value: number, options?: { readonly step?: number }): void;
  tag(key: string, value: string): void;
  /** A file, or a directory with all in it; it is read later. `to` is a directory among the run's artifacts. */
  artifact(path: string, to?: string): void;
  /** Resolves when all that was logged has been sent. Never rejects: what could not be sent is said on stderr. */
  flush(): Promise<void>;
}

const logger = makeLogger({
  target: targetOf(process.env),
  now: Date.now,
  warn: (message) => void process.stderr.write(`${message}\n`),
});

export const run: StageRun = {
  param: (key, value) => logger.param({ key, value: typeof value === 'string' ? value : JSON.stringify(value) }),
  metric: (key, value, { step = 0 } = {}) => logger.metric({ key, value, step }),
  tag: (key, value) => logger.tag({ key, value }),
  artifact: (path, to) => logger.artifact(path, to),
  flush: () => logger.flush(),
};

process.on('beforeExit', () => {
  void logger.flush();
});

/** Reads requests from stdin and sends them. */
const SENDER = `let text = '';
for await (const part of process.stdin) text += part;
for (const { url, ...request } of JSON.parse(text)) await fetch(url, request);`;

// After process.exit() and after an error that nobody caught nothing of this program goes on: another one sends the rest.
process.on('exit', () => {
  const requests = logger.takeRequests();
  if (requests.length === 0) return;
  spawnSync(process.execPath, ['--input-type=module', '-e', SENDER], {
    input: JSON.stringify(requests),
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: 10_000,
  });
});
