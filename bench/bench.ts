// Measures what lockstep costs against other programs that do the same work, in turn with them on the same machine:
//   npm run bench             every case, and the table into bench/RESULTS.md
//   npm run bench -- startup  only the cases whose name holds one of the words
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Case } from './case.ts';
import { dataCases } from './data.ts';
import { dataS3Cases } from './data-s3.ts';
import { dvcCases } from './dvc.ts';
import { largeDirectoryCases } from './large-directory.ts';
import { largeFileCases } from './large-file.ts';
import { findDirectory, installed, machineFacts } from './machine.ts';
import { manyStagesCases } from './many-stages.ts';
import { otherToolsCases } from './other-tools.ts';
import { parallelCases } from './parallel.ts';
import { type Measured, reportText, rowLine, totals } from './report.ts';
import { startupCases } from './startup.ts';
import { trackingCases } from './tracking.ts';
import { trackingScaleCases } from './tracking-scale.ts';

const CASES: readonly Case[] = [
  ...startupCases,
  ...manyStagesCases,
  ...parallelCases,
  ...largeFileCases,
  ...largeDirectoryCases,
  ...otherToolsCases,
  ...dvcCases,
  ...dataCases,
  ...dataS3Cases,
  ...trackingCases,
  ...trackingScaleCases,
];

const PROGRAM = resolve('bin/lockstep.cjs');

async function main(words: readonly string[]): Promise<void> {
  if (!existsSync(resolve('dist/lockstep.mjs'))) throw new Error('dist/ is missing: npm run build makes it');
  for (const tool of ['bash', 'git']) if (!installed(tool)) throw new Error(`${tool} is needed and not installed`);
  const chosen = CASES.filter(({ name, isOnlyByName }) =>
    isOnlyByName === true ? words.includes(name) : words.length === 0 || words.some((word) => name.includes(word)),
  );
  if (chosen.length === 0)
    throw new Error(`no case is named so; there are ${CASES.map(({ name }) => name).join(', ')}`);
  const directory = join(findDirectory(), `run-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  const facts = machineFacts(directory);
  for (const [name, value] of facts) print(`${name}: ${value}`);
  const all: Measured[] = [];
  for (const one of chosen) all.push(await measureCase(one, directory));
  print(`\n${totals(all)}`);
  // Not before: see newDirectories. Half a million files take a while; what an interrupted run left goes with them.
  rmSync(dirname(directory), { recursive: true, force: true });
  if (words.length > 0) return;
  writeFileSync('bench/RESULTS.md', reportText(all, facts));
  print('written to bench/RESULTS.md');
}

async function measureCase(measured: Case, directory: string): Promise<Measured> {
  print(`\n${measured.name}`);
  const place = {
    directory: join(directory, measured.name),
    lockstep: [process.execPath, PROGRAM],
    node: process.execPath,
  };
  mkdirSync(place.directory);
  const rows = await measured.measure(place);
  for (const row of rows) print(rowLine(row));
  return { measured, rows };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await main(process.argv.slice(2));
