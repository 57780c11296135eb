import { lstatSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LockstepError } from '../base/error.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { placeWhole } from './place-whole.ts';
import { openProject } from './project.ts';
import { type Address, fetchAddress, nameOf } from './remotes/fetch-address.ts';
import { jobsOf } from './remotes/open-line.ts';
import { remotesOf } from './remotes/remote-config.ts';

export const command = defineCommand({
  usage: 'get-url <address> [path]',
  summary: 'Download a file or directory from an address, without tracking it',
  details:
    'The address is one that a remote may have: a path, https://, s3:// and so on, or remote://NAME/PATH for a place on a ' +
    'configured remote, with what is set for it. It comes whole or not at all. A directory can be had where the place ' +
    'lists what it has, which HTTP does not.',
  options: {
    force: { type: 'boolean', short: 'f', help: 'replace what is there' },
    jobs: { type: 'string', short: 'j', value: 'N', help: 'so many files at the same time' },
  },
  positionals: { min: 1, max: 2 },
  completes: 'path',
  examples: [
    'lockstep get-url https://example.org/penguins.csv',
    'lockstep get-url s3://bucket/images data/images -j 16',
    'lockstep get-url remote://store/extra/notes.txt',
  ],
  run: async (context, given, [written = '', path]) => {
    const address = await addressOf(context, written);
    const target = destination(context, path, nameOf(address.url));
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined && given.force !== true) {
      throw new LockstepError('usage', `${target} is there already`, { hint: 'to replace it, add --force' });
    }
    const jobs = jobsOf(given.jobs ?? address.options.jobs);
    await placeWhole(target, {
      fill: (making) => fetchAddress(address, { context, jobs, target: making }),
      free: async () => rmSync(target, { recursive: true, force: true }),
    });
    return EXIT.ok;
  },
});

async function addressOf(context: Context, url: string): Promise<Address> {
  const [, name, path] = /^remote:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  if (name === undefined) {
    const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(url);
    return { url: isUrl ? url : resolve(context.cwd, url), options: {} };
  }
  const project = await openProject(context);
  try {
    const remote = remotesOf(project).named(name);
    return { url: `${remote.url.replace(/\/+$/, '')}/${path}`, options: remote.options };
  } finally {
    await project.close();
  }
}

function destination({ cwd }: Context, path: string | undefined, name: string): string {
  const target = resolve(cwd, path ?? name);
  const isDirectory = path !== undefined && statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
  return isDirectory ? join(target, name) : target;
}
