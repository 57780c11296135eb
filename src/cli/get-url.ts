import { lstatSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LockstepError } from '../base/error.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { fetchAddress, splitAddress } from './fetch-address.ts';
import { openProject } from './project.ts';
import { jobsOf } from './remotes/open-line.ts';
import { remotesOf } from './remotes/remote-config.ts';

export const command = defineCommand({
  usage: 'get-url <address> [path]',
  summary: 'Download a file or directory from an address, and track nothing',
  details:
    'The address is a path, or one of those that remotes have: https:, s3:, ssh: and others. Credentials come from where ' +
    'such a remote has them. In a project, remote://NAME/PATH is a place on a configured remote, with what is set for it. ' +
    'A directory is fetched where the place can list what it has.',
  options: {
    force: { type: 'boolean', short: 'f', help: 'replace what is there' },
    jobs: { type: 'string', short: 'j', value: 'N', help: 'so many files at the same time' },
  },
  positionals: { min: 1, max: 2 },
  completes: 'path',
  examples: [
    'lockstep get-url https://example.org/penguins.csv',
    'lockstep get-url s3://bucket/images data/images',
    'lockstep get-url remote://store/notes.txt',
  ],
  run: async (context, given, [address = '', path]) => {
    const { url, options } = await addressed(context, address);
    const target = destination(context, path, splitAddress(url).name);
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined && given.force !== true) {
      throw new LockstepError('usage', `${target} is there already`, { hint: 'to replace it, add --force' });
    }
    await fetchAddress(context, {
      ...{ url, options, target },
      free: async () => rmSync(target, { recursive: true, force: true }),
      ...(given.jobs !== undefined && { jobs: jobsOf(given.jobs) }),
    });
    return EXIT.ok;
  },
});

/** What `remote://NAME/PATH` stands for has the options of that remote. */
async function addressed(context: Context, address: string) {
  const [, name, path] = /^remote:\/\/([^/]+)\/(.+)$/.exec(address) ?? [];
  if (name === undefined) return { url: absolute(context, address), options: {} };
  const project = await openProject(context);
  try {
    const { url, options } = remotesOf(project).named(name);
    return { url: `${url.replace(/\/+$/, '')}/${path}`, options };
  } finally {
    await project.close();
  }
}

function absolute({ cwd }: Context, address: string): string {
  if (/^file:/i.test(address)) return fileURLToPath(address);
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : resolve(cwd, address);
}

function destination({ cwd }: Context, path: string | undefined, name: string): string {
  const target = resolve(cwd, path ?? name);
  const isDirectory = path !== undefined && statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  return isDirectory ? join(target, name) : target;
}
