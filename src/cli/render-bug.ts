import { arch, platform, release } from 'node:os';
import { versions } from 'node:process';
import { VERSION } from './version-number.ts';

/** Something that should never be thrown, with all that a report needs. */
export function renderBug(error: unknown, argv: readonly string[]): string {
  const stack = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
  const causes = error instanceof Error && error.cause instanceof Error ? [`caused by ${error.cause.stack}`] : [];
  return [
    'error: this is a bug in lockstep, not in your pipeline',
    '',
    stack,
    ...causes,
    '',
    'hint: please report it with the text above and these lines:',
    `  lockstep ${VERSION}, node ${versions.node}, ${platform()} ${release()} ${arch()}`,
    `  command: lockstep ${argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')}`,
    '',
  ].join('\n');
}
