import { spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { join, resolve } from 'node:path';

/** Linux's magic numbers of file systems (statfs(2)). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  16914836: 'tmpfs',
  2035054128: 'overlayfs',
  16914839: '9p',
};

function fileSystemOf(directory: string): string {
  const { type: magic } = statfsSync(directory);
  return FILE_SYSTEMS[magic] ?? `0x${magic.toString(16)}`;
}

/**
 * A directory on a disk: memory would make copies and durable writes look free, and reflinks would compare a metadata
 * operation with a copy. BENCH_DIRECTORY overrules.
 */
export function findDirectory(): string {
  const given = process.env.BENCH_DIRECTORY;
  const candidates = given === undefined ? [resolve('node_modules/.cache'), tmpdir()] : [given];
  for (const candidate of candidates) mkdirSync(candidate, { recursive: true });
  const best = candidates.find((path) => fileSystemOf(path) === 'ext4');
  const usable = best ?? candidates.find((path) => fileSystemOf(path) !== 'tmpfs') ?? candidates[0];
  return join(usable ?? tmpdir(), 'lockstep-bench');
}

const PEERS = ['git', 'make', 'openssl', 'cp'];
const OPTIONAL_PEERS = ['ninja', 'doit', 'snakemake', 'dvc'];

/** Facts without which the numbers mean nothing. */
export function machineFacts(directory: string): readonly (readonly [string, string])[] {
  return [
    ['Processor', `${availableParallelism()} × ${cpus()[0]?.model ?? arch()}`],
    ['Memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['System', `${type()} ${release()}, file system ${fileSystemOf(directory)}`],
    ['Load at the start', loadavg()[0]?.toFixed(2) ?? 'unknown'],
    ['Node', process.version],
    ['Peers', [...PEERS.map(versionOf), ...OPTIONAL_PEERS.filter(installed).map(versionOf)].join(' · ')],
    ['Date', new Date().toISOString().slice(0, 10)],
  ];
}

function versionOf(tool: string): string {
  const answer = spawnSync(tool, [tool === 'openssl' ? 'version' : '--version'], { encoding: 'utf8' });
  const line = answer.stdout?.split('\n')[0];
  if (line === undefined || line === '') return `${tool}: not installed`;
  return /^[\d.]+$/.test(line) ? `${tool} ${line}` : line;
}

export function installed(tool: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status === 0;
}
