// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are templates
import { posix } from 'node:path';
import fc from 'fast-check';

/** A DVC project as files, with what can be done to it. */
export interface RandomProject {
  readonly files: Readonly<Record<string, string>>;
  /** Sources that `dvc add` takes. */
  readonly added: readonly string[];
  readonly edits: readonly Edit[];
}

export interface Edit {
  readonly file: string;
  /** The text that is there then; undefined: it is deleted. */
  readonly text: string | undefined;
}

/** Makes each out of what it is given, all of it a function of nothing else. Its name says what an out is. */
const MAKE = `#!/bin/sh
sum=$(for dep in $2; do find -L "$dep" -type f | LC_ALL=C sort | while read -r f; do cat "$f"; done; done | cksum)
for out in $1; do
  mkdir -p "$(dirname "$out")"
  case "$out" in
    *.dir) mkdir -p "$out/sub/ü" && echo "$3 $sum" > "$out/a.txt" && echo "$sum" > "$out/sub/ü/b" && echo same > "$out/sub/c" && echo same > "$out/d é" && : > "$out/empty" ;;
    *.json) echo "{\\"acc\\": 0.5, \\"sum\\": \\"$sum\\"}" > "$out" ;;
    *.csv) printf 'step,loss\\n0,1.5\\n1,%s\\n' "\${sum%% *}" > "$out" ;;
    *.sh) echo "echo $sum" > "$out" && chmod +x "$out" ;;
    *.empty) : > "$out" ;;
    *) echo "$3 $sum" >> "$out" ;;
  esac
done
`;

const PARAMS = [
  'lr: 5e-05\nn: 100\nbig: 12345678901234567890\nflag: true\nnone:\nname: "it\'s \\"q\\""\ndate_like: "2020-01-01"\n',
  'text: "a: b # c"\nempty: ""\nzero: 0.0\nexp: 1e16\nneg: -1\nlist: [1, 2.0, x, [y], {a: b}]\n',
  'nested:\n  b: 1\n  a: {y: [1, 2], x: {}}\n  long: one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n',
].join('');

const KEYS = ['lr', 'n', 'big', 'flag', 'none', 'name', 'date_like', 'text', 'empty', 'zero', 'exp', 'neg', 'list'];
const NESTED = ['nested', 'nested.b', 'nested.a', 'nested.a.y', 'nested.long', 'list.0', 'nested.*'];

const OTHER: Readonly<Record<string, string>> = {
  'conf/other.json': '{"z": 1, "y": {"k": null, "j": [1.50, "é"]}, "x": "text"}\n',
  'conf/more.toml': 'title = "t"\n[owner]\nage = 3\nratio = 1e-9\n',
  'conf/values.py': 'A = 1.5\nB = {"x": [1, 2]}\nclass C:\n    D = True\n',
};

const OTHER_KEYS: Readonly<Record<string, readonly string[]>> = {
  'conf/other.json': ['z', 'y', 'y.j', 'x'],
  'conf/more.toml': ['title', 'owner', 'owner.age'],
  'conf/values.py': ['A', 'B', 'C.D'],
};

const SOURCES: Readonly<Record<string, string>> = {
  'data/raw.txt': 'raw\n',
  'data/tree/a.txt': 'a\n',
  'data/tree/sub/ü.txt': 'ü\r\n',
  'data/tree/sub/same.txt': 'a\n',
  'src/code.py': 'print("x")\n',
  'src/größe.txt': 'x',
};

const READABLE = ['data/raw.txt', 'data/tree', 'data/tree/sub', 'src/code.py', 'src', 'src/größe.txt', 'tools/make.sh'];

interface Node {
  readonly many: 'one' | 'list' | 'map' | 'matrix';
  readonly file: 'dvc.yaml' | 'sub/dvc.yaml';
  readonly wdir: 'none' | 'root' | 'work';
  readonly deps: readonly number[];
  readonly twice: boolean;
  readonly dotted: boolean;
  readonly keys: readonly string[];
  readonly otherParams: readonly (readonly [file: string, keys: number])[];
  readonly outs: readonly (readonly [suffix: string, flags: number])[];
  readonly list: boolean;
}

const anyNode: fc.Arbitrary<Node> = fc.record({
  many: fc.constantFrom('one', 'one', 'list', 'map', 'matrix'),
  file: fc.constantFrom('dvc.yaml', 'dvc.yaml', 'sub/dvc.yaml'),
  wdir: fc.constantFrom('none', 'none', 'root', 'work'),
  deps: fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 3 }),
  twice: fc.boolean(),
  dotted: fc.boolean(),
  keys: fc.uniqueArray(fc.constantFrom(...KEYS, ...NESTED), { maxLength: 4 }),
  otherParams: fc.uniqueArray(fc.tuple(fc.constantFrom(...Object.keys(OTHER)), fc.nat({ max: 8 })), {
    maxLength: 2,
    selector: ([file]) => file,
  }),
  outs: fc.array(
    fc.tuple(fc.constantFrom('.txt', '.dir', '.json', '.csv', '.sh', '.empty', '-é.bin'), fc.nat({ max: 8 })),
    {
      maxLength: 3,
    },
  ),
  list: fc.boolean(),
});

const ITEMS = {
  one: { names: [''], given: {}, item: '' },
  list: { names: ['a', '1.5'], given: ['a', 1.5], item: '${item}' },
  map: { names: ['k1', 'ü'], given: { k1: { v: 1.5 }, ü: { v: 'two' } }, item: '${key}' },
  matrix: { names: ['x-1', 'x-2', 'y-1', 'y-2'], given: { m: ['x', 'y'], n: [1, 2] }, item: '${item.m}-${item.n}' },
} as const;

/** Paths that stages may read, and the pipeline files, as they grow. */
interface Growing {
  readonly readable: string[];
  readonly stages: Record<string, Record<string, unknown>>;
}

export const anyProject: fc.Arbitrary<RandomProject> = fc
  .record({
    nodes: fc.array(anyNode, { minLength: 1, maxLength: 5 }),
    added: fc.subarray(['data/raw.txt', 'data/tree']),
    edits: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ nodes, added, edits }) => {
    const growing: Growing = { readable: [...READABLE], stages: {} };
    for (const [index, node] of nodes.entries()) addNode(growing, node, index);
    const pipelines = Object.entries(growing.stages).map(([file, stages]) => [
      file,
      `${JSON.stringify({ stages }, null, 1)}\n`,
    ]);
    const params = { 'params.yaml': PARAMS, 'sub/params.yaml': PARAMS, 'work/params.yaml': PARAMS };
    const tools = { 'tools/make.sh': MAKE, 'work/keep': '' };
    const files: Record<string, string> = {
      ...SOURCES,
      ...OTHER,
      ...params,
      ...tools,
      ...Object.fromEntries(pipelines),
    };
    return { files, added, edits: edits.map((edit) => editOf(files, edit)) };
  });

function addNode({ readable, stages }: Growing, node: Node, index: number): void {
  const directory = posix.dirname(node.file);
  const wdir = { none: directory, root: '.', work: 'work' }[node.wdir];
  const from = (path: string) => posix.relative(wdir, path);
  const { names, item, given } = ITEMS[node.many];
  const outs = node.outs.map(([suffix, flags], at) => ({
    stem: `${posix.join(directory, `s${index}-${at}`)}`,
    suffix,
    flags,
  }));
  const deps = node.deps.map((dep) => readable[dep % readable.length] ?? 'src');
  const distinct = deps.filter((dep) => !deps.some((other) => other !== dep && dep.startsWith(`${other}/`)));
  const written = [...new Set(distinct)].map((dep) => (node.dotted ? `./${from(dep)}` : from(dep)));
  const paths = outs.map(({ stem, suffix }) => from(`${stem}${item}${suffix}`));
  const cmd = `sh ${from('tools/make.sh')} '${paths.join(' ')}' '${written.join(' ')}' "${index} ${item}"`;
  const body = {
    cmd: node.list ? ['true', cmd] : cmd,
    ...(node.wdir !== 'none' && { wdir: posix.relative(directory, wdir) || '.' }),
    ...(written.length > 0 && { deps: node.twice ? [...written, ...written.slice(0, 1)] : written }),
    params: [
      ...node.keys,
      ...node.otherParams.map(([file, keys]) => ({ [from(file)]: (OTHER_KEYS[file] ?? []).slice(0, keys % 4) })),
    ],
    ...sections(outs.map((out, at) => ({ ...out, path: paths[at] ?? '' }))),
  };
  const generated = {
    one: body,
    list: { foreach: given, do: body },
    map: { foreach: given, do: body },
    matrix: { matrix: given, ...body },
  };
  stages[node.file] = { ...stages[node.file], [`s${index}`]: generated[node.many] };
  for (const { stem, suffix } of outs) {
    for (const name of names) {
      readable.push(`${stem}${name}${suffix}`);
      if (suffix === '.dir') readable.push(`${stem}${name}${suffix}/sub`);
    }
  }
}

function sections(outs: readonly { readonly path: string; readonly suffix: string; readonly flags: number }[]) {
  const result: Record<string, unknown[]> = {};
  for (const { path, suffix, flags } of outs) {
    const section = suffix === '.json' ? 'metrics' : suffix === '.csv' ? 'plots' : 'outs';
    const chosen = {
      ...(flags === 1 && { cache: false }),
      ...(flags === 2 && { persist: true }),
      ...(flags === 3 && { push: false }),
    };
    const entry = Object.keys(chosen).length > 0 ? { [path]: chosen } : path;
    result[section] = [...(result[section] ?? []), entry];
  }
  return result;
}

function editOf(files: Readonly<Record<string, string>>, choice: number): Edit {
  const edits: readonly Edit[] = [
    { file: 'data/raw.txt', text: 'other\n' },
    { file: 'data/tree/sub/ü.txt', text: 'other\n' },
    { file: 'data/tree/new', text: 'new\n' },
    { file: 'data/tree/a.txt', text: undefined },
    { file: 'src/code.py', text: 'print("y")\n' },
    { file: 'params.yaml', text: (files['params.yaml'] ?? '').replace('5e-05', '6e-05') },
    { file: 'params.yaml', text: (files['params.yaml'] ?? '').replace('b: 1', 'b: 2').replace('[1, 2.0', '[1, 2.5') },
    { file: 'sub/params.yaml', text: (files['sub/params.yaml'] ?? '').replace('flag: true', 'flag: false') },
    { file: 'work/params.yaml', text: (files['work/params.yaml'] ?? '').replace('none:', 'none: x') },
    { file: 'params.yaml', text: `# a comment\n${files['params.yaml']}` },
    { file: 'conf/other.json', text: (files['conf/other.json'] ?? '').replace('1.50', '1.25') },
    { file: 'conf/more.toml', text: (files['conf/more.toml'] ?? '').replace('age = 3', 'age = 4') },
    { file: 'conf/values.py', text: (files['conf/values.py'] ?? '').replace('1.5', '1.75') },
    { file: 'dvc.yaml', text: files['dvc.yaml']?.replace('sh tools', 'sh  tools') },
    { file: 'dvc.yaml', text: files['dvc.yaml']?.replaceAll('"0 ', '"zero ').replaceAll('\\"1 ', '\\"one ') },
    { file: 'sub/dvc.yaml', text: files['sub/dvc.yaml']?.replaceAll('tools/make.sh', './tools/make.sh') },
    ...[0, 1, 2].map((index) => ({ file: `s${index}-0.txt`, text: 'edited\n' })),
    ...[0, 1, 2].map((index) => ({ file: `s${index}-0.txt`, text: undefined })),
    ...[0, 1, 2].map((index) => ({ file: `s${index}-0.dir/a.txt`, text: 'edited\n' })),
    ...[0, 1, 2].map((index) => ({ file: `s${index}-0.dir/sub/c`, text: undefined })),
  ];
  return edits[choice % edits.length] as Edit;
}
