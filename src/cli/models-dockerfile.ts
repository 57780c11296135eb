import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LockstepError } from '../base/error.ts';
import { defineCommand } from './command.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { describe } from './models/describe.ts';
import { imageOf } from './models/image.ts';
import { downloadFiles, keptFiles } from './models/model-files.ts';
import { type Registry, withRegistry } from './models/registry.ts';
import type { DescribedVersion } from './models/render-version.ts';
import { resolveVersion, versionWords } from './models/version-reference.ts';

export const command = defineCommand({
  usage: 'models dockerfile NAME [version]',
  summary: 'Write a Dockerfile, pinned requirements and the model',
  details: `The directory holds all that docker build needs: no server, no cache and no project. The interpreter and the packages are
those that the model was logged with, or those of the run that made it; a model in MLflow's format is served on port 8080.`,
  options: {
    out: { type: 'string', short: 'o', value: 'DIR', help: 'where to put it (default: NAME-VERSION-image)' },
    base: { type: 'string', value: 'IMAGE', help: 'the image to begin from, in place of the one on record' },
  },
  positionals: { min: 1, max: 2 },
  examples: ['lockstep models dockerfile churn@production -o image && docker build image'],
  run: async (context, given, [first = '', second]) =>
    await withRegistry(context, async (registry) => {
      const described = await describe(registry, await resolveVersion(registry.tracking, versionWords(first, second)));
      const { name, version } = described.version;
      const target = resolve(context.cwd, given.out ?? `${name}-${version}-image`);
      await writeImage(context, registry, { described, target, base: given.base });
      if (!context.quiet) context.stderr.write(`${name} version ${version} is at ${target}: docker build ${target}\n`);
      return EXIT.ok;
    }),
});

interface Wanted {
  readonly described: DescribedVersion;
  /** Absolute, and free. */
  readonly target: string;
  readonly base: string | undefined;
}

/** There as a whole or not at all. */
async function writeImage(context: Context, registry: Registry, { described, target, base }: Wanted): Promise<void> {
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
    throw new LockstepError('usage', `${target} is there already`, { hint: 'name another place with -o' });
  }
  mkdirSync(dirname(target), { recursive: true });
  const making = mkdtempSync(join(dirname(target), '.lockstep-image-'));
  try {
    const model = join(making, 'image', 'model');
    await downloadFiles(registry, context, { files: keptFiles(described), target: model });
    const image = imageOf({
      described,
      requirements: textOf(join(model, 'requirements.txt')),
      pythonEnv: textOf(join(model, 'python_env.yaml')),
      isMlflow: existsSync(join(model, 'MLmodel')),
      base,
    });
    if (image === undefined) {
      throw new LockstepError('usage', 'no record says which interpreter the model needs', {
        hint: 'name an image to begin from: --base python:3.12-slim',
      });
    }
    writeFileSync(join(making, 'image', 'Dockerfile'), image.dockerfile);
    if (image.requirements !== undefined) {
      writeFileSync(join(making, 'image', 'requirements.txt'), image.requirements);
    }
    renameSync(join(making, 'image'), target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
