import { randomBytes } from 'node:crypto';
import { wantsColors } from './cli/colors.ts';
import type { Context, Output } from './cli/context.ts';
import { EXIT } from './cli/exit-code.ts';
import { runCli } from './cli/run.ts';

const argv = process.argv.slice(2);
const { stdout, stderr, stdin } = process;

for (const stream of [stdout, stderr]) stream.on('error', onWriteError);

// The first signal asks everything to come to an end: stages are stopped, their runs recorded. Whoever repeats it a
// third time wants out at once; what is then left running is found by the next start.
const controller = new AbortController();
let signals = 0;
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    controller.abort();
    signals += 1;
    if (signals > 2) process.exit(EXIT.interrupted);
  });
}

const context: Context = {
  cwd: process.cwd(),
  // Copied once: every look into the real one costs a hundred times as much.
  env: { ...process.env },
  stdout: outputOf(stdout),
  stderr: outputOf(stderr),
  ask: stdin.isTTY ? ask : undefined,
  input: readInput,
  background: startAnother,
  signal: controller.signal,
  now: Date.now,
  randomId: () => randomBytes(16).toString('hex'),
  pid: process.pid,
  quiet: false,
  verbose: false,
};

process.on('uncaughtException', (error) => {
  // What is thrown outside the command's own chain of promises: the process can no longer be trusted.
  import('./cli/render-bug.ts').then(
    ({ renderBug }) => {
      stderr.write(renderBug(error, argv));
      process.exit(EXIT.bug);
    },
    () => process.exit(EXIT.bug),
  );
});

// Only the code is set and the process left to end by itself, so that a pipe takes all that was written. Not awaited:
// parts that are loaded meanwhile may share a file with this module, and would wait for it to end.
void runCli(argv, context).then((code) => {
  process.exitCode = code;
});

async function readInput(): Promise<string> {
  stdin.setEncoding('utf8');
  let text = '';
  for await (const part of stdin) text += part;
  return text;
}

function startAnother(args: readonly string[]): void {
  const { argv: mine, execPath } = process;
  void import('node:child_process').then(({ spawn }) => {
    const child = spawn(execPath, [mine[1] ?? '', ...args], { detached: true, stdio: 'ignore' });
    // Nobody waits for it, and the next one makes up for it.
    child.on('error', () => {});
    child.unref();
  });
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
    colors: wantsColors(process.env, stream.isTTY === true),
    ...(stream.isTTY ? { terminal: stream } : {}),
  };
}

async function ask(question: string): Promise<string> {
  const { readAnswer } = await import('./cli/read-answer.ts');
  return await readAnswer(question, { input: stdin, output: stderr, controller });
}

/** A reader that went away (`lockstep runs list | head`) is no mistake of anyone. */
function onWriteError(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  process.exit(EXIT.failed);
}
