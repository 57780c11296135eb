import type { Project } from '../project.ts';
import { remotesOf } from '../remotes/remote-config.ts';
import { type Fault, ownNeeds } from './examine.ts';
import { findInWorkspace, type Source } from './repair.ts';

interface Standing {
  readonly repaired: ReadonlyMap<Fault, Source>;
  readonly isRepairing: boolean;
  readonly remote: string | undefined;
}

/** What is to be done about each fault that is left. */
export async function adviceFor(
  project: Project,
  faults: readonly Fault[],
  standing: Standing,
): Promise<ReadonlyMap<Fault, string>> {
  const advice = new Map<Fault, string>();
  const remote = standing.remote ?? remotesOf(project).standard;
  for (const fault of faults) {
    if (standing.repaired.has(fault)) continue;
    advice.set(fault, await adviceOn(project, fault, standing.isRepairing ? undefined : remote));
  }
  return advice;
}

async function adviceOn(project: Project, fault: Fault, remote: string | undefined): Promise<string> {
  if (fault.needs.length === 0) return 'nothing needs it: nothing has to be done';
  const path = await findInWorkspace(project, fault);
  if (path !== undefined)
    return `${path} in the workspace has these bytes: lockstep fsck --repair takes them from there`;
  const made = madeAnew(fault);
  if (remote === undefined) return made;
  return `lockstep fsck --repair looks for it on the remote ${remote}; else ${made}`;
}

function madeAnew(fault: Fault): string {
  const own = ownNeeds(fault);
  const stages = own.flatMap(({ by }) => (by.kind === 'stage' && !by.isData ? [by.label] : []));
  if (stages.length > 0) return `lockstep repro ${[...new Set(stages)].join(' ')} makes it again`;
  if (own.length > 0) return 'no stage makes it: put the data back in its place, then lockstep commit';
  const revision = fault.needs.find(({ by }) => by.kind === 'stage' && by.revision !== null)?.by;
  if (revision?.kind === 'stage' && !revision.isData) {
    return `check out ${revision.revision}, where lockstep repro makes it again`;
  }
  return 'nothing here can make it again';
}
