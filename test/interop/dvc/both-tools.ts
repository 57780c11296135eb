import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { ProjectRig, type Result } from '../../support/rig.ts';
import { REAL_DVC } from './real-dvc.ts';

/** One process that runs any number of DVC's commands. */
class DvcServer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: Interface;

  constructor(python: string) {
    this.#child = spawn(python, [join(import.meta.dirname, 'dvc_server.py')], {
      env: { ...process.env, DVC_NO_ANALYTICS: '1', DVC_TEST: 'true' },
    });
    this.#child.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#child.stdout);
  }

  async run(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Result> {
    const answered = once(this.#lines, 'line');
    this.#child.stdin.write(`${JSON.stringify({ cwd, args, env })}\n`);
    const [line] = (await answered) as [string];
    return JSON.parse(line) as Result;
  }
}

interface OwnStage {
  readonly stage: string;
  readonly file: string;
  readonly decision: string;
  readonly reasons?: readonly { readonly reason: string }[];
}

let server: DvcServer | undefined;

/** A DVC project in which real DVC and lockstep can be let loose. */
export class DvcRig extends ProjectRig {
  /** Whatever real DVC gives for it; one that fails is a mistake of the test unless its code is looked at. */
  async tryDvc(...args: readonly string[]): Promise<Result> {
    if (REAL_DVC === undefined) throw new Error('there is no DVC to compare with');
    server ??= new DvcServer(REAL_DVC.python);
    const own = join(this.root, '..');
    const env = {
      HOME: own,
      DVC_SITE_CACHE_DIR: join(own, 'site'),
      DVC_GLOBAL_CONFIG_DIR: join(own, 'none'),
      DVC_SYSTEM_CONFIG_DIR: join(own, 'none'),
    };
    return await server.run(this.root, args, env);
  }

  async dvc(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tryDvc(...args);
    if (code !== 0) throw new Error(`dvc ${args.join(' ')} gave ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  /** The stages of which DVC says that something changed, with what it says. */
  async dvcStatus(): Promise<Readonly<Record<string, unknown>>> {
    return JSON.parse(await this.dvc('status', '--json')) as Readonly<Record<string, unknown>>;
  }

  /** Standard output of lockstep, which must succeed. */
  async own(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.lockstep(args);
    if (code !== 0) throw new Error(`lockstep ${args.join(' ')} gave ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  /** What lockstep would do with the stages that it would not keep, and why. */
  async ownStatus(): Promise<Readonly<Record<string, string>>> {
    const { stdout, stderr } = await this.lockstep(['status', '-P', '--json']);
    if (stdout === '') throw new Error(`lockstep status: ${stderr}`);
    const { stages } = JSON.parse(stdout) as { stages: readonly OwnStage[] };
    const changed = stages.filter(({ decision }) => decision !== 'keep');
    return Object.fromEntries(
      changed.map(({ stage, file, decision, reasons = [] }) => {
        const label = file === 'dvc.yaml' || file.endsWith('.dvc') ? stage : `${file}:${stage.replace(/^.*:/, '')}`;
        return [label, [decision, ...reasons.map(({ reason }) => reason)].join(' ')];
      }),
    );
  }

  /** The same project at another place, as it is now. */
  copy(name: string): DvcRig {
    const root = join(this.root, '..', name);
    cpSync(this.root, root, { recursive: true, verbatimSymlinks: true });
    return new DvcRig(root);
  }

  /** All files below a directory, by their paths; without it if there is none. */
  files(directory: string): readonly string[] {
    if (!existsSync(this.path(directory))) return [];
    const entries = readdirSync(this.path(directory), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    return files.map((file) => file.slice(this.path(directory).length + 1)).sort();
  }

  /** What a command of either tool leaves for others: lockfiles, `.dvc` files, ignore files, all of the cache. */
  results(): Readonly<Record<string, string>> {
    const kept = this.files('.').filter((path) => /(?:^|\/)(?:dvc\.lock|[^/]+\.dvc|\.gitignore)$/.test(path));
    const wanted = kept.filter((path) => !path.startsWith('.lockstep/') && !path.startsWith('.dvc/'));
    const files = wanted.map((path): [string, string] => {
      const text = this.read(path);
      return [path, path.endsWith('.gitignore') ? text.split('\n').sort().join('\n') : text];
    });
    const objects = this.files('.dvc/cache').map((path): [string, string] => {
      return [`.dvc/cache/${path}`, this.read(`.dvc/cache/${path}`)];
    });
    return Object.fromEntries([...files, ...objects]);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    const own = join(this.root, '..');
    execFileSync('chmod', ['-R', 'u+w', own]);
    execFileSync('rm', ['-rf', own]);
  }
}

/** A DVC project in git, made by `dvc init`; goes away at the end of the test's scope with all its copies. */
export async function dvcProject(files: Readonly<Record<string, string>>): Promise<DvcRig> {
  const own = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-test-')));
  const rig = new DvcRig(join(own, 'project'));
  mkdirSync(rig.root);
  rig.git('init', '-q', '-b', 'main');
  rig.git('config', 'user.email', 'rig@example.org');
  rig.git('config', 'user.name', 'Rig');
  await rig.dvc('init', '-q');
  for (const [path, text] of Object.entries(files)) rig.write(path, text);
  return rig;
}
