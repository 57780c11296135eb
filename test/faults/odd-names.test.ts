import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type ProjectRig, project } from '../support/rig.ts';
import { treeOf } from './proofs.ts';
import { type Ended, notTested, until, type Workspace, workspace } from './support.ts';

const NAMES = [
  'two words',
  ' blanks around ',
  "it's",
  'say "hi"',
  'line\nbreak',
  'tab\tstop',
  'carriage\rreturn',
  'Größe',
  '数据 ☃ 🎲',
  'e\u0301 and \u00e9',
  '-leading',
  '--help',
  '#comment',
  '!bang',
  '~tilde',
  '$HOME',
  '`id`',
  '$(id)',
  'back\\slash',
  'star*?[a]',
  '{brace},',
  'key: value',
  '&anchor',
  '%20',
  'null',
  '1.0',
  '\u202eright to left',
  'x'.repeat(250),
];

/** One stage that copies each name; JSON's strings are YAML's. */
function copyAll(): Record<string, string> {
  const stages = NAMES.map((name, at) => {
    const stage = {
      cmd: 'cp -- "$FROM" "$TO"',
      env: { FROM: name, TO: `${name}.out` },
      deps: [name],
      outs: [`${name}.out`],
    };
    return `  copy${at}: ${JSON.stringify(stage)}\n`;
  });
  const files = NAMES.map((name) => [name, `I am ${name}\n`]);
  return { 'pipeline.yaml': `stages:\n${stages.join('')}`, ...Object.fromEntries(files) };
}

const outs = NAMES.map((name) => `${name}.out`);

async function summaryOf(p: ProjectRig): Promise<Record<string, number>> {
  const { stdout, stderr, code } = await p.lockstep(['repro', '--json', '-j', '4']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { event: _, ...lists } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  const counts = Object.entries(lists as Record<string, string[]>).map(([key, names]) => [key, names.length] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

describe('paths with odd names', () => {
  test('are read, written, locked, kept, ignored by git and restored', async () => {
    await using p = await project(copyAll());
    p.commit();
    expect(await summaryOf(p)).toEqual({ ran: NAMES.length });
    for (const name of NAMES) expect(p.read(`${name}.out`)).toBe(`I am ${name}\n`);
    const lock = parse(p.read('pipeline.lock')) as { stages: Record<string, { outs: { path: string }[] }> };
    expect(NAMES.map((_, at) => lock.stages[`copy${at}`]?.outs[0]?.path)).toEqual(outs);
    const ignored = execFileSync('git', ['check-ignore', '-z', '--stdin'], { cwd: p.root, input: outs.join('\0') });
    expect(ignored.toString().split('\0').slice(0, -1)).toEqual(outs);
    const before = treeOf(p.root, outs);
    expect(await summaryOf(p)).toEqual({ kept: NAMES.length });
    for (const out of outs) rmSync(p.path(out));
    expect(await summaryOf(p)).toEqual({ restored: NAMES.length });
    expect(treeOf(p.root, outs)).toEqual(before);
    expect(p.git('status', '--porcelain', '--untracked-files=all')).not.toContain('.out');
  });

  test('stand in a directory as well', async () => {
    await using p = await project({
      'pipeline.yaml': 'stages: {copy: {cmd: cp -r from to, deps: [from], outs: [to]}}\n',
      ...Object.fromEntries(NAMES.map((name) => [`from/${name}/${name}`, name])),
    });
    expect(await summaryOf(p)).toEqual({ ran: 1 });
    const before = treeOf(p.root, ['to']);
    expect(Object.keys(before)).toHaveLength(2 * NAMES.length + 1);
    rmSync(p.path('to'), { recursive: true });
    expect(await summaryOf(p)).toEqual({ restored: 1 });
    expect(treeOf(p.root, ['to'])).toEqual(before);
    expect(await summaryOf(p)).toEqual({ kept: 1 });
  });

  test('can be targets', async () => {
    await using p = await project(copyAll());
    const { code, stdout } = await p.lockstep(['repro', '--json', '--', '-leading.out', 'line\nbreak.out']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      ran: expect.objectContaining({ length: 2 }),
    });
  });

  test('of 300 characters are refused with the reason, before anything runs', async () => {
    const long = 'x'.repeat(300);
    await using p = await project({
      'pipeline.yaml': `stages:\n  a: {cmd: touch ran, deps: [${long}]}\n  b: {cmd: touch ran, outs: [d/${long}]}\n`,
    });
    const { code, stderr } = await p.lockstep(['repro']);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    for (const place of ['2:30', '3:30']) {
      expect(stderr).toContain(
        `pipeline.yaml:${place}: a name in the path is 300 bytes long; file systems take at most 255`,
      );
    }
    expect(Object.values(treeOf(p.root, ['ran']))).toEqual(['missing']);
  });

  test('that are not UTF-8 in a directory are refused by name', async () => {
    await using p = await project({
      'pipeline.yaml': 'stages: {a: {cmd: touch ran, deps: [d]}}\n',
      'd/fine': '',
    });
    try {
      writeFileSync(Buffer.concat([Buffer.from(p.path('d/odd-')), Buffer.from([0xff, 0xfe])]), '');
    } catch {
      return notTested('names that are not UTF-8', 'this file system refuses them');
    }
    const { code, stderr } = await p.lockstep(['repro']);
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toMatch(/the name of "d\/odd-.*" is not valid UTF-8/);
  });
});

test('stages with names in any script run, are listed, and can be asked for', async () => {
  const names = ['größe', '数据', 'два слова', "it's", '🎲', 'e\u0301', '\u00e9'];
  const stages = names.map(
    (name, at) => `  ${JSON.stringify(name)}: {cmd: "echo ${at} > o${at}", deps: [in.txt], outs: [o${at}]}\n`,
  );
  await using p = await project({ 'pipeline.yaml': `stages:\n${stages.join('')}`, 'in.txt': 'x\n' });
  for (const name of names) expect(await p.lockstep(['repro', name])).toMatchObject({ code: 0 });
  expect(await summaryOf(p)).toEqual({ kept: names.length });
  const { stages: shown } = JSON.parse((await p.lockstep(['status', '--json'])).stdout) as {
    stages: { stage: string }[];
  };
  expect(shown.map(({ stage }) => stage)).toEqual(names);
  const { runs } = JSON.parse((await p.lockstep(['runs', 'list', '--json'])).stdout) as { runs: { stage: string }[] };
  expect(new Set(runs.map(({ stage }) => stage))).toEqual(new Set(names));
});

/** A program that hangs would hang the tests, were it not one of its own. */
async function refusal(w: Workspace, ...args: string[]): Promise<Ended> {
  const running = w.start(...args);
  await until('an answer', () => running.isOver);
  return await running.ended;
}

const mkfifo = (path: string) => execFileSync('mkfifo', [path]);

describe('what is no file', () => {
  const files = { 'pipeline.yaml': 'stages: {a: {cmd: touch ran, deps: [dep]}}\n' };

  test.each<[string, (w: Workspace) => void, RegExp]>([
    ['a named pipe', (w) => mkfifo(w.path('dep')), /"dep" is a named pipe, not a file or directory/],
    [
      'a directory with a named pipe deep in it',
      (w) => {
        mkdirSync(w.path('dep/deep'), { recursive: true });
        mkfifo(w.path('dep/deep/pipe'));
      },
      /"dep\/deep\/pipe" is a named pipe, not a file or directory/,
    ],
    [
      'a link to a named pipe',
      (w) => {
        mkfifo(w.path('pipe'));
        symlinkSync('pipe', w.path('dep'));
      },
      /"dep" is a named pipe/,
    ],
    ['a device', (w) => symlinkSync('/dev/zero', w.path('dep')), /"dep" is a character device/],
    [
      'a link that leads to itself',
      (w) => symlinkSync('dep', w.path('dep')),
      /"dep": its symbolic links lead in a circle/,
    ],
    [
      'two links that lead to each other',
      (w) => {
        symlinkSync('dep', w.path('other'));
        symlinkSync('other', w.path('dep'));
      },
      /"dep": its symbolic links lead in a circle/,
    ],
    ['a link that leads nowhere', (w) => symlinkSync('gone', w.path('dep')), /stage 'a' needs dep, which is not there/],
  ])('is refused as a dep: %s', async (_, make, message) => {
    await using w = workspace(files);
    make(w);
    const { code, stderr } = await refusal(w, 'repro');
    expect({ code, stderr }).toMatchObject({ code: 2 });
    expect(stderr).toMatch(message);
    expect(w.has('ran')).toBe(false);
  });

  test('is refused as a dep: a socket', async () => {
    await using w = workspace(files);
    const server = createServer().listen(w.path('dep'));
    try {
      await until('the socket', () => w.has('dep'));
      const { code, stderr } = await refusal(w, 'repro');
      expect({ code, stderr }).toMatchObject({ code: 2 });
      expect(stderr).toContain('"dep" is a socket, not a file or directory');
    } finally {
      server.close();
    }
  });

  test.each<[string, string, RegExp]>([
    ['a named pipe', 'mkfifo out', /"out" is a named pipe, not a file or directory/],
    ['a named pipe in a directory', 'mkdir out; mkfifo out/pipe', /"out\/pipe" is a named pipe/],
    ['a link that leads to itself', 'ln -s out out', /its symbolic links lead in a circle/],
    ['a link that leads nowhere', 'ln -s gone out', /did not make its declared out out/],
  ])('fails the stage that makes it its out: %s', async (_, cmd, message) => {
    await using w = workspace({
      'pipeline.yaml': `stages:\n  a: {cmd: ${JSON.stringify(cmd)}, outs: [out]}\n  b: {cmd: echo hi > b, outs: [b]}\n`,
    });
    const { code, stderr } = await refusal(w, 'repro', '-k');
    expect({ code, stderr }).toMatchObject({ code: 1 });
    expect(stderr).toMatch(message);
    expect(w.read('b')).toBe('hi\n');
    // What it left does not stand in the way of its next try.
    w.write('pipeline.yaml', w.read('pipeline.yaml').replace(JSON.stringify(cmd), 'echo fine > out'));
    expect(await w.repro()).toEqual({ kept: ['b'], ran: ['a'] });
  });

  test.each(['params.yaml', 'pipeline.yaml', 'pipeline.lock', 'sub/pipeline.yaml', '.lockstep/config.yaml'])(
    'is refused as %s',
    async (name) => {
      await using w = workspace({
        'pipeline.yaml': 'stages: {a: {cmd: touch ran, params: [x]}}\n',
        'params.yaml': 'x: 1\n',
        'sub/note': '',
      });
      rmSync(w.path(name), { force: true });
      mkfifo(w.path(name));
      const { code, stderr } = await refusal(w, 'repro');
      expect({ code, stderr }).toMatchObject({ code: 2 });
      expect(stderr).toContain(`${join(name)}`);
      expect(stderr).toMatch(/named pipe/);
    },
  );

  test('within a directory, links are kept as links wherever they lead', async () => {
    await using p = await project({
      'pipeline.yaml': 'stages: {copy: {cmd: cp -r from to, deps: [from], outs: [to]}}\n',
      'from/file': 'x\n',
    });
    symlinkSync('gone', p.path('from/dangling'));
    symlinkSync('.', p.path('from/itself'));
    symlinkSync('loop', p.path('from/loop'));
    symlinkSync('../from', p.path('from/up'));
    symlinkSync('line\nbreak "and" more', p.path('from/odd'));
    expect(await summaryOf(p)).toEqual({ ran: 1 });
    const before = treeOf(p.root, ['to']);
    expect(before['to/itself']).toBe('link to .');
    rmSync(p.path('to'), { recursive: true });
    expect(await summaryOf(p)).toEqual({ restored: 1 });
    expect(treeOf(p.root, ['to'])).toEqual(before);
    expect(await summaryOf(p)).toEqual({ kept: 1 });
  });
});
