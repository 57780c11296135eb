// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are templates
import { describe, expect, test } from 'vitest';
import { commands, mistakes, parse, stages, warnings } from '../../test/support/parsed.ts';

const KNOWN = '(known here: train, name; a variable of the shell is written `$NAME`, and `${` as text `\\${`)';

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
