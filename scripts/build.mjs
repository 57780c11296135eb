// Bundles the program into dist/: lockstep.mjs is what every command needs, parts/ what only some of them load.
// One file for all would be simpler, but node parses it whole and loads its external imports at every start: with the
// libraries in it that took 80 ms of CPU, against 15 ms in parts, where an empty program takes 100.
import { readdirSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { build } from 'esbuild';

const { metafile } = await build({
  entryPoints: { lockstep: 'src/main.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  metafile: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"' },
  // ES modules where a package has both forms: only these can be left out piece by piece.
  mainFields: ['module', 'main'],
  // CommonJS packages in an ES module bundle ask for a `require`.
  banner: { js: "import{createRequire as $cr}from'node:module';const require=$cr(import.meta.url);" },
  // The first is compiled; the second is ink's debugger, which nobody has installed and nothing loads.
  external: ['better-sqlite3', 'react-devtools-core'],
});

// The parts of earlier builds have other names; they go only now, so that a running program keeps what it may load.
const current = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
for (const name of readdirSync('dist/parts')) {
  if (!current.has(name)) rmSync(`dist/parts/${name}`, { force: true });
}
