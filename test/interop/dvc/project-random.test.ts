import { existsSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DvcRig, dvcProject } from './both-tools.ts';
import { anyProject, type Edit } from './random-project.ts';
import { REAL_DVC } from './real-dvc.ts';

const RUNS = Number(process.env.LOCKSTEP_FUZZ ?? 12);

describe.skipIf(REAL_DVC === undefined)('random DVC projects, run by both tools', () => {
  test('give the same files, and both tools see the same changes', { timeout: 60_000 + RUNS * 30_000 }, async () => {
    const projects = fc.sample(anyProject, { numRuns: RUNS, seed: Number(process.env.LOCKSTEP_SEED ?? 7) });
    for (const { files, added, edits } of projects) {
      await using theirs = await dvcProject(files);
      for (const path of added) await theirs.dvc('add', '-q', path);
      theirs.commit('project');
      const ours = theirs.copy('ours');
      await theirs.dvc('repro', '-q', '-P');
      await ours.own('repro', '-P');
      const context = JSON.stringify({ dvc: files['dvc.yaml'], sub: files['sub/dvc.yaml'], added, edits }, null, 1)
        .replaceAll('\\n', '\n')
        .replaceAll('\\"', '"');
      expect(ours.results(), context).toEqual(theirs.results());
      expect(await notClean(ours, theirs), context).toEqual([[], []]);

      for (const edit of edits) for (const rig of [ours, theirs]) perform(rig, edit);
      expect(await changed(ours), context).toEqual(await changed(theirs));
      expect(Object.keys(await ours.ownStatus()).length, context).toEqual(Object.keys(await theirs.ownStatus()).length);
      await theirs.dvc('repro', '-q', '-P');
      await ours.own('repro', '-P');
      expect(ours.results(), context).toEqual(theirs.results());
      expect(await notClean(ours, theirs), context).toEqual([[], []]);
    }
  });
});

/** What the other tool finds to do in each. */
async function notClean(ours: DvcRig, theirs: DvcRig): Promise<unknown> {
  const always = (names: readonly string[]) => names.filter((name) => !name.includes('always'));
  const dvc = Object.entries(await ours.dvcStatus()).map((entry) => JSON.stringify(entry));
  const own = Object.entries(await theirs.ownStatus()).map((entry) => entry.join(': '));
  return [always(dvc), always(own)];
}

/** The stages in which each tool sees a change of their own, and not only by what others would write. */
async function changed(rig: DvcRig): Promise<{ readonly dvc: readonly string[] }> {
  const dvc = Object.keys(await rig.dvcStatus()).sort();
  const own = Object.entries(await rig.ownStatus());
  const direct = own.filter(([, why]) => !/^\S+( upstream-would-run)*$/.test(why));
  expect(direct.map(([name]) => name).sort()).toEqual(dvc);
  return { dvc };
}

function perform(rig: DvcRig, { file, text }: Edit): void {
  if (!existsSync(rig.path(file))) return;
  if (text === undefined) rmSync(rig.path(file));
  else rig.write(file, text);
}
