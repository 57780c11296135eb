import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geteuid } from 'node:process';

/** A file system of its own that can be filled up and made read-only; gone at the end of its scope. */
export class SmallDisk implements Disposable {
  readonly path: string;

  constructor(path: string, size: string) {
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'lockstep-test', path], { stdio: 'pipe' });
    this.path = path;
  }

  change(option: string): void {
    execFileSync('mount', ['-o', `remount,${option}`, this.path], { stdio: 'pipe' });
  }

  [Symbol.dispose](): void {
    this.remove();
  }

  remove(): void {
    // Lazily: a process that a failed test left behind must not keep it.
    execFileSync('umount', ['-l', this.path], { stdio: 'pipe' });
  }
}

export const isRoot = geteuid?.() === 0;

/** Why no small disk can be had here; undefined where one can. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux') return 'no tmpfs on this system';
  const path = mkdtempSync(join(tmpdir(), 'lockstep-mount-'));
  try {
    new SmallDisk(path, '64k').remove();
    return undefined;
  } catch {
    return isRoot ? 'mounting a tmpfs is not allowed here' : 'only root may mount a tmpfs';
  } finally {
    rmdirSync(path);
  }
}
