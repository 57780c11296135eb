import { join } from 'node:path';
import { against, type Case, seconds, within } from './case.ts';
import { alternate } from './measure.ts';
import { expectRepro, lockstep } from './program.ts';
import { commitAll, range, writeFiles } from './projects.ts';

export const parallelCases: readonly Case[] = [
  {
    name: 'parallel',
    compares: '`lockstep repro -j 8` of eight stages `sleep 1`, which have neither deps nor outs and run every time',
    measure: (place) => {
      const root = join(place.directory, 'sleep');
      const stages = range(8).map((index) => `  sleep-${index}:\n    cmd: sleep 1\n`);
      writeFiles(root, { 'pipeline.yaml': `stages:\n${stages.join('')}` });
      commitAll(root);
      expectRepro(place, root, { ran: 8 });
      const [ours, peer] = alternate(
        [
          { argv: lockstep(place, 'repro', '-j', '8'), directory: () => root },
          { argv: ['sleep', '1'], directory: () => root },
        ],
        { warmUps: 1, measured: 5 },
      );
      const what = '8 stages of `sleep 1`, `-j 8`: wall';
      return [
        within(what, ours.wall, { atMost: 1.3, text: seconds }),
        against({ what, dimension: 'wall', ours, peer, peerName: '`sleep 1`' }),
      ];
    },
  },
];
