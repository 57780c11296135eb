import { execFile } from 'node:child_process';
import { arch, platform, release } from 'node:os';
import { versions } from 'node:process';
import { promisify } from 'node:util';
import { isErrno } from '../base/error.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { VERSION } from './version-number.ts';

export const command = defineCommand({
  usage: 'version',
  summary: 'Print the versions of lockstep and of what it runs on',
  options: { json: { type: 'boolean', help: 'print one JSON object' } },
  positionals: { min: 0, max: 0 },
  async run(context, options) {
    const facts = {
      lockstep: VERSION,
      node: versions.node,
      git: await gitVersion(context),
      platform: `${platform()} ${release()} ${arch()}`,
    };
    const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(9)} ${value ?? 'not found'}\n`);
    context.stdout.write(options.json ? `${JSON.stringify(facts, null, 2)}\n` : lines.join(''));
    return EXIT.ok;
  },
});

async function gitVersion(context: Context): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['--version'], { env: context.env, signal: context.signal });
    return stdout.trim().replace(/^git version /, '');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}
