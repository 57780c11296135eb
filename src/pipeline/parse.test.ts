import { describe, expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { parsePipeline } from './parse.ts';

/** Every mistake on one line: where, what, `see` where, and the hint. */
function mistakes(text: string, file = 'pipeline.yaml'): string[] {
  return parsePipeline(file as ProjectPath, text).diagnostics.map(lineOf);
}

function lineOf({ place, message, related, hint }: Diagnostic): string {
  const see = related === undefined ? '' : ` [see ${related.line}:${related.column}]`;
  return `${place?.line}:${place?.column} ${message}${see}${hint === undefined ? '' : ` (${hint})`}`;
}

function stagesOf(text: string, file = 'pipeline.yaml') {
  const { pipeline, diagnostics } = parsePipeline(file as ProjectPath, text);
  expect(diagnostics).toEqual([]);
  return pipeline?.stages ?? [];
}

const stage = (lines: string) => `stages:\n  a:\n    cmd: x\n    ${lines}\n`;

describe('syntax', () => {
  test.each<[string, string[]]>([
    ['a:\n\tb: 1', ['2:1 a tab is used to indent (indent with blanks; YAML does not allow tabs here)']],
    ['a: b: c', ['1:4 a map cannot begin on the line of a key (put text that contains ": " in quotes)']],
    ['a: [1,\nb: 2', ['2:1 flow sequence in block collection must be sufficiently indented and end with a ]']],
    ['a: @x', ['1:4 text that begins with this character must be in quotes']],
    ['stages:\n---\nstages:', ['2:1 a pipeline file holds one YAML document, but another begins here']],
    ['stages:\n  ? [a]\n  : b', ['2:5 a key must be text, not a list or a map']],
    ['stages: !x {}', ['1:9 the tag `!x` means nothing here (remove the tag)']],
    ['a: @x\nb: @y', ['1', '2'].map((line) => `${line}:4 text that begins with this character must be in quotes`)],
    ['stages: *all', ['1:9 no anchor `&all` stands before this alias']],
    ['stages: &all [*all]', ['1:15 the alias `*all` stands inside of what it repeats']],
    ['stages:\n  a: {cmd: x, <<: 3}', ['2:19 only a map, or a list of maps, can be merged with `<<`']],
    ['stages:\n  a: {cmd: x}\n  __proto__: {cmd: x}', ['3:3 the key `__proto__` cannot be used']],
    ['['.repeat(20_000), ['1:101 lists and maps stand in one another too deeply to be read']],
    [`${'- '.repeat(20_000)}x`, ['1:201 lists and maps stand in one another too deeply to be read']],
  ])('%j', (text, expected) => {
    expect(mistakes(text)).toEqual(expected);
  });

  test('a key that is written twice, with the place of the first', () => {
    const text = 'stages:\n  a:\n    cmd: x\n    cmd: y\n  b: {cmd: x}\n  a: {cmd: z}\n';
    expect(mistakes(text)).toEqual([
      '4:5 the key `cmd` is written twice in one map [see 3:5]',
      '6:3 the key `a` is written twice in one map [see 2:3]',
    ]);
  });

  test('aliases that repeat one another without end', () => {
    const rows = 'bcdefgh'.split('').map((name, index) => {
      return `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[index]}`).join(', ')}]`;
    });
    const text = `a: &a [${Array(10).fill('1').join(', ')}]\n${rows.join('\n')}\n`;
    expect(mistakes(text)).toEqual(['8:8 the aliases of this file repeat one another millions of times']);
  });

  test('deep indentation inside of a script is no nesting', () => {
    expect(stagesOf(`stages:\n  a:\n    cmd: |\n      if\n${' '.repeat(300)}x\n`)).toHaveLength(1);
  });

  test('carries the text of the line, without its end', () => {
    const [diagnostic] = parsePipeline('a/pipeline.yaml' as ProjectPath, 'stages:\r\n  a: 3\r\n').diagnostics;
    expect(diagnostic?.place).toEqual({ file: 'a/pipeline.yaml', line: 2, column: 6, text: '  a: 3' });
  });
});

describe('shape', () => {
  test.each<[string, string[]]>([
    ['- 1', ['1:1 expected a map with the key `stages`, found a list']],
    ['stages: [a]', ['1:9 expected a map of names to stages, found a list']],
    ['stages:\n  a:\n', ['2:3 expected a map with the keys of a stage, found nothing']],
    ['stages:\n  a: {deps: [x]}', ['2:3 `cmd` is missing']],
    ['stages:\n  a: {cmd: }', ['2:7 expected a command, or a list of commands, found nothing']],
    [
      'stages:\n  a: {cmd: 3}',
      ['2:12 expected a command, or a list of commands, found the number 3 (put text in quotes)'],
    ],
    ['stages:\n  a: {cmd: [x, 3]}', ['2:16 expected a command, found the number 3 (put text in quotes)']],
    ['stage:\n  a: {cmd: x}', ['1:1 unknown key `stage` (did you mean `stages`?)']],
    [stage('dep: [x]'), ['4:5 unknown key `dep` (did you mean `deps`?)']],
    [stage('deps: x'), ['4:11 expected a list of paths, found the text "x" (write a list, `deps: [x]`)']],
    [stage('deps: 5'), ['4:11 expected a list of paths, found the number 5']],
    [stage('deps: [x, 5]'), ['4:15 expected a path, found the number 5 (put text in quotes)']],
    [stage('outs: [[x]]'), ['4:12 expected a path, or a path with flags, found a list']],
    [stage('outs: [x: {cache: 1}]'), ['4:23 expected true or false, found the number 1']],
    [stage('outs: [x: {cache: yes}]'), ['4:23 expected true or false, found the text "yes"']],
    [stage('outs: [x: {cach: true}]'), ['4:16 unknown key `cach` (did you mean `cache`?)']],
    [
      stage('outs: [{path: x, cache: true}]'),
      [
        '4:19 expected a map of flags, found the text "x" (flags are written below the path: `- model.pkl: {cache: false}`)',
        '4:29 expected a map of flags, found true',
      ],
    ],
    [stage('plots: [p: {x: 1}]'), ['4:20 expected text, found the number 1 (put text in quotes)']],
    [stage('plots: [p: [{title: a, zork: 1}]]'), ['4:28 unknown key `zork` (known keys here: cache, ']],
    [
      stage('params: [1.5]'),
      ['4:14 expected a key, or a params file with its keys, found the number 1.5 (put text in quotes)'],
    ],
    [
      stage('params: [p.yaml: lr]'),
      ['4:22 expected a list of keys, or nothing for the whole file, found the text "lr" (write'],
    ],
    [stage('env: {A: [1]}'), ['4:14 expected text, a number, true or false, found a list']],
    [stage('env: {A: }'), ['4:11 expected text, a number, true or false, found nothing']],
    [stage('frozen: 1'), ['4:13 expected true or false, found the number 1']],
    [stage('timeout: soon'), ['4:14 expected seconds, or text like 10m or 1h30m, found the text "soon"']],
    [stage('timeout: 0m'), ['4:14 expected a time above 0, found the text "0m"']],
    [stage('timeout: -1'), ['4:14 expected a time above 0, found the number -1']],
    [stage('retries: -1'), ['4:14 expected a whole number, 0 or more, found the number -1']],
    [stage('retries: 1.5'), ['4:14 expected a whole number, 0 or more, found the number 1.5']],
    [stage('resources: {memory: 8G}'), ['4:25 expected bytes, or text like 8GB or 512MiB, found the text "8G"']],
    [stage('resources: {gpus: 0.5}'), ['4:23 expected a whole number of GPUs, found the number 0.5']],
    [stage('resources: {cpu: 1}'), ['4:17 unknown key `cpu` (did you mean `cpus`?)']],
    [stage('mutex: [1]'), ['4:13 expected a name, found the number 1 (put text in quotes)']],
    [stage('executor: slurm'), ['4:15 expected `local`, found the text "slurm"']],
  ])('%j', (text, expected) => {
    const found = mistakes(text);
    expect(found).toHaveLength(expected.length);
    for (const [index, line] of expected.entries()) expect(found[index]).toContain(line);
  });

  test('mistakes in what was merged are shown where it is written', () => {
    const text = 'stages:\n  a: &a\n    cmd: x\n    retries: no\n  b:\n    <<: *a\n    retries: 2\n  c:\n    <<: *a\n';
    expect(mistakes(text)).toEqual(Array(2).fill('4:14 expected a whole number, 0 or more, found the text "no"'));
  });
});

describe('rules', () => {
  test.each<[string, string[]]>([
    ['stages:\n  "": {cmd: x}', ['2:3 a stage needs a name']],
    [
      'stages:\n  a@b: {cmd: x}',
      [
        '2:3 a stage name cannot contain `@` (names with `@` are those that `foreach` and `matrix` make; call it `a-b`)',
      ],
    ],
    ['stages:\n  "a\\n": {cmd: x}', ['2:3 a stage name cannot contain control characters']],
    ['stages:\n  a: {cmd: " "}', ['2:12 the command is empty']],
    ['stages:\n  a: {cmd: []}', ['2:12 the list of commands is empty']],
    ['stages:\n  a: {cmd: [x, ""]}', ['2:16 the command is empty']],
    ['stages:\n  a: {cmd: "x\\0"}', ['2:12 a command cannot contain a NUL character']],
    [stage('env: {A=B: 1}'), ['4:11 the name of an environment variable cannot contain `=`']],
    [stage('wdir: ../..'), ['4:11 the path `../..` leads outside the project']],
    [stage('deps: [""]'), ['4:12 the path is empty']],
    [stage('deps: ["a\\0"]'), ['4:12 a path cannot contain a NUL character']],
    [stage('deps: [/x]'), ['4:12 the path `/x` is absolute (write it relative to the directory of the stage)']],
    [stage('deps: [../../x]'), ['4:12 the path `../../x` leads outside the project']],
    [
      stage('deps: [s3://b/k]'),
      [
        '4:12 the URL `s3://b/k` cannot be used as a path (`dvc import-url s3://b/k` makes a file of the project of it, which a stage can name)',
      ],
    ],
    [
      stage('deps: [d.csv.dvc]'),
      ['4:12 `sub/d.csv.dvc` tracks data, and cannot be a dep (name the data itself, `sub/d.csv`)'],
    ],
    [
      stage('deps: [../dvc.yaml]'),
      [
        '4:12 `dvc.yaml` is a pipeline file, which DVC does not take for a dep (name what its stages write; a changed command is a reason to run by itself)',
      ],
    ],
    [
      stage('outs: [d.dvc]'),
      ['4:12 the out `sub/d.dvc` is a file that tracks data, which only `add` and `import` write'],
    ],
    [stage('outs: [../]'), ['4:12 an out cannot be the whole project']],
    [stage('outs: [.]'), ['4:12 the out `sub` is a directory that contains the pipeline file']],
    [stage('outs: [pipeline.yaml]'), ['4:12 the out `sub/pipeline.yaml` is the pipeline file itself']],
    [stage('outs: [b/dvc.lock]'), ['4:12 the out `sub/b/dvc.lock` is a lockfile, which only lockstep writes']],
    [stage('outs: [../.git/hooks]'), ['4:12 the out `.git/hooks` belongs to `.git`, where a stage cannot write']],
    [
      stage('{wdir: w, outs: [../w]}').replace('{wdir: w, outs: [../w]}', 'wdir: w\n    outs: [../w]'),
      ['5:12 the out `sub/w` contains the directory that the command runs in'],
    ],
    [stage('outs: [o, o/]'), ['4:15 the out `sub/o` is listed twice in the stage `a` [see 4:12]']],
    [
      stage('outs: [o]\n    metrics: [o: {cache: false}]'),
      ['5:15 the out `sub/o` is listed twice in the stage `a` [see 4:12]'],
    ],
    [stage('outs: [o/x, o]'), ['4:17 the out `sub/o/x` lies inside the out `sub/o` of the same stage [see 4:12]']],
    [stage('outs: [o]\n    deps: [./o]'), ['4:12 the stage both reads and writes `sub/o` [see 5:12]']],
    [
      stage('outs: [o]\n    deps: [o/x]'),
      ['4:12 the stage reads `sub/o/x`, which lies inside its own out `sub/o` [see 5:12]'],
    ],
    [
      stage('outs: [o/x]\n    deps: [o]'),
      ['4:12 the out `sub/o/x` lies inside of `sub/o`, which the same stage reads [see 5:12]'],
    ],
    [
      stage('outs: [params.yaml]\n    params: [lr]'),
      ['4:12 the stage both reads and writes `sub/params.yaml` [see 5:14]'],
    ],
    [
      'stages:\n  a: {cmd: x, outs: [o]}\n  b: {cmd: y, outs: [../sub/o]}',
      ['3:22 the out `sub/o` is written by two stages, `a` and `b` [see 2:22]'],
    ],
    [
      'stages:\n  a: {cmd: x, outs: [o/x: {push: false}]}\n  b: {cmd: y, outs: [o]}',
      ['3:22 the out `sub/o/x` of `a` lies inside the out `sub/o` of `b` [see 2:22]'],
    ],
  ])('%j', (text, expected) => {
    expect(mistakes(text, 'sub/pipeline.yaml')).toEqual(expected);
  });

  test('names with blanks, dots, colons and letters of any language are good', () => {
    const names = ['a.b c', '-a', '.a', 'a:b', 'a/b', 'größe', '火', 'a+b=c', '1', 'true', '1.0', 'a'.repeat(300)];
    const text = `stages:\n${names.map((name) => `  ${name}: {cmd: x}\n`).join('')}`;
    expect(
      stagesOf(text)
        .map((one) => one.name)
        .sort(),
    ).toEqual([...names].sort());
  });

  test('all mistakes of a file come at once, in its order', () => {
    const text =
      'vars: [x]\nstages:\n  a@: {cmd: ""}\n  b: {cmd: x, deps: [/x], outs: [o]}\n  c: {cmd: 3}\n  d: {cmd: x, outs: [o/p]}\n';
    expect(mistakes(text).map((line) => line.split(' ')[0])).toEqual(['1:8', '3:3', '3:13', '4:22', '5:12', '6:22']);
  });
});

describe('stages', () => {
  test('an empty file, and one without stages, are pipelines', () => {
    for (const text of ['', '# nothing', 'stages:', 'stages: {}', 'metrics: [m.json]\nartifacts: {m: {path: x}}']) {
      expect(stagesOf(text)).toEqual([]);
    }
  });

  test('a stage with everything, resolved', () => {
    const text = `
stages:
  train:
    cmd: |
      echo \\\${HOME}
      run
    wdir: ../work/
    deps: [data/, ./data, src/a b.py]
    outs:
      - model: {cache: false, desc: the model}
      - logs/: {persist: true, push: false, remote: r, labels: [x]}
      - plain:
    metrics: [m.json]
    plots: [p.csv: {x: step, y_label: loss, cache: false}, q.csv]
    params: [lr, conf.toml: , lr, net.depth, other.json: [a, b], conf.toml: [c], params.yaml: [z]]
    env: {ONE: 1.0, TRUE: true, HEX: 0x10, TEXT: "x", FROM: '\\\${X}'}
    timeout: 1h30m
    retries: 2
    resources: {cpus: 0.5, memory: 512MiB, gpus: 1}
    mutex: db
    frozen: true
    always_changed: true
    executor: local
    desc: trains
    meta: {since: 2020-01-01, most: .inf}
`;
    expect(stagesOf(text, 'sub/pipeline.yaml')).toEqual([
      {
        id: 'sub/pipeline.yaml:train',
        name: 'train',
        file: 'sub/pipeline.yaml',
        wdir: 'work',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: what the shell is to see
        cmd: 'echo ${HOME}\nrun\n',
        deps: ['work/data', 'work/src/a b.py'],
        written: {
          deps: [
            ['work/data', 'data/'],
            ['work/data', './data'],
            ['work/src/a b.py', 'src/a b.py'],
          ],
          outs: [
            ['work/model', 'model'],
            ['work/logs', 'logs/'],
            ['work/plain', 'plain'],
            ['work/m.json', 'm.json'],
            ['work/p.csv', 'p.csv'],
            ['work/q.csv', 'q.csv'],
          ],
        },
        outs: [
          { path: 'work/model', kind: 'out', cache: false, persist: false, push: true, desc: 'the model' },
          { path: 'work/logs', kind: 'out', cache: true, persist: true, push: false, remote: 'r', labels: ['x'] },
          { path: 'work/plain', kind: 'out', cache: true, persist: false, push: true },
          { path: 'work/m.json', kind: 'metric', cache: true, persist: false, push: true },
          {
            path: 'work/p.csv',
            kind: 'plot',
            cache: false,
            persist: false,
            push: true,
            plot: { x: 'step', yLabel: 'loss' },
          },
          { path: 'work/q.csv', kind: 'plot', cache: true, persist: false, push: true },
        ],
        params: [
          { file: 'work/params.yaml', keys: ['lr', 'net.depth', 'z'] },
          { file: 'work/conf.toml', keys: null },
          { file: 'work/other.json', keys: ['a', 'b'] },
        ],
        // biome-ignore lint/suspicious/noTemplateCurlyInString: what the command is to see
        env: { ONE: '1.0', TRUE: 'true', HEX: '0x10', TEXT: 'x', FROM: '${X}' },
        timeout: 5_400_000,
        retries: 2,
        resources: { cpus: 0.5, memory: 536_870_912, gpus: 1 },
        mutex: ['db'],
        frozen: true,
        alwaysChanged: true,
        desc: 'trains',
        meta: { since: '2020-01-01', most: '.inf' },
      },
    ]);
  });

  test('defaults', () => {
    expect(stagesOf('stages:\n  a: {cmd: [x, y]}')).toEqual([
      {
        id: 'pipeline.yaml:a',
        name: 'a',
        file: 'pipeline.yaml',
        wdir: '.',
        cmd: ['x', 'y'],
        env: {},
        deps: [],
        params: [],
        outs: [],
        frozen: false,
        alwaysChanged: false,
        retries: 0,
        resources: {},
        mutex: [],
      },
    ]);
  });

  test('anchors and merges, many times the same, with numbers as they are spelled', () => {
    const more = Array.from({ length: 300 }, (_, index) => `  s${index}: {<<: *base, outs: [o${index}]}\n`);
    const text = `stages:\n  base: &base\n    cmd: x\n    env: &env {A: 1.0}\n  own: {cmd: y, env: {<<: *env, B: 2.50}}\n${more.join('')}`;
    const stages = stagesOf(text);
    expect(stages).toHaveLength(302);
    expect(stages[1]?.env).toEqual({ A: '1.0', B: '2.50' });
    expect(stages.at(-1)?.env).toEqual({ A: '1.0' });
  });

  test('the result is the same after a way through JSON', () => {
    const { pipeline } = parsePipeline(
      'p.yaml' as ProjectPath,
      stage('meta: {a: .nan, b: [null, 1e3]}\n    timeout: 5'),
    );
    expect(JSON.parse(JSON.stringify(pipeline))).toEqual(pipeline);
    expect(JSON.stringify(pipeline)).toContain('"meta":{"a":".nan","b":[null,1000]}');
  });

  test('stages without mistakes are given although others have some', () => {
    const { pipeline } = parsePipeline('p.yaml' as ProjectPath, 'stages:\n  a: {cmd: 3}\n  b: {cmd: x}\n');
    expect(pipeline?.stages.map((one) => one.name)).toEqual(['b']);
  });
});
