import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';
import { treeOf } from './proofs.ts';

const OTHERS = {
  'params.yaml': 'lr: 0.1\nnet:\n  depth: 3\n',
  'in.txt': 'hello\n',
  'data/train.csv': '1\n',
  'old.txt': 'an out of yesterday\n',
};

/** What `repro` says of pipeline files with mistakes; it must do nothing else, and `status` must say the same. */
async function refusalOf(p: ProjectRig): Promise<string> {
  const before = treeOf(p.root, ['.']);
  const { code, stdout, stderr } = await p.lockstep(['repro']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  const after = Object.entries(treeOf(p.root, ['.'])).filter(
    ([path]) => !/\.lockstep(\/\.gitignore|\/tmp|$)/.test(path),
  );
  expect(Object.fromEntries(after)).toEqual(
    Object.fromEntries(Object.entries(before).filter(([path]) => path !== './.lockstep')),
  );
  return stderr;
}

/** One file `pipeline.yaml`, its lines counted from 1, and the blocks that are told of it. */
interface Case {
  readonly what: string;
  readonly file: string;
  readonly told: readonly string[];
}

const CASES: readonly Case[] = [
  {
    what: 'broken YAML',
    file: 'stages:\n  a:\n    cmd: touch ran\n   deps: [in.txt]\n',
    told: [
      `pipeline.yaml:4:1: all mapping items must start at the same column
    4 |    deps: [in.txt]
      | ^`,
    ],
  },
  {
    what: 'a bracket that is never closed',
    file: 'stages:\n  a:\n    cmd: touch ran\n    deps: [in.txt\n',
    told: [
      `pipeline.yaml:5:1: flow sequence in block collection must be sufficiently indented and end with a ]
    5 |
      | ^`,
    ],
  },
  {
    what: 'a tab as indent',
    file: 'stages:\n\ta:\n\t\tcmd: touch ran\n',
    told: [
      `pipeline.yaml:2:1: a tab is used to indent
    2 |  a:
      | ^
  hint: indent with blanks; YAML does not allow tabs here`,
      `pipeline.yaml:3:1: a tab is used to indent`,
    ],
  },
  {
    what: 'keys that stand twice',
    file: 'stages:\n  a:\n    cmd: touch ran\n    cmd: touch ran\n  a: {cmd: touch ran}\n',
    told: [
      `pipeline.yaml:4:5: the key \`cmd\` is written twice in one map
    4 |     cmd: touch ran
      |     ^
  see pipeline.yaml:3:5
    3 |     cmd: touch ran
      |     ^`,
      `pipeline.yaml:5:3: the key \`a\` is written twice in one map
    5 |   a: {cmd: touch ran}
      |   ^
  see pipeline.yaml:2:3
    2 |   a:
      |   ^`,
    ],
  },
  {
    what: 'unknown keys',
    file: 'stages:\n  a:\n    cmd: touch ran\n    dep: [in.txt]\n    outs:\n      - x: {cach: false}\nstage: {}\n',
    told: [
      `pipeline.yaml:4:5: unknown key \`dep\`
    4 |     dep: [in.txt]
      |     ^
  hint: did you mean \`deps\`?`,
      `pipeline.yaml:6:13: unknown key \`cach\`
    6 |       - x: {cach: false}
      |             ^
  hint: did you mean \`cache\`?`,
      `pipeline.yaml:7:1: unknown key \`stage\`
    7 | stage: {}
      | ^
  hint: did you mean \`stages\`?`,
    ],
  },
  {
    what: 'values of wrong types',
    file: 'stages:\n  a:\n    cmd: 3\n    deps: in.txt\n    frozen: "yes"\n    retries: -1\n    timeout: soon\n  b: [1]\n  c: {}\n',
    told: [
      `pipeline.yaml:3:10: expected a command, or a list of commands, found the number 3
    3 |     cmd: 3
      |          ^
  hint: put text in quotes`,
      `pipeline.yaml:4:11: expected a list of paths, found the text "in.txt"
    4 |     deps: in.txt
      |           ^
  hint: write a list, \`deps: [in.txt]\``,
      `pipeline.yaml:5:13: expected true or false, found the text "yes"
    5 |     frozen: "yes"
      |             ^`,
      `pipeline.yaml:6:14: expected a whole number, 0 or more, found the number -1
    6 |     retries: -1
      |              ^`,
      `pipeline.yaml:7:14: expected seconds, or text like 10m or 1h30m, found the text "soon"
    7 |     timeout: soon
      |              ^`,
      `pipeline.yaml:8:6: expected a map with the keys of a stage, found a list
    8 |   b: [1]
      |      ^`,
      `pipeline.yaml:9:3: \`cmd\` is missing
    9 |   c: {}
      |   ^`,
    ],
  },
  {
    what: 'a circle of stages, in order',
    file: 'stages:\n  a: {cmd: touch ran, deps: [z], outs: [x]}\n  b: {cmd: touch ran, deps: [x], outs: [y]}\n  c: {cmd: touch ran, deps: [y], outs: [z]}\n',
    told: [
      `pipeline.yaml:2:3: these stages need each other in a circle: a -> b -> c -> a
    2 |   a: {cmd: touch ran, deps: [z], outs: [x]}
      |   ^
  hint: b reads \`x\` of a; c reads \`y\` of b; a reads \`z\` of c`,
    ],
  },
  {
    what: 'an out that is also a dep',
    file: 'stages:\n  a: {cmd: touch ran, deps: [in.txt], outs: [in.txt]}\n',
    told: [
      `pipeline.yaml:2:46: the stage both reads and writes \`in.txt\`
    2 |   a: {cmd: touch ran, deps: [in.txt], outs: [in.txt]}
      |                                              ^
  see pipeline.yaml:2:30
    2 |   a: {cmd: touch ran, deps: [in.txt], outs: [in.txt]}
      |                              ^`,
    ],
  },
  {
    what: 'an out that two stages write, and one that stands twice',
    file: 'stages:\n  a: {cmd: touch ran, outs: [x, y, y]}\n  b:\n    cmd: touch ran\n    outs:\n      - ./sub/../x\n',
    told: [
      `pipeline.yaml:2:36: the out \`y\` is listed twice in the stage \`a\`
    2 |   a: {cmd: touch ran, outs: [x, y, y]}
      |                                    ^
  see pipeline.yaml:2:33
    2 |   a: {cmd: touch ran, outs: [x, y, y]}
      |                                 ^`,
      `pipeline.yaml:6:9: the out \`x\` is written by two stages, \`a\` and \`b\`
    6 |       - ./sub/../x
      |         ^
  see pipeline.yaml:2:30
    2 |   a: {cmd: touch ran, outs: [x, y, y]}
      |                              ^`,
    ],
  },
  {
    what: 'outs that lie in one another',
    file: 'stages:\n  a: {cmd: touch ran, outs: [d]}\n  b:\n    cmd: touch ran\n    metrics:\n      - d/m.json\n',
    told: [
      `pipeline.yaml:6:9: the out \`d/m.json\` of \`b\` lies inside the out \`d\` of \`a\`
    6 |       - d/m.json
      |         ^
  see pipeline.yaml:2:30
    2 |   a: {cmd: touch ran, outs: [d]}
      |                              ^`,
    ],
  },
  {
    what: 'outs where no stage may write',
    file: 'stages:\n  a:\n    cmd: touch ran\n    outs: [../x, /etc/x, ., pipeline.yaml, pipeline.lock, .git/x, .lockstep]\n',
    told: [
      `pipeline.yaml:4:12: the path \`../x\` leads outside the project`,
      `pipeline.yaml:4:18: the path \`/etc/x\` is absolute`,
      `pipeline.yaml:4:26: an out cannot be the whole project`,
      `pipeline.yaml:4:29: the out \`pipeline.yaml\` is the pipeline file itself`,
      `pipeline.yaml:4:44: the out \`pipeline.lock\` is a lockfile, which only lockstep writes`,
      `pipeline.yaml:4:59: the out \`.git/x\` belongs to \`.git\`, where a stage cannot write`,
      `pipeline.yaml:4:67: the out \`.lockstep\` belongs to \`.lockstep\`, where a stage cannot write`,
    ],
  },
  {
    what: 'a wdir that is not there',
    file: 'stages:\n  a:\n    cmd: touch ran\n    wdir: nowhere\n',
    told: [
      `pipeline.yaml:4:11: the working directory nowhere does not exist
    4 |     wdir: nowhere
      |           ^
  hint: create it`,
    ],
  },
  {
    what: 'a wdir that is not there, with outs that would be in it',
    file: 'stages:\n  a: {cmd: touch ran, wdir: nowhere, outs: [x]}\n  b: {cmd: touch ran, wdir: nowhere, outs: [y]}\n',
    told: [
      `pipeline.yaml:2:29: the working directory nowhere does not exist
    2 |   a: {cmd: touch ran, wdir: nowhere, outs: [x]}
      |                             ^
  hint: create it`,
    ],
  },
  {
    what: 'params that are not there',
    file: 'stages:\n  a:\n    cmd: touch ran\n    params:\n      - lr\n      - net.dept\n      - other.yaml: [x]\n      - params.yaml: [nothing.like.it]\n',
    told: [
      `pipeline.yaml:6:9: there is no param 'net.dept' in params.yaml
    6 |       - net.dept
      |         ^
  hint: did you mean 'net.depth'?`,
      `pipeline.yaml:7:9: the params file other.yaml does not exist
    7 |       - other.yaml: [x]
      |         ^
  hint: create it`,
      `pipeline.yaml:8:23: there is no param 'nothing.like.it' in params.yaml
    8 |       - params.yaml: [nothing.like.it]
      |                       ^
  hint: add it to params.yaml`,
    ],
  },
  {
    what: 'stage names that cannot be',
    file: 'stages:\n  a@b: {cmd: touch ran}\n  "": {cmd: touch ran}\n  "a\\nb": {cmd: touch ran}\n',
    told: [
      `pipeline.yaml:2:3: a stage name cannot contain \`@\``,
      `pipeline.yaml:3:3: a stage needs a name`,
      `pipeline.yaml:4:3: a stage name cannot contain control characters`,
    ],
  },
  {
    what: 'deps that are not there',
    file: 'stages:\n  a: {cmd: touch ran, deps: [in.txt, data/trian.csv]}\n  b: {cmd: touch ran, deps: [nothing/like/it]}\n',
    told: [
      `pipeline.yaml:2:38: stage 'a' needs data/trian.csv, which is not there, and no stage makes it
    2 |   a: {cmd: touch ran, deps: [in.txt, data/trian.csv]}
      |                                      ^
  hint: did you mean data/train.csv?`,
      `pipeline.yaml:3:30: stage 'b' needs nothing/like/it, which is not there, and no stage makes it
    3 |   b: {cmd: touch ran, deps: [nothing/like/it]}
      |                              ^
  hint: create it, or correct the path`,
    ],
  },
];

describe('a pipeline file with', () => {
  test.each(CASES)('$what is refused with every place, and nothing is done', async ({ file, told }) => {
    await using p = await project({ 'pipeline.yaml': file, ...OTHERS });
    const stderr = await refusalOf(p);
    expect(stderr).toMatch(/^error: /);
    const blocks = stderr.split('\n\n').filter((block) => /^\S+:\d+:\d+: /.test(block));
    expect(blocks).toHaveLength(told.length);
    for (const [at, text] of told.entries()) expect(blocks[at]).toContain(text);
  });
});

test('outs that git tracks are refused', async () => {
  await using p = await project({
    'pipeline.yaml':
      'stages:\n  a:\n    cmd: touch ran\n    outs:\n      - old.txt\n      - data\n      - in.txt: {cache: false}\n',
    ...OTHERS,
  });
  p.commit();
  const stderr = await refusalOf(p);
  expect(stderr).toBe(`error: 2 mistakes in the pipeline

pipeline.yaml:5:9: git tracks old.txt, which stage 'a' writes as a cached out
    5 |       - old.txt
      |         ^
  hint: git rm -r --cached old.txt, or declare the out with cache: false

pipeline.yaml:6:9: git tracks data/train.csv, which stage 'a' writes as a cached out
    6 |       - data
      |         ^
  hint: git rm -r --cached data, or declare the out with cache: false
`);
});

test('the mistakes of all files come at once, in the order of files and lines', async () => {
  await using p = await project({
    'pipeline.yaml': `stages:
  fine: {cmd: touch ran, outs: [old.txt]}
  late: {cmd: touch ran, deps: [shared.txt], params: [lrr]}
  worse: {cmd: touch ran, out: [x]}
`,
    'a/pipeline.yaml': 'stages:\n  broken: {cmd: [}\n',
    'b/pipeline.yaml': 'stages:\n  first: {cmd: touch ran, outs: [../z]}\n  second: {cmd: touch ran, outs: [../z]}\n',
    'c/pipeline.lock': 'lockfile: 1\nstages: 7\n',
    'c/pipeline.yaml': 'stages:\n  third: {cmd: touch ran, outs: [../old.txt]}\n',
    ...OTHERS,
  });
  const stderr = await refusalOf(p);
  expect(stderr.match(/^\S+:\d+:\d+: .*/gm)).toEqual([
    'a/pipeline.yaml:2:18: flow sequence in block collection must be sufficiently indented and end with a ]',
    'b/pipeline.yaml:3:35: the out `z` is written by two stages, `first` and `second`',
    "c/pipeline.lock:2:1: 'stages': expected a map",
    'pipeline.yaml:2:33: the out `old.txt` is written by two stages, `third` and `fine`',
    "pipeline.yaml:3:55: there is no param 'lrr' in params.yaml",
    'pipeline.yaml:4:27: unknown key `out`',
  ]);
  expect(stderr).toMatch(/^error: 6 mistakes in the pipeline\n/);
});

test('where all stages could be read, what is not there is told with the rest', async () => {
  await using p = await project({
    'pipeline.yaml':
      'stages:\n  a: {cmd: touch ran, deps: [gone.txt], outs: [x]}\n  b: {cmd: touch ran, wdir: nowhere, params: [lr]}\n',
    'sub/pipeline.yaml': 'stages:\n  c: {cmd: touch ran, outs: [../x/y]}\n',
    ...OTHERS,
  });
  const stderr = await refusalOf(p);
  expect(stderr.match(/^\S+:\d+:\d+: .*/gm)).toEqual([
    "pipeline.yaml:2:30: stage 'a' needs gone.txt, which is not there, and no stage makes it",
    'pipeline.yaml:3:29: the working directory nowhere does not exist',
    'pipeline.yaml:3:47: the params file nowhere/params.yaml does not exist',
    'sub/pipeline.yaml:2:30: the out `x/y` of `c` lies inside the out `x` of `a`',
  ]);
});

test('a stage that others would have made possible does not hide behind their mistakes', async () => {
  await using p = await project({
    'pipeline.yaml':
      'stages:\n  a: {cmd: touch ran, deps: [made.txt]}\n  b: {cmd: touch ran, outs: [made.txt], frozen: 1}\n',
    ...OTHERS,
  });
  expect((await refusalOf(p)).match(/^\S+:\d+:\d+: .*/gm)).toEqual([
    'pipeline.yaml:3:49: expected true or false, found the number 1',
  ]);
});
