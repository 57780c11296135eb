import { chmodSync, rmSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../../src/base/hash.ts';
import { type DvcRig, dvcProject } from './both-tools.ts';
import { REAL_DVC } from './real-dvc.ts';

/** The same project twice, once run by each tool; what they leave must be the same. */
async function runByBoth(ours: DvcRig, theirs: DvcRig): Promise<void> {
  await ours.own('repro', '-P');
  await theirs.dvc('repro', '-P');
  expect(ours.results()).toEqual(theirs.results());
  expect(await ours.dvcStatus()).toEqual({});
  expect(await theirs.ownStatus()).toEqual({});
}

const CHAIN = `
stages:
  first: {cmd: "cat in.txt > one.txt", deps: [in.txt], outs: [one.txt]}
  second: {cmd: "mkdir two && cp one.txt two/a && cp one.txt two/ü", deps: [one.txt], outs: [two]}
  third: {cmd: "cat two/a > m.json", deps: [two], metrics: [m.json: {cache: false}]}
`;

const OUTS = ['one.txt', 'two', 'm.json'];

function removeOuts(rig: DvcRig): void {
  for (const out of OUTS) rmSync(rig.path(out), { recursive: true, force: true });
}

describe.skipIf(REAL_DVC === undefined)('a DVC project in which both tools work', () => {
  test('all that a first run writes is in the words and in the order of DVC', async () => {
    await using theirs = await dvcProject({
      'b.txt': 'b',
      'a/x': 'x',
      'conf.json': '{"y": {"k": null, "j": [1.5, "é"]}}',
      'params.yaml': 'm: {z: 1, a: 2}\n',
      'dvc.yaml': `
stages:
  z:
    cmd: cat y.txt > z.txt && mkdir w
    deps: [./y.txt, a/, b.txt, ./b.txt, b.txt]
    params: [m, conf.json: [y, y.j]]
    outs: [./z.txt, w/]
  y: {cmd: cat x.txt > y.txt, deps: [x.txt], outs: [y.txt]}
  x: {cmd: cat b.txt > x.txt, deps: [b.txt], outs: [x.txt]}
  alone: {cmd: echo, deps: [b.txt]}
  again: {cmd: echo again, deps: [b.txt], params: [conf.json: [y, y.j]]}
  late: {cmd: cat alone2.txt v.txt > late.txt, deps: [v.txt, alone2.txt], outs: [late.txt]}
  alone2: {cmd: echo > alone2.txt, outs: [alone2.txt]}
  v: {cmd: echo > v.txt, outs: [v.txt]}
`,
    });
    await runByBoth(theirs.copy('ours'), theirs);
  });

  test('each finds all outs of the other in the cache', async () => {
    await using theirs = await dvcProject({ 'in.txt': '{"a": 1}\n', 'dvc.yaml': CHAIN });
    const ours = theirs.copy('ours');
    await runByBoth(ours, theirs);
    for (const rig of [ours, theirs]) {
      rmSync(rig.path('one.txt'));
      rmSync(rig.path('two'), { recursive: true });
    }
    await ours.dvc('checkout');
    await theirs.own('checkout');
    expect(await ours.dvcStatus()).toEqual({});
    expect(await theirs.ownStatus()).toEqual({});
    expect(ours.read('two/ü')).toBe('{"a": 1}\n');
    expect(theirs.read('two/ü')).toBe('{"a": 1}\n');
  });

  test('each brings back what the other ran', async () => {
    await using theirs = await dvcProject({ 'in.txt': '1\n', 'dvc.yaml': CHAIN });
    const ours = theirs.copy('ours');
    for (const text of ['1\n', '2\n']) {
      for (const rig of [ours, theirs]) rig.write('in.txt', text);
      await runByBoth(ours, theirs);
    }
    for (const rig of [ours, theirs]) {
      rig.write('in.txt', '1\n');
      removeOuts(rig);
    }
    const dvc = await ours.dvc('repro');
    expect(dvc.match(/is cached - skipping run/g)).toHaveLength(3);
    expect(dvc).not.toContain('Running');
    expect((await theirs.lockstep(['repro'])).stderr).toContain('3 restored');
    expect(ours.results()).toEqual(theirs.results());
  });

  test('both take turns in one workspace', async () => {
    await using p = await dvcProject({ 'in.txt': '1\n', 'dvc.yaml': CHAIN, 'data/x': 'x' });
    await p.dvc('add', '-q', 'data');
    const turns = [() => p.own('repro'), () => p.dvc('repro')];
    for (const [turn, text] of ['1\n', '2\n', '1\n', '3\n'].entries()) {
      p.write('in.txt', text);
      await turns[turn % 2]?.();
      expect(await p.dvc('status')).toBe('Data and pipelines are up to date.\n');
      expect(await p.ownStatus()).toEqual({});
      expect(p.read('two/a')).toBe(text);
    }
    p.commit();
    expect(p.git('ls-files').split('\n')).toContain('m.json');
    expect(p.git('ls-files')).not.toMatch(/two|one|\.lockstep/);
  });
});

describe.skipIf(REAL_DVC === undefined)('data that DVC tracks', () => {
  const FILES = {
    'data/x.txt': 'x\n',
    'data/dir/a': 'a\n',
    'data/dir/sub/b': 'b\n',
    'dvc.yaml': 'stages:\n  s: {cmd: "cat data/x.txt data/dir/a > o", deps: [data/x.txt, data/dir], outs: [o]}\n',
  };

  async function added(): Promise<DvcRig> {
    const rig = await dvcProject(FILES);
    await rig.dvc('add', '-q', 'data/x.txt', 'data/dir');
    rig.write('data/dir.dvc', `# ours\n${rig.read('data/dir.dvc')}  desc: kept\n`);
    rig.commit();
    return rig;
  }

  test('is recorded when it was edited, as DVC does it', async () => {
    await using theirs = await added();
    const ours = theirs.copy('ours');
    await runByBoth(ours, theirs);
    for (const rig of [ours, theirs]) {
      rig.write('data/x.txt', 'other\n');
      rig.write('data/dir/new', 'n\n');
      rmSync(rig.path('data/dir/sub'), { recursive: true });
    }
    expect(Object.keys(await theirs.ownStatus()).sort()).toEqual(Object.keys(await ours.dvcStatus()).sort());
    await runByBoth(ours, theirs);
    expect(ours.read('data/dir.dvc')).toMatch(/^# ours\n[\s\S]*nfiles: 2\n[\s\S]*desc: kept\n$/);
  });

  test('is restored when it is gone', async () => {
    await using theirs = await added();
    const ours = theirs.copy('ours');
    await runByBoth(ours, theirs);
    for (const rig of [ours, theirs]) {
      rmSync(rig.path('data/x.txt'));
      rmSync(rig.path('data/dir'), { recursive: true });
    }
    await ours.own('repro');
    expect(ours.read('data/dir/sub/b')).toBe('b\n');
    expect(await ours.dvcStatus()).toEqual({});
  });

  test('an import is left as it is, and a stage can read it', async () => {
    await using theirs = await dvcProject({
      'dvc.yaml': 'stages:\n  s: {cmd: "cp got.txt o", deps: [got.txt], outs: [o]}\n',
    });
    theirs.write('../source.txt', 'from elsewhere\n');
    await theirs.dvc('import-url', '-q', theirs.path('../source.txt'), 'got.txt');
    const ours = theirs.copy('ours');
    await runByBoth(ours, theirs);
    const file = ours.read('got.txt.dvc');
    rmSync(ours.path('got.txt'));
    await ours.own('repro');
    expect(ours.read('got.txt')).toBe('from elsewhere\n');
    expect(ours.read('got.txt.dvc')).toBe(file);
    expect(await ours.dvcStatus()).toEqual({});
  });

  test('deps outside of the project, by `..` and by an absolute path', async () => {
    const pipeline = 'stages:\n  s: {cmd: echo > o, deps: [../ext/d, /bin/sh], outs: [o]}\n';
    await using theirs = await dvcProject({ 'dvc.yaml': pipeline, '../ext/d/a': '1\n' });
    const ours = theirs.copy('ours');
    await runByBoth(ours, theirs);
    theirs.write('../ext/d/a', '2\n');
    expect(Object.keys(await ours.ownStatus())).toEqual(['s']);
    expect(Object.keys(await theirs.dvcStatus())).toEqual(['s']);
  });

  test('a frozen stage that was never locked is locked with what is there', async () => {
    const frozen = 'stages:\n  s: {cmd: cp in.txt x, deps: [in.txt], outs: [x], frozen: true}\n';
    await using theirs = await dvcProject({ 'dvc.yaml': frozen, 'in.txt': '1\n', x: 'by hand\n' });
    const ours = theirs.copy('ours');
    await ours.own('repro');
    await theirs.dvc('repro');
    // DVC also remembers it as what the command gave, which nobody knows.
    expect(ours.read('dvc.lock')).toBe(theirs.read('dvc.lock'));
    expect(await ours.dvcStatus()).toEqual({});
    expect(await theirs.ownStatus()).toEqual({});
    expect(ours.read('x')).toBe('by hand\n');
  });

  test('a frozen stage does not run for either', async () => {
    await using theirs = await dvcProject({ 'in.txt': '1\n', 'dvc.yaml': CHAIN });
    const ours = theirs.copy('ours');
    await runByBoth(ours, theirs);
    for (const rig of [ours, theirs]) {
      await rig.dvc('freeze', 'first');
      rig.write('in.txt', '2\n');
    }
    await runByBoth(ours, theirs);
    expect(ours.read('one.txt')).toBe('1\n');
    for (const rig of [ours, theirs]) await rig.dvc('unfreeze', 'first');
    expect(Object.keys(await ours.ownStatus())).toEqual(['first', 'second', 'third']);
    await runByBoth(ours, theirs);
  });
});

describe.skipIf(REAL_DVC === undefined)('commands beside repro', () => {
  test('commit accepts the workspace as DVC does', async () => {
    await using theirs = await dvcProject({ 'in.txt': '1\n', 'dvc.yaml': CHAIN, 'data.txt': 'x' });
    await theirs.dvc('add', '-q', 'data.txt');
    const ours = theirs.copy('ours');
    await runByBoth(ours, theirs);
    for (const rig of [ours, theirs]) {
      rig.write('in.txt', '2\n');
      rmSync(rig.path('one.txt'));
      rig.write('one.txt', 'by hand\n');
      rig.write('data.txt', 'other');
    }
    await theirs.dvc('commit', '-f', 'first', 'data.txt.dvc');
    await ours.own('commit', 'first', 'data.txt.dvc');
    expect(ours.results()).toEqual(theirs.results());
  });

  test('entries of DVC 2, for which the line ends of text did not count, are kept', async () => {
    await using p = await dvcProject({
      'in/a.txt': 'a\r\nb\r\n',
      'dvc.yaml': 'stages:\n  s: {cmd: cp in/a.txt o, deps: [in], outs: [o]}\n',
      o: 'a\r\nb\r\n',
    });
    const md5 = 'dd8c6a395b5dd36c56d23275028f526c';
    const listing = `[{"md5": "${md5}", "relpath": "a.txt"}]`;
    const tree = digestOf(listing, 'md5').slice(4);
    const lock = [
      "schema: '2.0'\nstages:\n  s:\n    cmd: cp in/a.txt o\n    deps:\n    - path: in\n",
      `      md5: ${tree}.dir\n      size: 6\n      nfiles: 1\n`,
      `    outs:\n    - path: o\n      md5: ${md5}\n      size: 6\n`,
    ].join('');
    p.write('dvc.lock', lock);
    p.write(`.dvc/cache/dd/${md5.slice(2)}`, 'a\r\nb\r\n');
    chmodSync(p.path(`.dvc/cache/dd/${md5.slice(2)}`), 0o444);
    expect(await p.dvcStatus()).toEqual({});
    expect(await p.ownStatus()).toEqual({});
    rmSync(p.path('o'));
    await p.own('repro');
    expect(p.read('o')).toBe('a\r\nb\r\n');
    expect(p.read('dvc.lock')).toBe(lock);
    expect(await p.ownStatus()).toEqual({});
    p.write('in/a.txt', 'other\r\n');
    await p.own('repro');
    expect(p.read('dvc.lock').match(/hash: md5/g)).toHaveLength(2);
    expect(await p.dvcStatus()).toEqual({});
  });
});
