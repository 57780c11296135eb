// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are templates
import { describe, expect, test } from 'vitest';
import { mistakes, stages } from '../../test/support/parsed.ts';

const KNOWN = '(known here: train, name; a variable of the shell is written `$NAME`, and `${` as text `\\${`)';

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
