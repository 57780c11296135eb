// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are templates
import { describe, expect, test } from 'vitest';
import { commands, mistakes, parse, stages } from '../../test/support/parsed.ts';
import type { ProjectPath } from '../base/brand.ts';
import { parsePipeline } from './parse.ts';

const DEFINED_ONCE = '(maps are merged, but any other value is defined in one place)';
const NAME_ONCE = '(name the file once: whole, or with all the keys that are wanted)';

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
