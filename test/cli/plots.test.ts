import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/tracking/sqlite.ts';
import { type ProjectRig, project } from '../support/rig.ts';

const PIPELINE = `stages:
  train:
    cmd: cp source.csv logs.csv && cp source.csv raw.tsv && mkdir -p pics && cp source.svg pics/a.svg && cp source.csv pics/b.csv
    deps: [source.csv, source.svg]
    plots:
      - logs.csv: {x: step, y: loss, title: Loss}
      - raw.tsv: {header: false}
      - pics
`;
const TWICE = '<svg xmlns="http://www.w3.org/2000/svg"/>';

/** Two states of plots that only the cache keeps. */
async function twoStates(): Promise<ProjectRig> {
  const rig = await project({
    'pipeline.yaml': PIPELINE,
    'source.csv': 'step,loss\n0,1.0\n1,0.5\n',
    'source.svg': TWICE,
  });
  rig.git('init', '-q', '-b', 'main');
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  rig.commit('one');
  rig.write('source.csv', 'step,loss\n0,0.9\n1,0.4\n');
  expect(await rig.lockstep(['repro'])).toMatchObject({ code: 0 });
  return rig;
}

interface Shown {
  readonly data: Record<string, { type: string; revisions: string[]; url?: string; content?: Spec }[]>;
  readonly errors?: { name: string; msg: string }[];
}

interface Spec {
  readonly title: { text: string };
  readonly data: { values: unknown[] };
}

const read = (stdout: string) => JSON.parse(stdout) as Shown;

describe('plots show', () => {
  it('has for each plot its spec or its picture, in DVC’s shape', async () => {
    await using rig = await twoStates();
    const { data } = read((await rig.lockstep(['plots', 'show', '--json'])).stdout);
    expect(Object.keys(data)).toEqual(['logs.csv', 'raw.tsv', 'pics/a.svg', 'pics/b.csv']);
    const [logs] = data['logs.csv'] ?? [];
    expect(logs).toMatchObject({ type: 'vega', revisions: ['workspace'] });
    expect(logs?.content?.data.values).toEqual([
      { step: '0', loss: '0.9', rev: 'workspace' },
      { step: '1', loss: '0.4', rev: 'workspace' },
    ]);
    expect(logs?.content?.title.text).toBe('Loss');
    expect(data['raw.tsv']?.[0]?.content?.data.values[0]).toEqual({ 0: 'step,loss', step: 0, rev: 'workspace' });
    expect(data['pics/a.svg']).toEqual([
      {
        type: 'image',
        revisions: ['workspace'],
        url: `data:image/svg+xml;base64,${Buffer.from(TWICE).toString('base64')}`,
      },
    ]);
  });

  it('writes one page that asks no network for anything, and prints where it is', async () => {
    await using rig = await twoStates();
    const { stdout } = await rig.lockstep(['plots', 'show']);
    expect(stdout).toMatch(/^file:\/\/.*\/\.lockstep\/plots\/index\.html\n$/);
    const page = readFileSync(fileURLToPath(stdout.trim()), 'utf8');
    const markup = page.replaceAll(/(<script[^>]*>).*?<\/script>/gs, '$1');
    expect(markup).not.toMatch(/(?:src|href)="(?!data:)|@import|url\(/);
    expect(page.includes('vegaEmbed=')).toBe(true);
    expect(markup.match(/<section /g)).toHaveLength(4);
    expect(rig.git('status', '--short', '--', '.lockstep')).toBe('');
  });

  it('writes the page into a directory of the user’s, with a frame of the user’s', async () => {
    await using rig = await twoStates();
    rig.write('frame.html', '<p>mine</p>{plot_divs}{scripts}');
    const { code } = await rig.lockstep(['plots', 'show', 'logs.csv', '-o', 'out', '--html-template', 'frame.html']);
    expect(code).toBe(0);
    expect(rig.read('out/index.html')).toMatch(/^<p>mine<\/p><section /);
  });

  it('prints the spec of one target, as the options say', async () => {
    await using rig = await twoStates();
    const args = ['plots', 'show', 'source.csv', '--show-vega', '-t', 'simple', '-x', 'loss', '-y', 'step'];
    const { stdout } = await rig.lockstep([...args, '--title', 'Mine', '--x-label', 'L']);
    expect(JSON.parse(stdout)).toMatchObject({
      $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
      title: { text: 'Mine' },
      encoding: { x: { field: 'loss', title: 'L' }, y: { field: 'step', title: 'step' } },
    });
    const two = await rig.lockstep(['plots', 'show', 'logs.csv', 'raw.tsv', '--show-vega']);
    expect(two).toMatchObject({ code: 2, stderr: expect.stringContaining('exactly one target') });
  });

  it('draws text in the terminal', async () => {
    await using rig = await twoStates();
    const { stdout } = await rig.lockstep(['plots', 'show', 'logs.csv', 'pics/a.svg', '--text']);
    expect(stdout).toMatch(/^logs\.csv\n0\.9 ┤⠉/);
    expect(stdout).toMatch(/\nloss by step\n\npics\/a\.svg\n1 picture: workspace\n\n$/);
  });

  it('takes a template of the user’s own with DVC’s anchors', async () => {
    await using rig = await twoStates();
    rig.write('mine.json', '{"values": "<DVC_METRIC_DATA>", "axis": "<DVC_METRIC_X> and <DVC_METRIC_Y_LABEL>"}');
    const { stdout } = await rig.lockstep(['plots', 'show', 'logs.csv', '-t', 'mine.json', '--show-vega']);
    expect(JSON.parse(stdout)).toEqual({ values: expect.any(Array), axis: 'step and loss' });
  });

  it.each([
    ['empty.json', '{}', 'has no "<DVC_METRIC_DATA>"'],
    ['broken.json', '{', 'is not JSON'],
  ])('refuses the template %s', async (name, text, message) => {
    await using rig = await twoStates();
    rig.write(name, text);
    const { code, stderr } = await rig.lockstep(['plots', 'show', 'logs.csv', '-t', name]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('suggests the name of a template, names a target that is nothing, and goes on past a broken plot', async () => {
    await using rig = await twoStates();
    const near = await rig.lockstep(['plots', 'show', 'logs.csv', '-t', 'lineer']);
    expect(near.stderr).toContain('did you mean linear?');
    const nothing = await rig.lockstep(['plots', 'show', 'nope.csv']);
    expect(nothing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nope.csv is neither a plot nor a file'),
    });
    const wrong = await rig.lockstep(['plots', 'show', 'logs.csv', 'pics/b.csv', '-y', 'lost', '--json']);
    expect(read(wrong.stdout).errors?.[0]).toEqual({
      name: 'logs.csv',
      msg: "logs.csv has no column 'lost', but step, loss",
    });
  });
});

describe('plots diff', () => {
  it('lays HEAD under the workspace, from the cache where git has no plots', async () => {
    await using rig = await twoStates();
    expect(rig.git('ls-files', 'logs.csv', 'pics')).toBe('');
    const { data } = read((await rig.lockstep(['plots', 'diff', '--json'])).stdout);
    expect(data['logs.csv']?.[0]).toMatchObject({ revisions: ['workspace', 'HEAD'] });
    expect(data['logs.csv']?.[0]?.content?.data.values).toEqual([
      { step: '0', loss: '0.9', rev: 'workspace' },
      { step: '1', loss: '0.4', rev: 'workspace' },
      { step: '0', loss: '1.0', rev: 'HEAD' },
      { step: '1', loss: '0.5', rev: 'HEAD' },
    ]);
    expect(data['pics/a.svg']?.map(({ revisions }) => revisions)).toEqual([['workspace'], ['HEAD']]);
  });

  it('takes runs in the place of revisions', async () => {
    await using rig = await twoStates();
    const store = await openSqliteStore(rig.path('.lockstep/lockstep.db'));
    const [second = '', first = ''] = (await store.list({ stage: 'train' })).map(({ id }) => id as string);
    await store.close();
    const { stdout } = await rig.lockstep(['plots', 'diff', first, second, '--targets', 'logs.csv', '--json']);
    const [logs] = read(stdout).data['logs.csv'] ?? [];
    expect(logs?.revisions).toEqual([first.slice(0, 8), second.slice(0, 8)]);
    expect(logs?.content?.data.values[0]).toEqual({ step: '0', loss: '1.0', rev: first.slice(0, 8) });
  });
});

it('plots templates lists them and prints one', async () => {
  await using rig = await project({});
  expect((await rig.lockstep(['plots', 'templates'])).stdout.split('\n')).toContain('confusion_normalized');
  expect(JSON.parse((await rig.lockstep(['plots', 'templates', 'simple'])).stdout)).toMatchObject({ title: {} });
  expect((await rig.lockstep(['plots', 'templates', 'sinple'])).stderr).toContain('did you mean simple?');
});
