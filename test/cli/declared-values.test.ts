import { expect, it } from 'vitest';
import { project } from '../support/rig.ts';

const read = (stdout: string): unknown => JSON.parse(stdout);

it('shows metrics, params and plots that a pipeline declares beside its stages', async () => {
  await using rig = await project({
    'pipeline.yaml': `metrics: [eval/live.json]
params: [extra.yaml]
plots:
  - logs.csv: {x: step, y: loss}
  - Both:
      x: step
      y: {logs.csv: loss, other.csv: acc}
`,
    'eval/live.json': '{"acc": 1}',
    'extra.yaml': 'lr: 1\n',
    'logs.csv': 'step,loss\n0,1.0\n',
    'other.csv': 'step,acc\n0,0.5\n',
  });
  rig.commit();
  rig.write('eval/live.json', '{"acc": 2}');
  rig.write('extra.yaml', 'lr: 2\n');
  expect(read((await rig.lockstep(['metrics', 'show', '--json'])).stdout)).toEqual({
    '': { data: { 'eval/live.json': { data: { acc: 2 } } } },
  });
  expect(read((await rig.lockstep(['metrics', 'diff', '--json'])).stdout)).toEqual({
    'eval/live.json': { acc: { old: 1, new: 2, diff: 1 } },
  });
  expect(read((await rig.lockstep(['params', 'diff', '--json'])).stdout)).toEqual({
    'extra.yaml': { lr: { old: 1, new: 2, diff: 1 } },
  });
  const { stdout } = await rig.lockstep(['plots', 'show', '--json']);
  const { data } = JSON.parse(stdout) as {
    data: Record<string, { content: { data: { values: Record<string, string>[] } } }[]>;
  };
  expect(Object.keys(data)).toEqual(['logs.csv', 'Both']);
  const values = data.Both?.[0]?.content.data.values ?? [];
  expect(values.map(({ step, dvc_inferred_y_value }) => [step, dvc_inferred_y_value])).toEqual([
    ['0', '1.0'],
    ['0', '0.5'],
  ]);
});

it('draws one file in as many ways as its stage says', async () => {
  await using rig = await project({
    'pipeline.yaml': `stages:
  train:
    cmd: cp source.csv logs.csv
    deps: [source.csv]
    plots:
      - logs.csv:
          - {x: step, y: loss}
          - {x: step, y: acc, title: Accuracy}
`,
    'source.csv': 'step,loss,acc\n0,1.0,0.5\n',
  });
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  const { stdout } = await rig.lockstep(['plots', 'show', '--json']);
  const { data } = JSON.parse(stdout) as { data: Record<string, { content: { title: { text: string } } }[]> };
  expect(data['logs.csv']?.map(({ content }) => content.title.text)).toEqual(['logs.csv', 'Accuracy']);
});

it('reads the metrics of a revision of a DVC project from its cache, members of directories too', async () => {
  await using rig = await project({
    'dvc.yaml': `stages:
  eval:
    cmd: mkdir -p out && cp source.json out/m.json
    deps: [source.json]
    outs: [out]
metrics: [out/m.json]
`,
    '.dvc/config': '',
    'source.json': '{"acc": 1}',
  });
  rig.git('init', '-q', '-b', 'main');
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  rig.commit();
  rig.write('source.json', '{"acc": 2}');
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  const shown = read((await rig.lockstep(['metrics', 'show', '-a', '--json'])).stdout);
  expect(shown).toEqual({
    workspace: { data: { 'out/m.json': { data: { acc: 2 } } } },
    main: { data: { 'out/m.json': { data: { acc: 1 } } } },
  });
});
