import { join } from 'node:path';
import { against, type Case } from './case.ts';
import { alternate } from './measure.ts';
import { emptyNode, expectRepro, lockstep } from './program.ts';
import { copyStages, writeCopyProject } from './projects.ts';

const ROUNDS = { warmUps: 3, measured: 21 };

export const startupCases: readonly Case[] = [
  {
    name: 'startup-version',
    compares: '`lockstep --version` against `node -e 0`',
    measure: (place) => {
      const [ours, peer] = alternate(
        [{ argv: lockstep(place, '--version'), directory: () => place.directory }, emptyNode(place)],
        ROUNDS,
      );
      return [against({ what: '`--version`', dimension: 'cpu', ours, peer, peerName: '`node -e 0`', atMost: 1.4 })];
    },
  },
  {
    name: 'startup-status',
    compares: '`lockstep status` after a `repro`, in a git repository with one pipeline of ten stages in a chain',
    measure: (place) => {
      const root = join(place.directory, 'ten');
      writeCopyProject(root, copyStages({ chains: 1, length: 10 }));
      expectRepro(place, root, { ran: 10 });
      expectRepro(place, root, { kept: 10 });
      const [ours, peer] = alternate(
        [{ argv: lockstep(place, 'status', '--exit-code'), directory: () => root }, emptyNode(place)],
        ROUNDS,
      );
      const what = '`status`, 10 stages, nothing changed';
      return [against({ what, dimension: 'cpu', ours, peer, peerName: '`node -e 0`', atMost: 2 })];
    },
  },
];
