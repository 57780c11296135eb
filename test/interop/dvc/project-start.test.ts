import { describe, expect, test } from 'vitest';
import { dvcProject } from './both-tools.ts';
import { REAL_DVC } from './real-dvc.ts';

describe.skipIf(REAL_DVC === undefined)('a pipeline made by commands of DVC', () => {
  test('is up to date for DVC once lockstep ran it, and for lockstep once DVC did', async () => {
    await using p = await dvcProject({
      'data/data.xml': 'row 1\nrow 2\nrow 3\n',
      'params.yaml': 'prepare:\n  split: 0.20\n  seed: 20170428\ntrain:\n  lr: 5e-05\n',
    });
    await p.dvc('add', 'data/data.xml');
    const stage = ['stage', 'add', '-q', '-n'];
    const prepare = 'mkdir -p data/prepared && head -n 2 data/data.xml > data/prepared/train.tsv';
    await p.dvc(
      ...stage,
      'prepare',
      '-p',
      'prepare.seed,prepare.split',
      '-d',
      'data/data.xml',
      '-o',
      'data/prepared',
      prepare,
    );
    await p.dvc(
      ...stage,
      'train',
      '-p',
      'train',
      '-d',
      'data/prepared',
      '-o',
      'model.pkl',
      'cat data/prepared/* > model.pkl',
    );
    const evaluate = 'echo "{\\"acc\\": 0.5}" > metrics.json && cp model.pkl points.csv';
    await p.dvc(...stage, 'evaluate', '-d', 'model.pkl', '-M', 'metrics.json', '--plots', 'points.csv', evaluate);
    p.commit('pipeline');

    await p.own('repro');

    expect(await p.dvc('status')).toBe('Data and pipelines are up to date.\n');
    expect(p.git('status', '--short')).toBe('?? dvc.lock\n?? metrics.json\n');
    await p.dvc('repro', '-f');
    expect(await p.ownStatus()).toEqual({});
    expect((await p.lockstep(['status'])).code).toBe(0);
  });
});
