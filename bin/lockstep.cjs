#!/usr/bin/env node
// The door: refuses a Node that is too old before anything newer is parsed, and answers at once what can be answered
// without loading the program. It is CommonJS because node takes a quarter longer to start for a module.
'use strict';
const { fstatSync, writeSync } = require('node:fs');

const argv = process.argv.slice(2);
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`error: lockstep needs Node 20.19 or newer, this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else if (argv.length === 1 && argv[0] === '--version') {
  say(1, `${require('../package.json').version}\n`);
} else if (!answer()) {
  // A command lives too short to earn its optimized code back: without this, compiling it takes a third of the CPU of a
  // `repro` with nothing to do. What is really hot still gets there.
  require('node:v8').setFlagsFromString('--interrupt-budget=1000000');
  require('node:module').enableCompileCache?.();
  void import('../dist/lockstep.mjs');
}

function answer() {
  const { answerAtOnce } = require('../dist/still.cjs');
  const given = answerAtOnce(argv, { cwd: process.cwd(), env: process.env, stdoutIsTerminal: isDevice(1) });
  if (given === undefined) return false;
  if (given.stdout !== '') say(1, given.stdout);
  if (given.stderr !== '') say(2, given.stderr);
  return true;
}

/** A terminal, or the null device, to which colours do no harm. Node's own way to ask loads its network code. */
function isDevice(fd) {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Loads no streams, unless the reader is slow. */
function say(fd, text) {
  try {
    writeSync(fd, text);
  } catch (error) {
    if (error.code === 'EPIPE' || error.code === 'EBADF') return;
    (fd === 1 ? process.stdout : process.stderr).write(text);
  }
}
