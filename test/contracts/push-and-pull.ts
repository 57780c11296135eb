import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { project } from '../support/rig.ts';

/** A remote as a project names it. */
export interface PushedTo {
  readonly url: string;
  readonly options: Readonly<Record<string, string>>;
  /** With `s3cr3t` in each, so that it is seen where it must not be. */
  readonly secrets: Readonly<Record<string, string>>;
  /** An option with which it cannot work, and what is then said. */
  readonly broken: { readonly name: string; readonly value: string; readonly says: string };
}

const PROGRAM = join(import.meta.dirname, '../../bin/lockstep.cjs');

/**
 * What push and pull must do over every remote: all goes and comes back, with the built program, too, which has all
 * libraries in files of its own; and secrets show nowhere.
 */
export async function pushAndPull({ url, options, secrets, broken }: PushedTo): Promise<void> {
  await using p = await project({
    'pipeline.yaml':
      'stages:\n  one: {cmd: "cp in one; mkdir d; cp in d/a; echo b > d/b", deps: [in], outs: [one, d]}\n',
    in: 'data\n',
  });
  await p.lockstep(['repro']);
  await p.lockstep(['remote', 'add', '-d', 'store', url]);
  for (const [name, value] of Object.entries(options)) await p.lockstep(['remote', 'modify', 'store', name, value]);
  for (const [name, value] of Object.entries(secrets)) {
    expect((await p.lockstep(['remote', 'modify', 'store', name, value])).code).toBe(2);
    await p.lockstep(['remote', 'modify', '--local', 'store', name, value]);
  }
  expect(p.read('.lockstep/config.yaml')).not.toContain('s3cr3t');
  const pushed = await p.lockstep(['push', '--json']);
  expect(pushed.stderr).not.toContain('error');
  expect(JSON.parse(pushed.stdout)).toMatchObject({ sent: 3, runs: 1, problems: [] });
  expect(JSON.parse((await p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 0, there: 3 });
  const env = { ...process.env, HOME: p.root };
  const built = () => promisify(execFile)(process.execPath, [PROGRAM, 'pull', '--json'], { cwd: p.root, env });
  for (const pull of [() => p.lockstep(['pull', '--json']), built]) {
    for (const path of ['one', 'd', '.lockstep/cache']) rmSync(p.path(path), { recursive: true });
    expect(JSON.parse((await pull()).stdout)).toMatchObject({ fetched: 3, runs: 1 });
    expect(p.read('d/b')).toBe('b\n');
  }
  expect((await p.lockstep(['status', '--exit-code'])).code).toBe(0);
  await p.lockstep(['remote', 'modify', '--local', 'store', broken.name, broken.value]);
  const { code, stderr } = await p.lockstep(['push', '--force']);
  expect(code).toBe(1);
  expect(stderr).toContain(broken.says);
  expect(stderr).not.toContain('s3cr3t');
}
