#!/usr/bin/env node
// The door: answers --version at once, and refuses a Node that is too old before anything newer is parsed.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: lockstep needs Node 20.19 or newer, this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else if (process.argv.length === 3 && process.argv[2] === '--version') {
  process.stdout.write(`${require('../package.json').version}\n`);
} else {
  // A command lives too short to earn its optimized code back: without this, compiling it takes a third of the CPU of a
  // `repro` with nothing to do. What is really hot still gets there.
  require('node:v8').setFlagsFromString('--interrupt-budget=1000000');
  require('node:module').enableCompileCache?.();
  await import('../dist/lockstep.mjs');
}
