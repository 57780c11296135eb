import type { Digest } from '../../base/brand.ts';
import { LockstepError } from '../../base/error.ts';
import { type Asked, addFiles, Items } from '../../remotes/asked.ts';
import { type Fetched, fetchObjects } from '../../remotes/fetch.ts';
import { limitReads } from '../../remotes/limit-reads.ts';
import type { Item, Line } from '../../remotes/line.ts';
import { whatIsThere } from '../../remotes/send.ts';
import type { OnEvent } from '../../repro/event.ts';
import { type Loaded, labelOf } from '../../repro/loaded.ts';
import type { Supply, Wanted } from '../../repro/supply.ts';
import type { Context } from '../context.ts';
import type { Project } from '../project.ts';
import { bytesText, countText } from '../quantity.ts';
import { openLine } from './open-line.ts';
import { type ConfiguredRemotes, remotesOf } from './remote-config.ts';
import { recallRecords } from './run-records.ts';
import { problemText } from './transfer-report.ts';

export interface OpenSupply extends Supply {
  /** Says how much came. */
  tell(): void;
  close(): Promise<void>;
}

interface Supplying {
  readonly project: Project;
  readonly context: Context;
  readonly loaded: Loaded;
  readonly emit: OnEvent;
}

/** Of content of this size it is said that it is on its way: it may take a while. */
const LARGE = 50_000_000;
/** So many objects in a row that could not be read are no accident: the remote is left alone from then on. */
const MOST_IN_VAIN = 3;

/** The configured remotes, from which `repro` takes what is not here. Throws `usage` where none is configured. */
export function openSupply(supplying: Supplying): OpenSupply {
  const { project, loaded, emit } = supplying;
  const places = openPlaces(supplying);
  const offered = new Map<Digest, boolean>();
  const coming = new Map<Digest, Promise<void>>();
  const recalled = new Map<Digest, Promise<void>>();
  const told = new Set<Digest>();
  const came = { objects: 0, bytes: 0 };

  function take(place: Place, { objects, bytes, problems }: Fetched): void {
    came.objects += objects;
    came.bytes += bytes;
    for (const problem of problems) {
      if (told.has(problem.item.digest)) continue;
      told.add(problem.item.digest);
      emit({ event: 'notice', level: 'warning', message: problemText(problem, place.line.remote.url) });
    }
    const isInVain = objects === 0 && problems.some(({ kind }) => kind === 'failed');
    place.inVain = isInVain ? place.inVain + 1 : 0;
    if (place.inVain === MOST_IN_VAIN) places.giveUp(place, 'nothing can be read from it any more');
  }

  async function bringOne(wanted: Wanted, signal: AbortSignal): Promise<void> {
    await places.at(wanted.remote, async (place) => {
      const { content, path } = wanted;
      if (content.size >= LARGE) {
        emit({ event: 'notice', level: 'info', message: `fetching ${path} (${bytesText(content.size)})` });
      }
      take(place, await fetchObjects({ ...place.line, signal }, [askedOf(loaded, wanted)]));
    });
  }

  return {
    offers: async (wanted) => {
      const open = wanted.filter(({ content }) => !offered.has(content.digest));
      for (const name of new Set(open.map(({ remote }) => remote))) {
        const some = open.filter(({ remote }) => remote === name);
        for (const { content } of some) offered.set(content.digest, false);
        await places.at(name, async ({ line }) => {
          const asked = some.map((one) => askedOf(loaded, one));
          for (const digest of await wholeThere(line, asked)) offered.set(digest, true);
        });
      }
      return new Set(wanted.map(({ content }) => content.digest).filter((digest) => offered.get(digest) === true));
    },
    bring: async (wanted, signal) => {
      await Promise.all(
        wanted.map((one) => {
          const { digest } = one.content;
          const bringing =
            coming.get(digest) ??
            bringOne(one, signal)
              .catch((error: unknown) => {
                if (!signal.aborted) throw error;
              })
              .finally(() => coming.delete(digest));
          coming.set(digest, bringing);
          return bringing;
        }),
      );
    },
    recall: (question) => {
      const known =
        recalled.get(question.fingerprint) ??
        places.at(undefined, ({ line }) => recallRecords(project, line, question));
      recalled.set(question.fingerprint, known);
      return known;
    },
    close: places.close,
    tell: () => {
      if (came.objects === 0) return;
      const message = `${countText(came.objects, 'object')} (${bytesText(came.bytes)}) fetched`;
      emit({ event: 'notice', level: 'info', message });
    },
  };
}

function askedOf(loaded: Loaded, { content, path, stage }: Wanted): Asked {
  return { content, path, neededBy: labelOf(loaded, stage) };
}

/** Those of which nothing is missing both here and there, as far as their listings are here to tell. */
async function wholeThere(line: Line, asked: readonly Asked[]): Promise<readonly Digest[]> {
  const items = new Items();
  const needs = new Map<Digest, Item[]>();
  for (const one of asked) {
    const { digest, kind, size } = one.content;
    const own = items.add({ digest, kind, size: kind === 'file' ? size : null }, one, one.path);
    const listing = kind === 'tree' ? line.objects.listing(digest) : 'missing';
    needs.set(digest, [own, ...(typeof listing === 'string' ? [] : addFiles(items, one, listing))]);
  }
  const lacking: Item[] = [];
  for (const item of items.all()) if ((await line.objects.verify(item)) !== 'intact') lacking.push(item);
  const there = await whatIsThere(line, lacking);
  const nowhere = new Set(lacking.filter((item) => !there.has(item)));
  return [...needs].filter(([, all]) => all.every((item) => !nowhere.has(item))).map(([digest]) => digest);
}

interface Place {
  readonly line: Line;
  readonly name: string | undefined;
  /** Contents in a row of which nothing could be read. */
  inVain: number;
  isGivenUp: boolean;
}

/** The remotes that are asked, each opened when it first is; what stops one of them is a warning. */
function openPlaces({ project, context, emit }: Supplying) {
  const remotes = remotesOf(project);
  checkConfigured(remotes);
  const open = new Map<string | undefined, Promise<Place | undefined>>();

  function warn(message: string): void {
    emit({ event: 'notice', level: 'warning', message: `${message}; going on without it` });
  }

  async function openPlace(name: string | undefined): Promise<Place | undefined> {
    try {
      const line = await openLine({ project, context }, { remotes, name, jobs: undefined });
      const progress = { expect: () => {}, moved: () => {}, finished: () => {} };
      const remote = limitReads(line.remote, line.jobs);
      return { line: { ...line, remote, progress }, name, inVain: 0, isGivenUp: false };
    } catch (error) {
      if (!isStoppage(error)) throw error;
      warn(error.message);
      return undefined;
    }
  }

  function giveUp(place: Place, why: string): void {
    if (!place.isGivenUp)
      warn(why.includes(place.line.remote.url) ? why : `the remote ${place.line.remote.url}: ${why}`);
    place.isGivenUp = true;
  }

  return {
    giveUp,
    at: async (name: string | undefined, work: (place: Place) => Promise<void>): Promise<void> => {
      const opening = open.get(name) ?? openPlace(name);
      open.set(name, opening);
      const place = await opening;
      if (place === undefined || place.isGivenUp) return;
      try {
        await work(place);
      } catch (error) {
        if (!isStoppage(error)) throw error;
        giveUp(place, error.message);
      }
    },
    close: async () => {
      for (const opening of open.values()) await (await opening)?.line.remote.close();
    },
  };
}

function isStoppage(error: unknown): error is LockstepError {
  return error instanceof LockstepError && error.code === 'remote';
}

function checkConfigured({ names, standard }: ConfiguredRemotes): void {
  if (standard !== undefined) return;
  const hint =
    names.length === 0 ? 'lockstep remote add -d NAME ADDRESS makes one' : 'lockstep remote default NAME chooses one';
  throw new LockstepError('usage', 'there is no remote to pull from: none is configured to be the default', { hint });
}
