// Bundles the program: dist/lockstep.mjs holds everything but what is loaded only on a terminal or compiled.
import { build } from 'esbuild';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
  logLevel: 'warning',
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  // CommonJS packages in an ES module bundle ask for a `require`.
  banner: { js: "import{createRequire as $cr}from'node:module';const require=$cr(import.meta.url);" },
  external: ['better-sqlite3', './live.mjs'],
};

await build({ ...common, entryPoints: ['src/main.ts'], outfile: 'dist/lockstep.mjs' });
