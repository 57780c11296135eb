import { LockstepError } from '../../base/error.ts';
import type { Asked } from '../../remotes/asked.ts';
import { areThere } from '../../remotes/compare.ts';
import { fetchObjects } from '../../remotes/fetch.ts';
import { type Line, type Problem, type Progress, stoppage } from '../../remotes/line.ts';
import { fetchRecord, fetchRecords } from '../../remotes/records.ts';
import { RemoteError } from '../../remotes/remote.ts';
import type { OnEvent } from '../../repro/event.ts';
import type { Supply, Wanted } from '../../repro/supply.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import { bytesText, countText } from '../quantity.ts';
import { openLine } from './open-line.ts';
import { remotesOf } from './remote-config.ts';
import { runFilesOf } from './run-records.ts';
import { problemText } from './transfer-report.ts';

export interface OpenSupply extends Supply {
  close(): Promise<void>;
}

export interface SupplyWish {
  /** Undefined: the default one. */
  readonly remote: string | undefined;
  /** Nothing is brought but records of the run cache, without which a plan would not be true. */
  readonly dry: boolean;
  readonly emit: OnEvent;
}

/** So many stages are supplied at the same time, each with as many objects at once as `remote.jobs` allows. */
const STAGES = 4;

/** Bytes from which it is said beforehand, too: it may take a while. */
const LARGE = 10_000_000;

/** What is under way shows on the lines of the stages. */
const SILENT: Progress = { expect: () => {}, moved: () => {}, finished: () => {} };

/**
 * Remotes, for an engine that asks stage by stage. One that cannot be used is warned of once and asked no more: its
 * stages run.
 */
export function openSupply(
  { project, context }: { readonly project: Project; readonly context: Context },
  { remote, dry, emit }: SupplyWish,
): OpenSupply {
  const remotes = remotesOf(project);
  const lines = new Map<string | undefined, Promise<Line>>();
  const useless = new Set<string | undefined>();
  const told = new Set<string>();
  const turns = createTurns(STAGES);

  /** Opens a line once, and gives up the remote at the first stoppage. */
  async function ask<Answer>(
    own: string | undefined,
    work: (line: Line) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const name = own ?? remote;
    await turns.take();
    try {
      if (useless.has(name) || context.signal.aborted) return undefined;
      const known = lines.get(name) ?? openLine({ project, context }, { remotes, name, jobs: undefined }, SILENT);
      lines.set(name, known);
      return await work(await known);
    } catch (error) {
      if (!(error instanceof LockstepError) || !['remote', 'interrupted'].includes(error.code)) throw error;
      if (error.code === 'remote' && !useless.has(name)) {
        emit({ event: 'notice', level: 'warning', message: `${error.message}; stages run without it` });
      }
      useless.add(name);
      return undefined;
    } finally {
      turns.give();
    }
  }

  /** Each object once, however many stages want it. */
  function tell(problem: Problem, url: string): void {
    const { digest } = problem.item;
    if (problem.kind === 'failed' || told.has(digest)) return;
    told.add(digest);
    emit({ event: 'notice', level: 'warning', message: problemText(problem, url) });
  }

  async function bring(line: Line, asked: readonly Asked[]): Promise<boolean> {
    const where = [...new Set(asked.map(({ neededBy }) => neededBy))].join(', ');
    const size = asked.reduce((sum, { content }) => sum + content.size, 0);
    if (size >= LARGE) {
      const message = `${where}: fetching up to ${bytesText(size)} from ${line.remote.url}`;
      emit({ event: 'notice', level: 'info', message });
    }
    const { objects, bytes, problems } = await fetchObjects(line, asked);
    if (objects > 0) {
      const what = `${countText(objects, 'object')} (${bytesText(bytes)})`;
      emit({ event: 'notice', level: 'info', message: `${where}: ${what} fetched from ${line.remote.url}` });
    }
    for (const problem of problems) tell(problem, line.remote.url);
    const [failed] = problems.filter(({ kind }) => kind === 'failed');
    // It was tried for long enough: the other stages need not try as well.
    if (failed !== undefined) throw stoppage(line.remote, new RemoteError('transient', failed.message ?? 'it failed'));
    return problems.length === 0;
  }

  return {
    async recall(key) {
      const runs = runFilesOf(project);
      await ask(undefined, async (line) => {
        if (key.endsWith('/')) await fetchRecords(line, runs, key);
        else await fetchRecord(line, runs, key);
      });
    },
    async provide(wanted) {
      for (const [own, some] of byRemote(wanted)) {
        const asked = some.map(({ content, path, stage }) => ({ content, path, neededBy: stage }));
        const isThere = await ask(own, (line) => (dry ? areThere(line, asked) : bring(line, asked)));
        if (isThere !== true) return false;
      }
      return true;
    },
    async close() {
      for (const line of lines.values()) await line.then(({ remote: open }) => open.close()).catch(() => undefined);
    },
  };
}

function byRemote(wanted: readonly Wanted[]): ReadonlyMap<string | undefined, readonly Wanted[]> {
  const names = new Set(wanted.map(({ remote }) => remote));
  return new Map([...names].map((name) => [name, wanted.filter(({ remote }) => remote === name)]));
}

/** Lets so many go on at the same time. */
function createTurns(most: number) {
  const waiting: (() => void)[] = [];
  let free = most;
  return {
    async take(): Promise<void> {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    give(): void {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
