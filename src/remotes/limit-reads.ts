import type { Remote } from './remote.ts';

/** The same remote, of which at most so many objects are read at a time, whoever asks for them. */
export function limitReads(remote: Remote, jobs: number): Remote {
  let free = jobs;
  const waiting: (() => void)[] = [];
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    ...remote,
    read: async (key) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((admit) => waiting.push(admit));
      try {
        const stream = await remote.read(key);
        stream.once('close', release);
        return stream;
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}
