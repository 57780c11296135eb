// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are templates
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProjectPath } from '../../../src/base/brand.ts';
import { readDataFile } from '../../../src/pipeline/data-file.ts';
import { parsePipeline } from '../../../src/pipeline/parse.ts';
import { pythonText } from '../../../src/pipeline/python-text.ts';
import {
  asValue,
  isScalarValue,
  isValueList,
  isValueMap,
  type Value,
  type ValueMap,
} from '../../../src/pipeline/value.ts';
import { askDvc, type Coded, REAL_DVC } from './real-dvc.ts';

type Files = Readonly<Record<string, string>>;

/** What both tools make of a stage, as far as they can be compared before it runs. */
interface Resolved {
  readonly name: string;
  readonly cmd: string | readonly string[];
  readonly deps: readonly string[];
  readonly outs: readonly string[];
}

/** The stages of the `dvc.yaml` among some files, or the word `error`. */
function ours(files: Files): readonly Resolved[] | 'error' {
  const readData = (file: ProjectPath) => files[file];
  const { pipeline, diagnostics } = parsePipeline('dvc.yaml' as ProjectPath, files['dvc.yaml'] ?? '', { readData });
  if (diagnostics.length > 0) return 'error';
  return (pipeline?.stages ?? []).map(({ name, cmd, deps, outs }) => {
    return { name, cmd, deps: [...deps].sort(), outs: outs.map(({ path }) => path).sort() };
  });
}

function theirs(projects: readonly Files[]): readonly (readonly Resolved[] | 'error')[] {
  const answers = askDvc('resolve', projects) as readonly (string | readonly (readonly [string, Coded])[])[];
  return answers.map((answer) => {
    if (typeof answer === 'string') return 'error';
    return answer.map(([name, coded]) => {
      const stage = valueOfCoded(coded);
      const texts = (key: string) => textsOf(isValueMap(stage) ? stage.get(key) : undefined);
      const [cmd = '', ...more] = texts('cmd');
      const isList = isValueMap(stage) && isValueList(stage.get('cmd'));
      const paths = (key: string) => [...new Set(texts(key))].sort();
      return { name, cmd: isList ? [cmd, ...more] : cmd, deps: paths('deps'), outs: paths('outs') };
    });
  });
}

function textsOf(value: Value | undefined): string[] {
  if (value === undefined) return [];
  if (isValueList(value)) return value.flatMap(textsOf);
  return isScalarValue(value) ? [pythonText(value)] : [...value.keys()];
}

function valueOfCoded([kind, content]: Coded): Value {
  if (kind === 'int') return BigInt(content as string);
  if (kind === 'float') return Number((content as string).replace('inf', 'Infinity'));
  if (kind === 'list') return (content as readonly Coded[]).map(valueOfCoded);
  if (kind !== 'map') return content as Value;
  const entries = content as readonly (readonly [Coded, Coded])[];
  return new Map(entries.map(([key, value]) => [textsOf(valueOfCoded(key))[0] ?? '', valueOfCoded(value)]));
}

/** Flow style with every kind of scalar as Python would write it. */
function yamlOf(value: Value): string {
  if (isValueList(value)) return `[${value.map(yamlOf).join(', ')}]`;
  if (isValueMap(value))
    return `{${[...value].map(([key, member]) => `${JSON.stringify(key)}: ${yamlOf(member)}`).join(', ')}}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === null) return 'null';
  return typeof value === 'number' && !Number.isFinite(value) ? (value > 0 ? '.inf' : '-.inf') : pythonText(value);
}

const PARAMS = `
a: 1_000
b: [0b11, 010, +5, 0o17, 0x1F, 1_0.5, 1e5, .5, 12e03, -0.0, 1e-5, 1e16, 1.0]
c: {k: 1, l: {m: 2.0, n: {}}, o: true, p: false, q: null, r: [1, 'a b', true, null], s: "it's", t: [], "x-y": ''}
d: [{n: x, v: 1}, {n: y, v: 2}]
e: {one: {v: 1.50}, two: {v: true}}
t: "x y"
z:
`;

const stage = (text: string): Files => ({ 'params.yaml': PARAMS, 'dvc.yaml': `stages:\n  ${text}\n` });

const CASES: readonly Files[] = [
  ...[
    's: {cmd: "x ${a} ${b[0]} ${b[1]} ${b[2]} ${b[3]} ${b[4]} ${b[5]} ${b[6]} ${b[7]} ${b[8]} ${t} ${z}"}',
    's: {cmd: ["${b[-1]} ${ b.9 }", "${b [10]} ${b[ 11 ]} ${ c . l . m }", "x ${c}", "x ${c.l} ${d[0].n}"]}',
    's: {cmd: "${a}", deps: ["${a}", "${t}/${a}", "${t}"], outs: ["${a}.p": {desc: "${a}"}, "o-${b[6]}"]}',
    's: {cmd: "\\\\${a} $${a} ${a] ${ \\\\${ x", deps: ["\\\\${a}"]}',
    ...[
      '${}',
      '${a.}',
      '${b[0]x}',
      '${.a}',
      '${a..b}',
      '${b[0}',
      '${ }',
      '${HOME:-x}',
      '${${a}}',
      '${b}',
      '${b[99]}',
    ].map((text) => `s: {cmd: "x ${text}"}`),
    ...['${b}', '${c}', '${nope}'].map((text) => `s: {cmd: x, deps: ["${text}"]}`),
    's: {foreach: [1, 1.0, true, null, "01", -x, é, a/b, "a:b"], do: {cmd: "x ${item}", outs: ["${item}"]}}',
    's: {foreach: {1: a, on: b, c: , "x y": [1]}, do: {cmd: "x ${key}"}}',
    's: {foreach: "${d}", do: {cmd: "x ${item.n} ${item[v]} ${item}"}}',
    's: {foreach: "${e}", do: {cmd: "x ${key} ${item.v}"}}',
    's: {foreach: ["${a}", "x${a}", "${t}"], do: {cmd: "x ${item}"}}',
    's: {foreach: "${a}", do: {cmd: "x ${item}"}}',
    's: {foreach: [], do: {cmd: "x ${item}"}}',
    's: {foreach: [1], do: {vars: [{item: 3}], cmd: "x ${item}"}}',
    's: {foreach: [1, 1, 2], do: {cmd: "x ${item} ${key}"}}',
    's: {deps: [x], matrix: {a: [1, [2]], b: [{x: 1.0}, c-d, ""]}, cmd: "x ${item.b} ${key}", outs: ["${key}"]}',
    's: {matrix: {a: "${c}", b: [--x]}, cmd: "x ${item.a} ${item.b} ${key}"}',
    's: {matrix: {a: ["${a}", "${d}"], b: "${b}"}, cmd: "x ${item.b} ${key}"}',
    's: {matrix: {a: [1, 2], b: [], c: [3]}, cmd: "x ${key}"}',
    's: {cmd: "x ${v} ${a}", vars: [{v: "2"}]}\n  t: {cmd: "${v}"}',
  ].map(stage),
  ...[
    'vars: [{item: 1}]\nstages: {s: {foreach: [1], do: {cmd: "x ${item}"}}}',
    'vars: [{a: {b: 1}}, {a: {c: 2.0}}]\nstages: {s: {cmd: "x ${a}"}}',
    'vars: [{a: {b: 1}}, {a: {b: 1}}]',
    'vars: [{a: {b: 1}}, {a: 2}]',
    'vars: [{a: 2}, {a: {b: 1}}]',
    'vars: [p.yaml]',
    'vars: ["${a}"]',
    'vars: ["q.yaml:a", "q.yaml:b", {c: {d: 1}}]\nstages: {s: {cmd: "${a} ${b} ${c}"}}',
    'vars: [q.yaml, q.yaml]\nstages: {s: {cmd: "${a} ${b}"}}',
    'vars: ["q.yaml:a", "q.yaml"]',
    'vars: ["q.yaml", "q.yaml:a"]',
    'vars: ["q.yaml:a", "q.yaml:a"]',
    'vars: ["q.yaml:c"]',
    'vars: [p.py, p.toml, p.json]\nstages: {s: {cmd: "${P} ${X.y} ${t.f} ${t.i} ${j}"}}',
  ].map((text) => ({
    'dvc.yaml': text,
    'q.yaml': 'a: 1\nb: 2\n',
    'p.py': 'P = 1.0\nclass X:\n    y = True\n',
    'p.toml': '[t]\nf = 2.0\ni = 2\n',
    'p.json': '{"j": {"a": 1.0, "b": [1, "x y"]}}',
  })),
  {
    'params.yaml': 'base: 1\n',
    'dvc.yaml':
      'stages:\n  a: &a\n    cmd: x ${item.p}\n    matrix: {p: [1]}\n  b:\n    <<: *a\n    matrix: {p: [2, 3]}\n',
  },
];

describe.skipIf(REAL_DVC === undefined)('the language beside real DVC', () => {
  test('every form of it gives the same stages, or is a mistake for both', () => {
    const answers = theirs(CASES);
    for (const [index, files] of CASES.entries()) {
      expect([files['dvc.yaml'], ours(files)]).toEqual([files['dvc.yaml'], answers[index]]);
    }
  });

  test('random pipelines', () => {
    const projects = fc.sample(anyProject, { numRuns: 400, seed: 1 });
    const answers = theirs(projects);
    for (const [index, files] of projects.entries()) expect([files, ours(files)]).toEqual([files, answers[index]]);
    expect(answers.filter((answer) => answer !== 'error').length).toBeGreaterThan(150);
  });

  test('constants of Python files', () => {
    const [expected = ['map', []]] = askDvc('python-params', [PYTHON]) as readonly Coded[];
    const read = readDataFile('params.py' as ProjectPath, PYTHON);
    expect(read).toEqual({ ok: true, values: valueOfCoded(expected) });
  });
});

const word = fc.stringMatching(/^[a-z][a-z0-9_-]{0,4}$/);
const text = fc
  .stringMatching(/^[ -?A-Z[-~]{1,8}$/)
  .filter((written) => !written.includes('${') && written.trim() === written);
const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  text,
);
const list = fc.array(scalar, { minLength: 1, maxLength: 4 });
const map = fc
  .dictionary(word, fc.oneof(scalar, list), { minKeys: 1, maxKeys: 4 })
  .map((data) => asValue(data) as ValueMap);
const values = fc.record({ num: scalar, items: list, table: map, maps: fc.array(map, { minLength: 1, maxLength: 3 }) });

const reference = fc.constantFrom(
  '${num}',
  '${items[0]}',
  '${items[-1]}',
  '${items}',
  '${table}',
  '${maps[0]}',
  '${gone}',
);
const command = fc.array(fc.oneof(fc.constantFrom('run ', ' | ', '\\${x} '), reference), {
  minLength: 1,
  maxLength: 4,
});
const inGroup = (body: string) =>
  fc.constantFrom('${item}', '${key}', '${item.a}', '${num}').map((part) => body.replace('?', part));

const anyStage = fc.oneof(
  command.map((parts) => `{cmd: ${JSON.stringify(`c${parts.join('')}`)}}`),
  fc.constantFrom('${items}', '${table}', '${maps}').chain((over) => inGroup(`{foreach: "${over}", do: {cmd: "c ?"}}`)),
  fc.tuple(list, fc.oneof(list, fc.array(map, { minLength: 1, maxLength: 2 }))).chain(([a, b]) => {
    return inGroup(`{matrix: {a: ${yamlOf(a)}, b: ${yamlOf(b)}}, cmd: "c ?"}`);
  }),
);

const anyProject: fc.Arbitrary<Files> = fc
  .tuple(values, fc.array(anyStage, { minLength: 1, maxLength: 3 }))
  .map(([data, stages]) => ({
    'params.yaml': Object.entries(data)
      .map(([key, value]) => `${key}: ${yamlOf(asValue(value))}\n`)
      .join(''),
    'dvc.yaml': `stages:\n${stages.map((body, index) => `  s${index}: ${body}\n`).join('')}`,
  }));

const PYTHON = `import os
A = 1
B: float = -1.5e-3
C: int
D = [1, 'a' "b", (1,), None, True]
E = {'x': 1, "y": {"z": [1]}, 3: 4}
F = os.environ
G = f"x{A}"
H = r'a\\b'
I = """a
b\\n\\x41\\u00e9\\101\\q"""
J = 1 + 2
K = 1_000
L = 0xff
class X(Base):
    P = 3
    Q: str = "q"
    def __init__(self, a):
        self.x = 5
        self.y: int = 6
        z = 7
        self.w = a
    def other(self):
        self.no = 1
    class Y:
        R = 1
if A:
    M = 1
x = y = 3
a, b = 1, 2
U = 1; V = 2
@dec
class Z: S = 1
AA = (3)
BB = ()
DD = dict(a=1)
EE = [x for x in y]
FF = 1 if A else 2
GG = {**E}
HH = -1
II = +2.5
`;
