// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are templates
import { describe, expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { parsePipeline } from './parse.ts';

type Files = Readonly<Record<string, string>>;

const FILES: Files = {
  'params.yaml': 'train:\n  lr: 0.1\n  layers: [1, 2]\nname: x\n',
  'q.yaml': 'a: 1\nb: {c: 2}\n',
  'broken.yaml': 'a: [1\n',
  'list.yaml': '- 1\n',
  'p.toml': 'x = 1\n[train]\nlr = 2\n',
  'p.py': 'y = 1\nname = 3\n',
  'i.yaml': 'item: 3\n',
  'sub/v.yaml': 'w: inside\n',
  'two/v.yaml': 'w: two\n',
};

function parse(text: string, files: Files = FILES, file = 'pipeline.yaml') {
  return parsePipeline(file as ProjectPath, text, { readData: (path) => files[path] });
}

function lineOf({ place, message, related, hint }: Diagnostic): string {
  const at =
    place === undefined
      ? ''
      : `${place.file === 'pipeline.yaml' ? '' : `${place.file}:`}${place.line}:${place.column} `;
  const see = related === undefined ? '' : ` [see ${related.file}:${related.line}:${related.column}]`;
  return `${at}${message}${see}${hint === undefined ? '' : ` (${hint})`}`;
}

const mistakes = (text: string, files?: Files) => parse(text, files).diagnostics.map(lineOf);
const warnings = (text: string, files?: Files) => (parse(text, files).pipeline?.warnings ?? []).map(lineOf);

function stages(text: string, files?: Files, file?: string) {
  const { pipeline, diagnostics } = parse(text, files, file);
  expect(diagnostics.map(lineOf)).toEqual([]);
  return pipeline?.stages ?? [];
}

const commands = (text: string, files?: Files) => stages(text, files).map(({ name, cmd }) => `${name}: ${cmd}`);

const DEFINED_ONCE = '(maps are merged, but any other value is defined in one place)';
const NAME_ONCE = '(name the file once: whole, or with all the keys that are wanted)';
const KNOWN = '(known here: train, name; a variable of the shell is written `$NAME`, and `${` as text `\\${`)';

describe('vars', () => {
  test.each<[string, string[]]>([
    ['vars:\n  - train: {lr: 3}', [`2:13 \`train.lr\` is defined twice [see params.yaml:2:3] ${DEFINED_ONCE}`]],
    ['vars:\n  - name: 4', [`2:5 \`name\` is defined twice [see params.yaml:4:1] ${DEFINED_ONCE}`]],
    ['vars:\n  - train: 4', [`2:5 \`train\` is defined twice [see params.yaml:1:1] ${DEFINED_ONCE}`]],
    ['vars: [q.yaml, {b: {c: 2}}]', [`1:21 \`b.c\` is defined twice [see q.yaml:2:5] ${DEFINED_ONCE}`]],
    ['vars: [{a: 1}, q.yaml]', [`q.yaml:1:1 \`a\` is defined twice [see pipeline.yaml:1:9] ${DEFINED_ONCE}`]],
    ['vars: [p.toml]', [`p.toml:3:1 \`train.lr\` is defined twice [see params.yaml:2:3] ${DEFINED_ONCE}`]],
    ['vars: [p.py]', [`p.py:2:1 \`name\` is defined twice [see params.yaml:4:1] ${DEFINED_ONCE}`]],
    [
      'stages:\n  s: {cmd: x, vars: [{name: 3}]}',
      [`2:23 \`name\` is defined twice [see params.yaml:4:1] ${DEFINED_ONCE}`],
    ],
    [
      'vars: [no.yaml]',
      ['1:8 the file no.yaml does not exist (create it, correct the path, or fetch it from where it was made)'],
    ],
    ['vars: [../x.yaml]', ['1:8 the path `../x.yaml` leads outside the project']],
    ['vars: ["q.yaml:a,zz,yy"]', ['1:8 there is no `zz` in q.yaml', '1:8 there is no `yy` in q.yaml']],
    ['vars: ["params.yaml:name"]', [`1:8 the whole of params.yaml is loaded already ${NAME_ONCE}`]],
    ['vars: ["q.yaml:a", q.yaml]', [`1:20 q.yaml is loaded in part already ${NAME_ONCE}`]],
    ['vars: ["q.yaml:a", "q.yaml:b,a"]', [`1:20 \`a\` of q.yaml is loaded already ${NAME_ONCE}`]],
    ['vars: [list.yaml]', ['list.yaml:1:1 a params file is a map of keys to values, but this is a list']],
    [
      'vars: [broken.yaml]',
      ['broken.yaml:2:1 flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    ...['["${name}"]', '[{a: ["${name}"]}]', '[{"${name}": 1}]'].map((vars): [string, string[]] => [
      `vars: ${vars}`,
      [
        '1:8 templates cannot stand in `vars` (write the value itself; what stands in `vars` is what templates are replaced by)',
      ],
    ]),
    ['vars: x', ['1:7 expected a list of files and maps, found the text "x" (write a list, `vars: [x]`)']],
    ['vars: [3]', ['1:8 expected a file, or a map of values, found the number 3 (put text in quotes)']],
    [
      'stages:\n  s: {foreach: [1], do: {vars: [i.yaml, {item: 2}], cmd: x}}',
      [
        '2:42 `item` cannot be defined here: it is what `foreach` or `matrix` gives each stage',
        'i.yaml:1:1 `item` cannot be defined here: it is what `foreach` or `matrix` gives each stage [see pipeline.yaml:2:33]',
      ],
    ],
  ])('%j', (text, expected) => {
    expect(mistakes(text)).toEqual(expected);
  });

  test('what may stand in a file that cannot be read is not told to be unknown', () => {
    for (const vars of ['[no.yaml]', '[broken.yaml]', '["q.yaml:zz"]', '["${a}"]', '[../x.yaml]']) {
      expect(mistakes(`vars: ${vars}\nstages:\n  s: {cmd: "x \${anything}"}`)).toHaveLength(1);
    }
    const files = { 'params.yaml': 'a: [' };
    expect(mistakes('stages:\n  s: {cmd: "x ${anything}"}', files).map((line) => line.split(' ')[0])).toEqual([
      'params.yaml:1:5',
    ]);
  });

  test('are merged in order, and those of a stage are its own', () => {
    const text = `
vars: [q.yaml, {train: {epochs: 3}}, q.yaml, "p.py:y"]
stages:
  s: {cmd: "\${train.lr} \${train.epochs} \${a} \${b.c} \${y} \${own.x}", vars: [{own: {x: 1.0}}]}
  t: {cmd: "\${train.epochs} \${own.x}", vars: [{own: {x: null}}]}
`;
    expect(commands(text)).toEqual(['s: 0.1 3 1 2 1 1.0', 't: 3 None']);
  });

  test('of a stage are looked for in its wdir, those of the file beside it', () => {
    const files = {
      'a/params.yaml': 'd: two\nlr: 1\n',
      'a/v.yaml': 'v: 1\n',
      'two/v.yaml': 'v: 2\n',
      'two/params.yaml': 'lr: 9\n',
    };
    const text = 'stages:\n  s: {wdir: "../${d}", vars: [v.yaml], cmd: "${v} ${lr}", params: [lr], deps: [x]}';
    expect(stages(text, files, 'a/pipeline.yaml')).toMatchObject([
      { wdir: 'two', cmd: '2 1', deps: ['two/x'], params: [{ file: 'two/params.yaml', keys: ['lr'] }] },
    ]);
    expect(parse(text, files, 'a/pipeline.yaml').pipeline?.sources).toEqual(['a/params.yaml', 'two/v.yaml']);
  });

  test('a file without templates asks for no other file', () => {
    const readData = () => expect.unreachable('a file was asked for');
    const text = 'stages:\n  s: {cmd: "echo $HOME", params: [lr], outs: [o]}\nmetrics: [m.json]\n';
    expect(parsePipeline('pipeline.yaml' as ProjectPath, text, { readData }).pipeline).not.toHaveProperty('sources');
  });

  test('which values of files were used is known', () => {
    const text = 'vars: [q.yaml, {own: 1}]\nstages:\n  s: {cmd: "${train.lr} ${b} ${a} ${own}", deps: ["${name}"]}';
    expect(parse(text).pipeline?.templateParams).toEqual([
      { file: 'params.yaml', keys: ['name', 'train.lr'] },
      { file: 'q.yaml', keys: ['a'] },
    ]);
  });
});

describe('templates in a stage', () => {
  test.each<[string, string[]]>([
    [
      'cmd: "x ${train.lrr} ${nme}"',
      [
        '2:15 `${train.lrr}` names no value (did you mean `train.lr`?)',
        '2:28 `${nme}` names no value (did you mean `name`?)',
      ],
    ],
    ['cmd: "x ${HOME}"', [`2:15 \`\${HOME}\` names no value ${KNOWN}`]],
    [
      'cmd: "x ${a..b}"',
      [
        '2:15 the template `${a..b}` cannot be read (a template names a value, `${train.lr}` or `${layers[0]}`; `${` as text is written `\\${`)',
      ],
    ],
    [
      'cmd: "x ${train.layers}"',
      [
        '2:15 `${train.layers}` is a list, which cannot stand in a text (name one of its items, or make a stage of each with `foreach` or `matrix`)',
      ],
    ],
    [
      'cmd: x, deps: ["${train}"]',
      [
        '2:23 `${train}` is a map, which cannot stand in a text (a map can stand in a command, where it becomes options; elsewhere name one of its values)',
      ],
    ],
    [
      'cmd: x, frozen: "${f}"',
      ['2:23 expected true or false, found the text "${f}" (a template cannot stand here; write the value itself)'],
    ],
    [
      'cmd: x, outs: [o: {cache: "${f}"}]',
      ['2:33 expected true or false, found the text "${f}" (a template cannot stand here; write the value itself)'],
    ],
    [
      'cmd: x, deps: "${d}"',
      ['2:21 expected a list of paths, found the text "${d}" (a template cannot stand here; write the value itself)'],
    ],
    ['cmd: x, retries: "${train.lr}"', ['2:24 expected a whole number, 0 or more, found the number 0.1']],
    ['cmd: x, timeout: "${name}"', ['2:24 expected seconds, or text like 10m or 1h30m, found the text "x"']],
    ['cmd: x, resources: {cpus: "${name}"}', ['2:33 expected a number of cores above 0, found the text "x"']],
    [
      'cmd: "${train.lr}", outs: ["${name}": {cache: false}, "${name}": {cache: true}]',
      ['2:61 the out `x` is listed twice in the stage `s` [see 2:34]'],
    ],
    ['cmd: x, outs: [{"${name}": {cache: false}, x: {cache: true}}]', ['2:50 the key `x` is made twice in one map']],
    [
      'cmd: x, outs: ["/${name}"]',
      ['2:22 the path `/x` is absolute (write it relative to the directory of the stage)'],
    ],
    ['cmd: x, outs: ["../${name}": {push: false}]', ['2:22 the path `../x` leads outside the project']],
    ['cmd: x, wdir: "${nope}"', [`2:22 \`\${nope}\` names no value ${KNOWN}`]],
  ])('%s', (body, expected) => {
    expect(mistakes(`stages:\n  s: {${body}}`).map((line) => line.replace('pipeline.yaml:', ''))).toEqual(expected);
  });

  test('stand in every value and every key, and keep the kind of what is no text', () => {
    const files = { 'params.yaml': 'n: 2\nt: 90\np: {a: x y, m: 1GB}\nkey: lr\n' };
    const text = `
stages:
  s:
    cmd: ["echo \${n}", 'run \\\${HOME} \${p}']
    deps: ["d/\${p.a}"]
    params: ["\${key}", "\${key}.yaml": ["\${n}"]]
    outs: ["o\${n}": {desc: "\${n}", labels: ["\${n}"], remote: "r\${n}", meta: {"k\${n}": "\${n}"}}]
    plots: ["p\${n}": {x: "\${n}"}]
    env: {"E\${n}": "\${n}", F: 1.0}
    meta: {a: "\${n}", b: "\${p.a}!", c: ["\${n}"]}
    desc: "\${n} times"
    timeout: "\${t}"
    retries: "\${n}"
    resources: {cpus: "\${n}", memory: "\${p.m}"}
    mutex: "db\${n}"
`;
    expect(stages(text, files)).toMatchObject([
      {
        cmd: ['echo 2', "run ${HOME} --a 'x y' --m 1GB"],
        deps: ['d/x y'],
        params: [
          { file: 'params.yaml', keys: ['lr'] },
          { file: 'lr.yaml', keys: ['2'] },
        ],
        outs: [
          { path: 'o2', desc: '2', labels: ['2'], remote: 'r2', meta: { k2: '2' } },
          { path: 'p2', plot: { x: '2' } },
        ],
        env: { E2: '2', F: '1.0' },
        meta: { a: 2, b: 'x y!', c: [2] },
        desc: '2 times',
        timeout: 90_000,
        retries: 2,
        resources: { cpus: 2, memory: 1_000_000_000 },
        mutex: ['db2'],
      },
    ]);
  });
});

describe('groups', () => {
  test.each<[string, string[]]>([
    ['foreach: "${name}", do: {cmd: x}', ['2:16 `foreach` of `s` needs a list or a map, but this is text']],
    ['foreach: "${nope}", do: {cmd: "${nope}"}', [`2:17 \`\${nope}\` names no value ${KNOWN}`]],
    ['foreach: 3, do: {cmd: x}', ['2:16 expected a list, a map, or a template that names one, found the number 3']],
    [
      'foreach: [1], cmd: y, do: {cmd: x}',
      ['2:21 `cmd` cannot stand beside `foreach` (write it below `do`, which is the stage that is made of each)'],
    ],
    [
      'foreach: [1], matrix: {a: [1]}, do: {cmd: x}',
      ['2:21 `matrix` cannot stand beside `foreach` (write it below `do`, which is the stage that is made of each)'],
    ],
    [
      'foreach: [1], do: {cmd: x, matrix: {a: [1]}}',
      [
        '2:34 `matrix` cannot stand inside of `foreach` (a stage is made by one of them; a matrix can have any number of axes)',
      ],
    ],
    ['foreach: [1]', ['2:3 `do` is missing']],
    ['do: {cmd: x}', ['2:3 `foreach` is missing']],
    ['foreach: [1], do: {}', ['2:21 `cmd` is missing']],
    ['foreach: [1], do: {cmd: x, dep: [y]}', ['2:34 unknown key `dep` (did you mean `deps`?)']],
    [
      'foreach: [1, 2, {v: 1}], do: {cmd: "x ${item.v}"}',
      ['2:45 `${item.v}` names no value, in `s@0` (did you mean `item`?)'],
    ],
    [
      'foreach: [1, 2], do: {cmd: "x ${key}"}',
      [
        '2:37 `${key}` names no value, in `s@1` (known here: item, train, name; a variable of the shell is written `$NAME`, and `${` as text `\\${`)',
      ],
    ],
    ['matrix: {}, cmd: x', ['2:15 the matrix of `s` has no axes']],
    ['matrix: {x: abc}, cmd: x', ['2:19 expected a list, or a template that names one, found the text "abc"']],
    ['matrix: {x: 3}, cmd: x', ['2:19 expected a list, or a template that names one, found the number 3']],
    ['matrix: {x: "${name}"}, cmd: x', ['2:19 the axis `x` needs a list, but this is text']],
    ['matrix: {x: ["${nope}"]}, cmd: x', [`2:21 \`\${nope}\` names no value ${KNOWN}`]],
    ['matrxi: {x: [1]}, cmd: x', ['2:7 unknown key `matrxi` (did you mean `matrix`?)']],
    [
      'foreach: [1, 2], do: {cmd: "", outs: ["/${item}"]}',
      ['2:34 the command is empty', '2:45 the path `/1` is absolute (write it relative to the directory of the stage)'],
    ],
    [
      'foreach: [1, 2], do: {cmd: x, outs: [o]}',
      [
        '2:44 the out `o` is written by two stages, `s@1` and `s@2` (name it by `${item}`, so that each stage of the group writes its own)',
      ],
    ],
  ])('%s', (body, expected) => {
    expect(mistakes(`stages:\n  s: {${body}}`)).toEqual(expected);
  });

  test('a slip that would make a million stages is refused', () => {
    const axes = [...'abcdef'].map((axis) => `${axis}: "\${ten}"`).join(', ');
    expect(
      mistakes(`vars: [{ten: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}]\nstages:\n  s: {matrix: {${axes}}, cmd: x}`),
    ).toEqual(['3:15 the matrix of `s` makes 1000000 stages, more than the 100000 that are allowed']);
  });

  test('of a list, of a map and of references, named as DVC names them', () => {
    const files = { 'params.yaml': 'list: [true, 1.0]\nmap: {a: {v: 1}, b: {v: 2.0}}\none: x\n' };
    const text = `
stages:
  scalars: {foreach: [1, 1.0, true, null, a/b, --x, "", 1], do: {cmd: "c \${item}"}}
  mixed: {foreach: [1, {v: 2}], do: {cmd: x}}
  map: {foreach: {k: 1, "x y": [2]}, do: {cmd: "\${key}"}}
  list: {foreach: "\${list}", do: {cmd: "\${item}"}}
  refs: {foreach: "\${map}", do: {cmd: "\${key} \${item.v} \${item}"}}
  inner: {foreach: ["\${one}", "\${one}2"], do: {cmd: "\${item}"}}
`;
    expect(commands(text, files)).toEqual([
      'scalars@1: c 1',
      'scalars@1.0: c 1.0',
      'scalars@true: c true',
      'scalars@None: c None',
      'scalars@a/b: c a/b',
      'scalars@--x: c --x',
      'scalars@: c ',
      'mixed@0: x',
      'mixed@1: x',
      'map@k: k',
      'map@x y: x y',
      'list@True: true',
      'list@1.0: 1.0',
      'refs@a: a 1 --v 1',
      'refs@b: b 2.0 --v 2.0',
      'inner@x: x',
      'inner@x2: x2',
    ]);
  });

  test('a matrix of scalars, lists and maps, with its axes in order', () => {
    const text = `
stages:
  s:
    deps: ["\${item.n}"]
    matrix:
      m: [{w: 3, l: [1, 2]}, [5]]
      n: [--a, ""]
      k: "\${train.layers}"
    cmd: x \${item.n} \${item.k} \${key}
  t: {matrix: {x: "\${train}"}, cmd: "\${item.x}"}
`;
    const made = stages(text.replace('deps: ["${item.n}"]', 'desc : "${item.n}"'));
    expect(made.map(({ name, cmd, desc }) => [name, cmd, desc])).toEqual([
      ['s@m0---a-1', 'x --a 1 m0---a-1', '--a'],
      ['s@m0---a-2', 'x --a 2 m0---a-2', '--a'],
      ['s@m0--1', 'x  1 m0--1', ''],
      ['s@m0--2', 'x  2 m0--2', ''],
      ['s@m1---a-1', 'x --a 1 m1---a-1', '--a'],
      ['s@m1---a-2', 'x --a 2 m1---a-2', '--a'],
      ['s@m1--1', 'x  1 m1--1', ''],
      ['s@m1--2', 'x  2 m1--2', ''],
      ['t@lr', 'lr', undefined],
      ['t@layers', 'layers', undefined],
    ]);
    expect(mistakes(text)).toEqual(['4:12 the path is empty']);
  });

  test('anchors, merges, and a merged matrix that is overridden', () => {
    const text = `
stages:
  a: &a
    deps: [./data=x]
    cmd: x \${item.p}
    matrix: {p: [1]}
    env: {LR: 1.0}
  b: {<<: *a, matrix: {p: [2, 3]}}
  c: {foreach: [4], do: {<<: *a, matrix: }}
`;
    expect(mistakes(text)).toEqual([
      '9:34 `matrix` cannot stand inside of `foreach` (a stage is made by one of them; a matrix can have any number of axes)',
    ]);
    const good = stages(text.replace(/ {2}c:.*\n/, ''));
    expect(good.map(({ name, cmd, env, deps }) => [name, cmd, env, deps])).toEqual([
      ['a@1', 'x 1', { LR: '1.0' }, ['data=x']],
      ['b@2', 'x 2', { LR: '1.0' }, ['data=x']],
      ['b@3', 'x 3', { LR: '1.0' }, ['data=x']],
    ]);
  });

  test('the vars and the wdir of a stage that is made', () => {
    const text =
      'stages:\n  s: {matrix: {d: [sub, two]}, wdir: "${item.d}", vars: [v.yaml, {z: 1.0}], cmd: "${w} ${z} ${key}"}';
    expect(stages(text).map(({ wdir, cmd }) => [wdir, cmd])).toEqual([
      ['sub', 'inside 1.0 sub'],
      ['two', 'two 1.0 two'],
    ]);
  });

  test('what is understood, but was probably not meant', () => {
    expect(warnings('vars: [i.yaml]\nstages:\n  s: {foreach: [1], do: {cmd: "${item}"}}')).toEqual([
      '3:16 `item` is a value already; in the stages of `s` it is what `foreach` gives [see i.yaml:1:1]',
    ]);
    expect(warnings('stages:\n  s: {matrix: {x: [a-b, a], y: [c, b-c]}, cmd: "${key}"}')).toEqual([
      '2:15 two different stages would be called `s@a-b-c`; only the later one is made (change one of the values, so that their names differ)',
    ]);
    const leftover =
      '`live` is left over from DVC 2 and has no effect (list the files that are written among `metrics` and `plots`, and remove it)';
    expect(warnings('stages:\n  s: {cmd: x, live: {d: {html: true}}}')).toEqual([`2:15 ${leftover}`]);
    expect(warnings('stages:\n  s: {foreach: [1], do: {cmd: x, live: d}}')).toEqual([`2:34 ${leftover}`]);
  });
});

test('the work for generated stages grows as their number does', () => {
  const work = (count: number): number => {
    const files = {
      'params.yaml': `items: [${Array.from({ length: count }, (_, index) => `i${index}`).join(', ')}]\nother: {x: 1}\n`,
    };
    const text =
      'stages:\n  s: {foreach: "${items}", do: {cmd: "x ${item} ${other.x}", vars: [{v: 1}], deps: ["d${item}"], outs: ["o${item}"]}}';
    return countCalls(() => expect(parse(text, files).pipeline?.stages.length).toBe(count));
  };
  expect(work(2000) / work(500)).toBeLessThan(4.2);
});

/** How often maps are asked and told something while a function runs, which is most of what an expansion does. */
function countCalls(run: () => void): number {
  const { get, set, has } = Map.prototype;
  let calls = 0;
  const counting = <Args extends unknown[], Result>(method: (...args: Args) => Result) =>
    function (this: unknown, ...args: Args): Result {
      calls += 1;
      return Reflect.apply(method, this, args);
    };
  Object.assign(Map.prototype, { get: counting(get), set: counting(set), has: counting(has) });
  try {
    run();
  } finally {
    Object.assign(Map.prototype, { get, set, has });
  }
  return calls;
}
