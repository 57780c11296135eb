import { compareWithRemote, type Standing } from '../remotes/compare.ts';
import type { Loaded } from '../repro/loaded.ts';
import type { Context } from './context.ts';
import type { Project } from './project.ts';
import { askedData, type WhichData } from './remotes/asked-data.ts';
import { remotesAsked } from './remotes/fetch-data.ts';
import { overRemote } from './remotes/open-line.ts';
import { remotesOf } from './remotes/remote-config.ts';

interface CloudQuestion {
  readonly loaded: Loaded;
  readonly targets: readonly string[];
  readonly which: WhichData;
  readonly remote: string | undefined;
  readonly jobs: string | undefined;
  readonly json: boolean;
}

/** Writes how the cache and the remote differ; resolves to whether they do. */
export async function cloudStatus(project: Project, context: Context, question: CloudQuestion): Promise<boolean> {
  const { loaded, targets, which } = question;
  const asked = await askedData(project, loaded, { targets, which, pushing: false });
  const remotes = remotesOf(project);
  const standings = new Map<string, Standing>();
  for (const own of remotesAsked(asked)) {
    const wish = { remotes, name: own ?? question.remote, jobs: question.jobs, verb: 'comparing' };
    const found = await overRemote({ project, context }, wish, (line) =>
      compareWithRemote(line, asked.byRemote.get(own) ?? []),
    );
    for (const [path, standing] of found) standings.set(path, standing);
  }
  const rows = [...standings].sort(([a], [b]) => (a < b ? -1 : 1));
  if (question.json) context.stdout.write(`${JSON.stringify(Object.fromEntries(rows))}\n`);
  else if (rows.length === 0) context.stdout.write('The cache and the remote have the same data.\n');
  else context.stdout.write(rows.map(([path, standing]) => `${`${standing}:`.padEnd(9)} ${path}\n`).join('') + HELP);
  return rows.length > 0;
}

const HELP =
  '\nnew: only here, lockstep push sends it; deleted: only there, lockstep fetch brings it; missing: at neither place\n';
