// Makes the terminal pictures of the README: each shows what the commands printed just now, in a fresh clone of the last
// commit, on a terminal that tmux plays. Needs tmux. Run ids and durations differ from time to time.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { terminalSvg } from './terminal-svg.ts';

const images = resolve('docs/images');
const work = mkdtempSync(join(tmpdir(), 'lockstep-pictures-'));
const project = join(work, 'lockstep/examples/penguins');
const socket = join(work, 'terminal');
let shells = 0;

/** A screen that is worth a picture: what it must show, as plain text. */
type Moment = (screen: string) => boolean;

function tmux(...args: string[]): string {
  return execFileSync('tmux', ['-u', '-S', socket, '-f', '/dev/null', ...args], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(work, 'bin')}:${process.env.PATH}`, LC_ALL: 'C.UTF-8', NO_COLOR: '' },
  });
}

function capture(shell: string): string[] {
  return tmux('capture-pane', '-p', '-e', '-S', '-', '-t', shell).trimEnd().split('\n');
}

/** The prompt, the command, and what it showed: at its end, or at the moment asked for. */
async function run(command: string, { columns = 108, at }: { columns?: number; at?: Moment } = {}): Promise<string[]> {
  shells += 1;
  const shell = `shell${shells}`;
  const script = `${command}; tmux wait-for -S ${shell}; exec cat`;
  tmux('new-session', '-d', '-s', shell, '-x', `${columns}`, '-y', '50', '-c', project, 'sh', '-c', script);
  const lines = at === undefined ? undefined : await screenAt(shell, at);
  tmux('wait-for', shell);
  const shown = lines ?? capture(shell);
  const prompt = `\u001b[32m$\u001b[0m \u001b[1m${command}\u001b[0m`;
  return shown.length === 1 && shown[0] === '' ? [prompt] : [prompt, ...shown];
}

async function screenAt(shell: string, moment: Moment): Promise<string[]> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const lines = capture(shell);
    if (moment(plain(lines))) return lines;
    await setTimeout(50);
  }
  throw new Error(`the moment for a picture never came; the screen shows\n${plain(capture(shell))}`);
}

function plain(lines: readonly string[]): string {
  return stripVTControlCharacters(lines.join('\n'));
}

function write(name: string, title: string, blocks: readonly (readonly string[])[]): void {
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  writeFileSync(join(images, `${name}.svg`), terminalSvg(lines, title));
  process.stdout.write(`docs/images/${name}.svg  ${title}\n`);
}

function edit(name: string, was: string, now: string): void {
  const path = join(project, name);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(was)) throw new Error(`${name} no longer says '${was}'`);
  writeFileSync(path, text.replace(was, now));
}

function prepare(): void {
  mkdirSync(images, { recursive: true });
  mkdirSync(join(work, 'bin'));
  const program = join(work, 'bin/lockstep');
  writeFileSync(program, `#!/bin/sh\nexec node '${resolve('bin/lockstep.cjs')}' "$@"\n`);
  chmodSync(program, 0o755);
  const clone = join(work, 'lockstep');
  execFileSync('git', ['clone', '--quiet', resolve('.'), clone]);
  execFileSync('git', ['-C', clone, 'remote', 'remove', 'origin']);
  symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
  writeFileSync(join(clone, '.git/info/exclude'), 'node_modules\n');
}

async function takePictures(): Promise<void> {
  write('repro', 'A first repro on a fresh clone reproduces every stage; a second one has nothing to do', [
    await run('lockstep repro'),
    await run('lockstep repro'),
  ]);

  const sed = await run("sed -i 's/trees: 40/trees: 20/' params.yaml");
  write('change', 'One param is changed: status and repro name the reasons', [
    [...sed, ...(await run('lockstep status'))],
    await run('lockstep repro'),
  ]);
  write('diff', 'lockstep diff: the cause, what it led to, and the metrics', [await run('lockstep diff')]);
  write('runs', 'The recorded runs of a stage, and all that is known of one of them', [
    await run('lockstep runs list --stage evaluate'),
    await run('lockstep runs show latest:evaluate'),
  ]);

  edit('params.yaml', 'seed: 42', 'seed: 43');
  write('dag', 'lockstep dag --status: which stages would run', [await run('lockstep dag --status')]);

  // Long enough to be seen, and known from one run before, so that the bars have a measure.
  edit('params.yaml', 'repeats: 5', 'repeats: 30');
  edit('params.yaml', 'repeats: 10', 'repeats: 3000');
  await run('lockstep repro');
  const middle: Moment = (screen) => /learning_curve .*━{10}/.test(screen) && /importance .*━{8}/.test(screen);
  write('live', 'The live view of lockstep repro', [await run('lockstep repro --force', { at: middle })]);
}

prepare();
try {
  await takePictures();
} finally {
  tmux('kill-server');
  rmSync(work, { recursive: true });
}
