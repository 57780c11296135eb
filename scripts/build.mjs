// Bundles the program into dist/: lockstep.mjs and parts/core are what `status` and a `repro` with nothing to do need,
// the other parts are loaded by what uses them. Node spends about a millisecond of CPU on every file it loads, and 80
// on one file with everything in it; that is why it is neither one file nor one per module.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const HOT = ['src/main.ts', 'src/cli/repro.ts', 'src/cli/status.ts'];

/** These files and all that they import by value and at once. */
function withImports(entries) {
  const found = new Set(entries.map((entry) => resolve(entry)));
  for (const file of found) {
    const text = readFileSync(file, 'utf8');
    for (const [, target] of text.matchAll(/^import (?!type )[^;]*?from '(\.[^']+)';/gm)) {
      const path = resolve(dirname(file), target);
      if (/\.tsx?$/.test(path) && existsSync(path)) found.add(path);
    }
  }
  return found;
}

const core = withImports(HOT);
const bundle = await rolldown({
  input: { lockstep: 'src/main.ts' },
  platform: 'node',
  resolve: { mainFields: ['module', 'main'] },
  // The first is compiled; the second is ink's debugger, which nobody has installed and nothing loads; the third finds
  // parts of it, some of them compiled, by where its own files are.
  external: ['better-sqlite3', 'react-devtools-core', 'ssh2-sftp-client'],
  transform: {
    define: {
      'process.env.NODE_ENV': '"production"',
      // AWS's library would tell everyone who runs Node 20 that it is old, on stderr.
      'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED': '"true"',
    },
    target: 'node20.19',
  },
  logLevel: 'silent',
});
const { output } = await bundle.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].mjs',
  chunkFileNames: 'parts/[name]-[hash].mjs',
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  codeSplitting: { groups: [{ name: 'core', test: (id) => core.has(id) }] },
});
await bundle.close();

// What the door asks before it loads anything else; CommonJS, as the door is.
const still = await rolldown({
  input: 'src/cli/still.ts',
  platform: 'node',
  transform: { target: 'node20.19' },
  logLevel: 'silent',
});
await still.write({ file: 'dist/still.cjs', format: 'cjs', minify: { mangle: false } });
await still.close();

// The store's second thread loads this, and nothing that it does not need.
const worker = await rolldown({
  input: 'src/store/worker.ts',
  platform: 'node',
  transform: { target: 'node20.19' },
  logLevel: 'silent',
});
await worker.write({ file: 'dist/store-worker.mjs', format: 'esm', minify: { mangle: false } });
await worker.close();

// What starts the shells of stages, once there are many; small, as it is there to be forked.
const launcher = await rolldown({
  input: 'src/executors/launch-process.ts',
  platform: 'node',
  transform: { target: 'node20.19' },
  logLevel: 'silent',
});
await launcher.write({ file: 'dist/launcher.cjs', format: 'cjs', minify: { mangle: false } });
await launcher.close();

// What programs that log into their stage's run import; small, as it is loaded into theirs, and without our other parts.
const client = await rolldown({
  input: 'src/client/run.ts',
  platform: 'node',
  transform: { target: 'node20.19' },
  logLevel: 'silent',
});
await client.write({ file: 'dist/client.mjs', format: 'esm', codeSplitting: false, minify: { mangle: false } });
await client.close();
const { dir: typescript } = parse(createRequire(import.meta.url).resolve('typescript/package.json'));
const flags = '--ignoreConfig --declaration --emitDeclarationOnly --strict --skipLibCheck --target es2023 --types node';
execFileSync(process.execPath, [
  ...[join(typescript, 'bin/tsc'), ...flags.split(' ')],
  ...['--module', 'esnext', '--moduleResolution', 'bundler', '--allowImportingTsExtensions'],
  ...['--rootDir', 'src', '--outDir', 'dist/types', 'src/client/run.ts'],
]);
renameSync('dist/types/client/run.d.ts', 'dist/client.d.mts');
rmSync('dist/types', { recursive: true });

// What draws plots in a page. It is read as text and runs in a browser only.
const { resolve: resolvePackage } = createRequire(import.meta.url);
const vega = {
  vega: resolvePackage('vega'),
  'vega-lite': resolvePackage('vega-lite'),
  'vega-embed': resolvePackage('vega-embed'),
};
const scripts = Object.entries(vega).map(([name, main]) =>
  readFileSync(resolve(dirname(main), `${name}.min.js`), 'utf8'),
);
writeFileSync('dist/vega.js', scripts.join('\n'));

// The parts of earlier builds have other names; they go only now, so that a running program keeps what it may load.
const current = new Set(output.map(({ fileName }) => basename(fileName)));
for (const name of readdirSync('dist/parts')) {
  if (!current.has(name)) rmSync(`dist/parts/${name}`, { force: true });
}

// npx remembers where it once found a checkout's command, and looks no further when that file has got another name
// since. What stands in node_modules/.bin it finds all the same.
mkdirSync('node_modules/.bin', { recursive: true });
rmSync('node_modules/.bin/lockstep', { force: true });
symlinkSync('../../bin/lockstep.cjs', 'node_modules/.bin/lockstep');
