import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Digest, ProjectPath } from '../../src/base/brand.ts';
import { type Algorithm, algorithmOf, digestOf, hexOf } from '../../src/base/hash.ts';
import { openStore, type StoreOptions } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';

/** The suites run over each of them. */
export const SCHEMES = ['native', 'dvc'] as const;

/** A workspace with a cache, gone at the end of the test's scope. */
export class StoreRig implements AsyncDisposable {
  readonly root: string;
  readonly algorithm: Algorithm;
  readonly cacheDir: string;
  /** Where bytes are that are no data of the project. */
  readonly ownCacheDir: string;
  readonly #changes: Partial<StoreOptions>;

  constructor(changes: Partial<StoreOptions> = {}) {
    this.root = changes.root ?? realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-store-')));
    this.algorithm = changes.scheme === 'dvc' ? 'md5' : 'sha256';
    this.ownCacheDir = join(this.root, '.lockstep/cache');
    this.cacheDir = changes.cacheDir ?? (this.algorithm === 'md5' ? join(this.root, '.dvc/cache') : this.ownCacheDir);
    this.#changes = changes;
  }

  /** A store as a new process would open it. */
  open(changes: Partial<StoreOptions> = {}): Store {
    return openStore({
      root: this.root,
      cacheDir: this.cacheDir,
      tmpDir: join(this.root, '.lockstep/tmp'),
      trashDir: join(this.root, '.lockstep/trash'),
      linkTypes: ['reflink', 'copy'],
      now: Date.now,
      ...this.#changes,
      ...changes,
    });
  }

  path(relative: string): string {
    return join(this.root, relative);
  }

  write(relative: string, data: string | Uint8Array): void {
    mkdirSync(dirname(this.path(relative)), { recursive: true });
    writeFileSync(this.path(relative), data);
  }

  /** Gives a file an age at which its stat can vouch for it, by letting the clock of its file system move on. */
  settle(): void {
    const probe = join(this.root, '.lockstep-probe');
    writeFileSync(probe, '');
    const began = statSync(probe, { bigint: true }).ctimeNs;
    do writeFileSync(probe, '');
    while (statSync(probe, { bigint: true }).ctimeNs < began + 30_000_000n);
    rmSync(probe);
  }

  /** What the digest of a saved file with these bytes is. */
  digestOf(data: string | Uint8Array): Digest {
    return digestOf(data, this.algorithm);
  }

  objectPath(digest: Digest, suffix = ''): string {
    const hex = hexOf(digest);
    const ofDvc = algorithmOf(digest) === 'md5';
    const cacheDir = ofDvc || this.algorithm === 'sha256' ? this.cacheDir : this.ownCacheDir;
    return join(cacheDir, ofDvc ? 'files/md5' : 'sha256', hex.slice(0, 2), hex.slice(2) + suffix);
  }

  get corruptDir(): string {
    return join(this.algorithm === 'md5' ? this.ownCacheDir : this.cacheDir, 'corrupt');
  }

  /** What is known of objects. */
  get objectIndex(): string {
    return this.algorithm === 'md5'
      ? this.path('.lockstep/tmp/index/objects-md5.idx')
      : join(this.cacheDir, 'objects.idx');
  }

  /** What is known of single files. */
  get statIndex(): string {
    return this.path(`.lockstep/tmp/index/${this.algorithm === 'md5' ? 'files-md5' : 'files'}.idx`);
  }

  /** Objects that are written and have no name, wherever they may be. */
  unfinished(): string[] {
    const places = [join(this.cacheDir, 'tmp'), this.path('.lockstep/tmp/saving'), join(this.cacheDir, 'files/md5')];
    return places
      .filter((directory) => existsSync(directory))
      .flatMap((directory) => readdirSync(directory))
      .filter((name) => !/^[0-9a-f]{2}$/.test(name));
  }

  /** Changes an object's bytes as a failing disk would: same size, times and mode. */
  corrupt(path: string): void {
    const before = statSync(path);
    const bytes = readFileSync(path);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    chmodSync(path, 0o644);
    writeFileSync(path, bytes);
    chmodSync(path, before.mode);
    utimesSync(path, before.atime, before.mtime);
  }

  /** Every path below the cache that is a file, relative to it. */
  cached(): string[] {
    return readdirSync(this.cacheDir, { recursive: true, encoding: 'utf8' })
      .filter((path) => lstatSync(join(this.cacheDir, path)).isFile())
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    execFileSync('chmod', ['-R', 'u+w', this.root]);
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function at(path: string): ProjectPath {
  return path as ProjectPath;
}

/** All that a listing keeps of a path: bytes, executable bits, links and empty directories. */
export function snapshot(path: string): unknown {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return { link: readlinkSync(path) };
  if (stat.isDirectory()) {
    return Object.fromEntries(
      readdirSync(path)
        .sort()
        .map((name) => [name, snapshot(join(path, name))]),
    );
  }
  return { bytes: readFileSync(path).toString('base64'), exec: (stat.mode & 0o100) !== 0 };
}
