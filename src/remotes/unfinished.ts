import { randomBytes } from 'node:crypto';

/** Directory below a remote's root in which objects are written before they have their names. */
export const UNFINISHED = 'tmp';
const PREFIX = 'lockstep-';
/** Milliseconds after which an unfinished object is taken for what a killed process left. */
const ABANDONED = 24 * 3600 * 1000;

/** Key of an object that is being written. */
export function unfinishedKey(): string {
  return `${UNFINISHED}/${PREFIX}${randomBytes(9).toString('base64url')}`;
}

/** Whether a file among the unfinished, last changed at that time, was left there. */
export function isAbandoned(name: string, changed: number): boolean {
  return name.startsWith(PREFIX) && Date.now() - changed > ABANDONED;
}

/** What is told of a directory that is not there, and how it is made. */
export interface Directory {
  readonly isMissing: (error: unknown) => boolean;
  readonly make: () => Promise<void>;
}

/** Makes a directory where it is missing; another process may take it away again, as long as nothing is in it. */
export async function inDirectory<Result>(
  { isMissing, make }: Directory,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isMissing(error) || tried === 5) throw error;
    }
    await make();
  }
}
