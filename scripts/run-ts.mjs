// Runs one TypeScript file of this repository: bundles it in memory's stead into node_modules/.cache and imports it.
import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const [entry, ...rest] = process.argv.slice(2);
const outfile = resolve('node_modules/.cache/lockstep', `${basename(entry, '.ts')}.mjs`);
mkdirSync(resolve('node_modules/.cache/lockstep'), { recursive: true });
await build({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
process.argv = [process.argv[0], outfile, ...rest];
await import(pathToFileURL(outfile).href);
