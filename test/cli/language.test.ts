// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are templates
import { describe, expect, test } from 'vitest';
import { project } from '../support/rig.ts';

const FILES = {
  'params.yaml': 'n: 1\nitems: [a, b]\n',
  'pipeline.yaml': `stages:
  prep: {cmd: "echo \${n} > prep.txt", outs: [prep.txt]}
  train:
    foreach: \${items}
    do: {cmd: "cat prep.txt > \${item}.txt", deps: [prep.txt], outs: ["\${item}.txt"]}
  grid:
    deps: [prep.txt]
    matrix: {x: ["1:2", b c]}
    cmd: cat prep.txt > 'g-\${item.x}'
    outs: ["g-\${item.x}"]
`,
};

async function names(p: Awaited<ReturnType<typeof project>>, ...targets: string[]): Promise<string[]> {
  const { stdout, stderr } = await p.lockstep(['stage', 'list', '--names', ...targets]);
  expect(stderr).toBe('');
  return stdout.trimEnd().split('\n');
}

test('a group, one of its stages and patterns are targets', async () => {
  await using p = await project(FILES);
  expect(await names(p)).toEqual(['prep', 'train@a', 'train@b', 'grid@1:2', 'grid@b c']);
  expect(await names(p, 'train')).toEqual(['train@a', 'train@b']);
  expect(await names(p, 'train@b')).toEqual(['train@b']);
  expect(await names(p, 'grid@1:2')).toEqual(['grid@1:2']);
  expect(await names(p, 'pipeline.yaml:grid@1:2')).toEqual(['grid@1:2']);
  expect(await names(p, 'pipeline.yaml:grid')).toEqual(['grid@1:2', 'grid@b c']);
  expect(await p.lockstep(['repro', '--glob', 'train@*', '--json'])).toMatchObject({ code: 0 });
  expect([p.read('a.txt'), p.read('b.txt')]).toEqual(['1\n', '1\n']);
  expect(await p.lockstep(['stage', 'list', 'trains'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("did you mean 'train'?"),
  });
});

test('what is made of a template runs, is kept, and runs again when a value changes', async () => {
  await using p = await project(FILES);
  expect((await p.lockstep(['repro'])).code).toBe(0);
  expect(p.read('g-1:2')).toBe('1\n');
  expect((await p.lockstep(['status', '--exit-code'])).code).toBe(0);
  p.write('params.yaml', 'n: 2\nitems: [a, c]\n');
  const { stdout } = await p.lockstep(['stage', 'list', '--json']);
  expect(JSON.parse(stdout).stages.map(({ name, cmd }: { name: string; cmd: string }) => `${name}: ${cmd}`)).toEqual([
    'prep: echo 2 > prep.txt',
    'train@a: cat prep.txt > a.txt',
    'train@c: cat prep.txt > c.txt',
    "grid@1:2: cat prep.txt > 'g-1:2'",
    "grid@b c: cat prep.txt > 'g-b c'",
  ]);
  expect((await p.lockstep(['status', '--exit-code'])).code).toBe(1);
  expect((await p.lockstep(['repro'])).code).toBe(0);
  expect(p.read('c.txt')).toBe('2\n');
  p.write('params.yaml', FILES['params.yaml']);
  const again = await p.lockstep(['status']);
  expect(again.stdout).not.toContain('not in the lockfile');
});

test('each file of values is looked at again, also one that was not there', async () => {
  await using p = await project({
    'pipeline.yaml': 'vars: [v.toml]\nstages:\n  s: {wdir: "${d}", vars: [own.json], cmd: "echo ${x} ${y}"}\n',
    'v.toml': 'd = "one"\n',
    'one/own.json': '{"x": 1}',
    'two/own.json': '{"x": 2.0}',
  });
  const command = async (): Promise<string> => {
    const { code, stdout, stderr } = await p.lockstep(['stage', 'list', '--json']);
    return code === 0 ? JSON.parse(stdout).stages[0].cmd : (stderr.split('\n')[2] ?? '');
  };
  expect(await command()).toBe('pipeline.yaml:3:55: `${y}` names no value');
  p.write('params.yaml', 'y: 1\n');
  expect(await command()).toBe('echo 1 1');
  expect(await command()).toBe('echo 1 1');
  p.write('v.toml', 'd = "two"\n');
  expect(await command()).toBe('echo 2.0 1');
  p.write('two/own.json', '{"x": 3}');
  expect(await command()).toBe('echo 3 1');
  p.write('v.toml', 'd = "one"\n');
  expect(await command()).toBe('echo 1 1');
});

describe('words', () => {
  test('a mistake shows both of its places', async () => {
    await using p = await project({
      'params.yaml': 'train:\n  lr: 0.1\n',
      'pipeline.yaml': 'vars:\n  - train: {lr: 0.2}\nstages:\n  s: {cmd: "run ${train.lr}"}\n',
    });
    expect((await p.lockstep(['status'])).stderr).toMatchInlineSnapshot(`
      "error: a mistake in the pipeline

      pipeline.yaml:2:13: \`train.lr\` is defined twice
          2 |   - train: {lr: 0.2}
            |             ^
        see params.yaml:2:3
          2 |   lr: 0.1
            |   ^
        hint: maps are merged, but any other value is defined in one place
      "
    `);
  });

  test('a template shows where it stands', async () => {
    await using p = await project({
      'params.yaml': 'train: {lr: 0.1}\n',
      'pipeline.yaml':
        'stages:\n  s:\n    cmd: run ${train.lr} ${train.rl}\n  t: {cmd: "x ${nope}", vars: [no.yaml]}\n',
    });
    expect((await p.lockstep(['status'])).stderr).toMatchInlineSnapshot(`
      "error: 2 mistakes in the pipeline

      pipeline.yaml:3:26: \`\${train.rl}\` names no value
          3 |     cmd: run \${train.lr} \${train.rl}
            |                          ^
        hint: did you mean \`train.lr\`?

      pipeline.yaml:4:32: the file no.yaml does not exist
          4 |   t: {cmd: "x \${nope}", vars: [no.yaml]}
            |                                ^
        hint: create it, correct the path, or fetch it from where it was made
      "
    `);
  });

  test('a mistake in a stage that was made is shown where it is written', async () => {
    await using p = await project({
      'pipeline.yaml': 'stages:\n  s: {foreach: [a, b], do: {cmd: x, deps: [gone], params: [lr]}}\n',
    });
    const { stderr } = await p.lockstep(['repro']);
    expect(stderr).toContain('pipeline.yaml:2:60: the params file params.yaml does not exist');
  });

  test('a warning is one line, on every command that reads the pipeline', async () => {
    await using p = await project({ 'pipeline.yaml': 'stages:\n  s: {cmd: "true", live: logs, outs: []}\n' });
    const warning =
      'warning: pipeline.yaml:2:20: `live` is left over from DVC 2 and has no effect; list the files that are written among `metrics` and `plots`, and remove it\n';
    for (const _ of [1, 2]) expect((await p.lockstep(['stage', 'list'])).stderr).toBe(warning);
    await p.lockstep(['repro', '--json']);
    expect((await p.lockstep(['status'])).stderr).toBe(warning);
    expect((await p.lockstep(['status'])).stderr).toBe(warning);
  });
});

test('params of a Python file make a stage run again', async () => {
  await using p = await project({
    'conf.py':
      'import os\nLR = 0.1\nclass Net:\n    def __init__(self):\n        self.depth = 4\nHOME = os.environ["HOME"]\n',
    'pipeline.yaml': 'stages:\n  s: {cmd: "touch o", outs: [o], params: [conf.py: [LR, Net.depth]]}\n',
  });
  await p.lockstep(['repro', '--json']);
  expect(p.read('pipeline.lock')).toContain('Net.depth: 4');
  p.write('conf.py', p.read('conf.py').replace('depth = 4', 'depth = 5'));
  expect((await p.lockstep(['status'])).stdout).toContain('Net.depth');
});
