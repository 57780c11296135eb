// Runs one TypeScript file of this repository: bundles it in memory's stead into node_modules/.cache and imports it.
import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const [entry, ...rest] = process.argv.slice(2);
const outfile = resolve('node_modules/.cache/lockstep', `${basename(entry, '.ts')}.mjs`);
mkdirSync(resolve('node_modules/.cache/lockstep'), { recursive: true });
const bundle = await rolldown({ input: entry, platform: 'node', external: /^[^./]/, logLevel: 'silent' });
await bundle.write({ file: outfile, format: 'esm' });
process.argv = [process.argv[0], outfile, ...rest];
await import(pathToFileURL(outfile).href);
