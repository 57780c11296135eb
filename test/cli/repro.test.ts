import { existsSync, rmSync, statSync, utimesSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

const CHAIN = {
  'pipeline.yaml': `
stages:
  upper:
    cmd: tr a-z A-Z < in.txt > upper.txt
    deps: [in.txt]
    outs: [upper.txt]
  repeat:
    cmd: |
      n=$(sed -n 's/^times: //p' params.yaml)
      : > repeated.txt
      for i in $(seq "$n"); do
        cat upper.txt >> repeated.txt
      done
    deps: [upper.txt]
    params: [times]
    outs: [repeated.txt]
`,
  'params.yaml': 'times: 2\nother: 1\n',
  'in.txt': 'hello\n',
};

interface Summary {
  ran: string[];
  restored: string[];
  kept: string[];
  failed: string[];
  blocked: string[];
  reproduced: string[];
  differs: string[];
}

/** Runs repro with --json and gives its last event, the summary, with empty lists left out. */
async function summaryOf(p: ProjectRig, ...args: string[]): Promise<Partial<Summary>> {
  const { stdout } = await p.lockstep(['repro', '--json', ...args]);
  const { event, ...lists } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}');
  expect(event).toBe('summary');
  return Object.fromEntries(Object.entries(lists).filter(([, names]) => (names as string[]).length > 0));
}

async function reasonsOf(p: ProjectRig): Promise<Record<string, string[]>> {
  const { stdout } = await p.lockstep(['status', '--json']);
  const { stages } = JSON.parse(stdout) as { stages: { stage: string; reasons: { reason: string }[] }[] };
  return Object.fromEntries(stages.map(({ stage, reasons }) => [stage, reasons.map(({ reason }) => reason)]));
}

describe('repro', () => {
  test('runs all stages in order, then has nothing to do', async () => {
    await using p = await project(CHAIN);
    expect(await summaryOf(p)).toEqual({ ran: ['upper', 'repeat'] });
    expect(p.read('repeated.txt')).toBe('HELLO\nHELLO\n');
    expect(await summaryOf(p)).toEqual({ kept: ['upper', 'repeat'] });
    const again = await p.lockstep(['repro']);
    expect(again).toMatchObject({ code: 0, stdout: '' });
    expect(again.stderr).toMatch(/nothing to do/i);
  });

  test('re-runs just what depends on a changed param', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    p.write('params.yaml', 'times: 3\nother: 5\n');
    expect(await reasonsOf(p)).toEqual({ upper: [], repeat: ['param-changed'] });
    expect(await summaryOf(p)).toEqual({ ran: ['repeat'], kept: ['upper'] });
    expect(p.read('repeated.txt')).toBe('HELLO\nHELLO\nHELLO\n');
  });

  test('tells 2 from 2.0 and "2", but not 2.50 from 2.5', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    for (const text of ['2.0', '"2"', 'true']) {
      p.write('params.yaml', `times: ${text}\n`);
      expect(await reasonsOf(p)).toMatchObject({ repeat: ['param-changed'] });
    }
    p.write('params.yaml', '# a comment\ntimes:    2\n');
    expect(await reasonsOf(p)).toEqual({ upper: [], repeat: [] });
  });

  test('stops early when an upstream gives the same bytes again', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    p.write('pipeline.yaml', p.read('pipeline.yaml').replace('tr a-z A-Z', 'tr "a-z" "A-Z"'));
    expect(await summaryOf(p)).toEqual({ ran: ['upper'], kept: ['repeat'] });
  });

  test('decides by content: a touch is no change, an undone edit is none either', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    utimesSync(p.path('in.txt'), 1, 1);
    p.write('params.yaml', 'times: 9\n');
    p.write('params.yaml', CHAIN['params.yaml']);
    expect(await summaryOf(p)).toEqual({ kept: ['upper', 'repeat'] });
  });

  test('brings back a missing out from the cache', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    rmSync(p.path('repeated.txt'));
    expect(await summaryOf(p)).toEqual({ restored: ['repeat'], kept: ['upper'] });
    expect(p.read('repeated.txt')).toBe('HELLO\nHELLO\n');
  });

  test('brings back the result of inputs that were run before, on any branch', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    p.write('params.yaml', 'times: 3\n');
    await summaryOf(p);
    p.write('params.yaml', 'times: 2\n');
    expect(await summaryOf(p)).toEqual({ restored: ['repeat'], kept: ['upper'] });
    expect(p.read('repeated.txt')).toBe('HELLO\nHELLO\n');
    p.write('params.yaml', 'times: 3\n');
    expect(await summaryOf(p, '--no-run-cache')).toEqual({ ran: ['repeat'], kept: ['upper'] });
  });

  test('proves determinism when nothing changed, and warns when it fails', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    expect(await summaryOf(p, '--force')).toEqual({ ran: ['upper', 'repeat'], reproduced: ['upper', 'repeat'] });
    p.write(
      'pipeline.yaml',
      'stages: {roll: {cmd: "date +%N%s > n; cat /proc/sys/kernel/random/uuid >> n", deps: [in.txt], outs: [n]}}\n',
    );
    await summaryOf(p);
    expect(await summaryOf(p, '--force')).toEqual({ ran: ['roll'], differs: ['roll'] });
    const forced = await p.lockstep(['repro', '--force']);
    expect(forced.code).toBe(0);
    expect(forced.stderr).toMatch(/differs/);
  });

  test('a fresh clone without its cache runs again and ends reproduced', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    rmSync(p.path('.lockstep'), { recursive: true, force: true });
    rmSync(p.path('upper.txt'));
    rmSync(p.path('repeated.txt'));
    p.write('.lockstep/config.yaml', '');
    const lock = p.read('pipeline.lock');
    expect(await summaryOf(p)).toEqual({ ran: ['upper', 'repeat'], reproduced: ['upper', 'repeat'] });
    expect(p.read('pipeline.lock')).toBe(lock);
  });

  test('--dry changes nothing and carries its reasons through', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    p.write('in.txt', 'bye\n');
    const { stdout, code } = await p.lockstep(['repro', '--dry', '--json', '--exit-code']);
    expect(code).toBe(1);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const decided = events.filter((event) => event.event === 'stage-decided');
    expect(
      decided.map((event) => [event.stage, event.decision, event.reasons.map((r: { reason: string }) => r.reason)]),
    ).toEqual([
      ['upper', 'run', ['dep-changed']],
      ['repeat', 'run', ['upstream-would-run']],
    ]);
    expect(events.at(-1)).toMatchObject({ event: 'summary', ran: ['upper', 'repeat'] });
    expect(p.read('upper.txt')).toBe('HELLO\n');
  });

  test('--dry goes on where the run cache knows what the upstream would give', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    p.write('in.txt', 'bye\n');
    await summaryOf(p);
    p.write('in.txt', 'hello\n');
    expect(await summaryOf(p, '--dry')).toEqual({ restored: ['upper', 'repeat'] });
    expect(await summaryOf(p)).toEqual({ restored: ['upper', 'repeat'] });
    expect(await summaryOf(p, '--dry')).toEqual({ kept: ['upper', 'repeat'] });
    expect((await p.lockstep(['repro', '--dry', '--exit-code'])).code).toBe(0);
  });

  test('a failing stage is named with its exit code and last lines; others that need it are blocked', async () => {
    await using p = await project({
      'pipeline.yaml': `
stages:
  bad: {cmd: "echo one; echo two >&2; exit 3", outs: [bad.txt]}
  after: {cmd: cp bad.txt after.txt, deps: [bad.txt], outs: [after.txt]}
  apart: {cmd: echo hi > apart.txt, outs: [apart.txt]}
`,
    });
    const { code, stderr } = await p.lockstep(['repro', '-j', '1']);
    expect(code).toBe(1);
    expect(stderr).toContain('exited with code 3');
    expect(stderr).toContain('two');
    expect(stderr).toMatch(/lockstep runs log [0-9a-f]+/);
    expect(await summaryOf(p, '-k')).toMatchObject({ failed: ['bad'], blocked: ['after'] });
    expect(existsSync(p.path('apart.txt'))).toBe(true);
    expect((await p.lockstep(['repro', '--ignore-errors'])).code).toBe(0);
  });

  test('a stage that does not make its out fails, and says which', async () => {
    await using p = await project({ 'pipeline.yaml': 'stages: {a: {cmd: "true", outs: [x.txt, y.txt]}}\n' });
    const { code, stderr } = await p.lockstep(['repro']);
    expect(code).toBe(1);
    expect(stderr).toContain('did not make its declared outs x.txt, y.txt');
    expect(existsSync(p.path('pipeline.lock'))).toBe(false);
  });

  test('a missing dep ends it before anything runs, with the place and the nearest name', async () => {
    await using p = await project({
      'pipeline.yaml':
        'stages:\n  first: {cmd: touch ran, outs: [ran]}\n  a:\n    cmd: cat dta.csv\n    deps: [dta.csv]\n',
      'data.csv': '1\n',
    });
    const { code, stderr } = await p.lockstep(['repro']);
    expect(code).toBe(2);
    expect(stderr).toContain('pipeline.yaml:5:12');
    expect(stderr).toContain("stage 'a' needs dta.csv");
    expect(stderr).toContain('did you mean data.csv?');
    expect(existsSync(p.path('ran'))).toBe(false);
  });

  test('a dep that changes while its stage runs fails the stage and leaves its outs unproven', async () => {
    await using p = await project({
      'pipeline.yaml':
        'stages: {a: {cmd: "cp in.txt out.txt; echo more >> in.txt", deps: [in.txt], outs: [out.txt]}}\n',
      'in.txt': 'x\n',
    });
    const { code, stderr } = await p.lockstep(['repro']);
    expect(code).toBe(1);
    expect(stderr).toContain('dep-changed-while-running');
    expect(p.read('out.txt')).toBe('x\n');
    expect(existsSync(p.path('pipeline.lock'))).toBe(false);
  });

  test('an out edited by hand is kept in the trash', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    p.write('upper.txt', 'MY OWN WORK\n');
    const { stderr } = await p.lockstep(['repro']);
    const where = /moved to (\S+)/.exec(stderr)?.[1] ?? '';
    expect(p.read(where)).toBe('MY OWN WORK\n');
    expect(p.read('upper.txt')).toBe('HELLO\n');
  });

  test('a user file inside an out directory is kept in the trash', async () => {
    await using p = await project({
      'pipeline.yaml': 'stages: {a: {cmd: "mkdir -p d; cp in.txt d/x", deps: [in.txt], outs: [d]}}\n',
      'in.txt': '1\n',
    });
    await summaryOf(p);
    p.write('d/notes.txt', 'mine\n');
    const { stderr } = await p.lockstep(['repro', '--force']);
    const where = /moved to (\S+)/.exec(stderr)?.[1] ?? '';
    expect(p.read(`${where}/notes.txt`)).toBe('mine\n');
    expect(existsSync(p.path('d/notes.txt'))).toBe(false);
  });

  test('retries, and counts every try as a run', async () => {
    await using p = await project({
      'pipeline.yaml':
        'stages: {flaky: {cmd: "echo x >> tries; test $(wc -l < tries) -ge 3 && cp tries out", outs: [out], retries: 2}}\n',
    });
    expect(await summaryOf(p)).toEqual({ ran: ['flaky'] });
    const { stdout } = await p.lockstep(['runs', 'list', '--json']);
    const statuses = (JSON.parse(stdout) as { runs: { status: string }[] }).runs.map((run) => run.status);
    expect(statuses.sort()).toEqual(['FAILED', 'FAILED', 'FINISHED']);
  });

  test('a timeout ends the stage and is named', async () => {
    await using p = await project({ 'pipeline.yaml': 'stages: {slow: {cmd: sleep 60, timeout: 0.2}}\n' });
    const { code, stderr } = await p.lockstep(['repro']);
    expect(code).toBe(1);
    expect(stderr).toContain('timed out after 0.2 s');
  });

  test('targets: a stage with what it needs, alone, downstream, by out, by pattern', async () => {
    await using p = await project(CHAIN);
    expect(await summaryOf(p, 'upper')).toEqual({ ran: ['upper'] });
    expect(await summaryOf(p, 'repeated.txt')).toEqual({ kept: ['upper'], ran: ['repeat'] });
    expect(await summaryOf(p, '-s', '-f', 'repeat')).toEqual({ ran: ['repeat'], reproduced: ['repeat'] });
    expect(await summaryOf(p, '--downstream', 'repeat')).toEqual({ kept: ['repeat'] });
    expect(await summaryOf(p, '--glob', 'up*')).toEqual({ kept: ['upper'] });
    expect(await summaryOf(p, '--glob', 'pipeline.yaml', 'up*')).toEqual(await summaryOf(p, 'pipeline.yaml'));
    expect(await summaryOf(p, 'pipeline.yaml:upper')).toEqual({ kept: ['upper'] });
    const unknown = await p.lockstep(['repro', 'uper']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("did you mean 'upper'?");
  });

  test('a frozen stage is left alone; --no-commit keeps the cache out of it', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    p.write('pipeline.yaml', p.read('pipeline.yaml').replace('  upper:\n', '  upper:\n    frozen: true\n'));
    p.write('in.txt', 'changed\n');
    expect(await summaryOf(p)).toEqual({ kept: ['upper', 'repeat'] });
    p.write('params.yaml', 'times: 7\n');
    expect(await summaryOf(p, '--no-commit')).toEqual({ kept: ['upper'], ran: ['repeat'] });
    rmSync(p.path('repeated.txt'));
    expect(await summaryOf(p)).toMatchObject({ ran: ['repeat'], reproduced: ['repeat'] });
  });

  test('several pipeline files make one graph', async () => {
    await using p = await project({
      'pipeline.yaml': 'stages: {a: {cmd: "mkdir -p sub && echo 1 > sub/one", outs: [sub/one]}}\n',
      'sub/pipeline.yaml': 'stages: {b: {cmd: cp one two, deps: [one], outs: [two]}}\n',
    });
    const inside = await p.lockstep(['repro', '--json'], { cwd: 'sub' });
    expect(JSON.parse(inside.stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ ran: ['a', 'b'] });
    expect(p.read('sub/two')).toBe('1\n');
    expect(p.read('sub/pipeline.lock')).toContain('path: one');
    expect(await summaryOf(p, '-P')).toEqual({ kept: ['a', 'b'] });
  });

  test('cached outs are ignored by git, executable bits and trees survive a restore', async () => {
    await using p = await project({
      'pipeline.yaml': `
stages:
  make:
    cmd: |
      mkdir -p d/empty d/sub
      printf '#!/bin/sh\\n' > d/sub/tool
      chmod +x d/sub/tool
      ln -s sub/tool d/link
    outs: [d]
`,
    });
    p.commit();
    await summaryOf(p);
    expect(p.read('.gitignore')).toContain('/d\n');
    rmSync(p.path('d'), { recursive: true });
    expect(await summaryOf(p)).toEqual({ restored: ['make'] });
    expect(statSync(p.path('d/sub/tool')).mode & 0o100).toBe(0o100);
    expect(statSync(p.path('d/empty')).isDirectory()).toBe(true);
    expect(await summaryOf(p)).toEqual({ kept: ['make'] });
  });

  test('a corrupt object is set aside and its stage runs again, saying so', async () => {
    await using p = await project(CHAIN);
    await summaryOf(p);
    const digest = /upper\.txt, digest: sha256:([0-9a-f]+)/.exec(p.read('pipeline.lock'))?.[1] ?? '';
    const object = `.lockstep/cache/sha256/${digest.slice(0, 2)}/${digest.slice(2)}`;
    rmSync(p.path(object), { force: true });
    p.write(object, 'HELLp\n');
    rmSync(p.path('upper.txt'));
    const { stdout } = await p.lockstep(['repro', '--dry', '--json']);
    expect(stdout).toContain('object-corrupt');
    expect(await summaryOf(p)).toEqual({ ran: ['upper'], kept: ['repeat'], reproduced: ['upper'] });
    expect(p.read('upper.txt')).toBe('HELLO\n');
  });

  test('a directory that many stages write into can be a dep, though its .gitignore grows with them', async () => {
    await using p = await project({
      'pipeline.yaml': `
stages:
  all: {cmd: ls build > all.txt, deps: [build], outs: [all.txt]}
  a: {cmd: echo 1 > build/a, outs: [build/a]}
  b: {cmd: sleep 0.3; echo 2 > build/b, outs: [build/b]}
`,
    });
    p.commit();
    expect(await summaryOf(p, '-j', '4')).toEqual({ ran: ['a', 'b', 'all'] });
    expect(p.read('build/.gitignore')).toBe('/a\n/b\n');
    expect(await summaryOf(p)).toEqual({ kept: ['a', 'b', 'all'] });
  });

  test('an out inside a dep of the same stage is a circle, not a stage that never settles', async () => {
    await using p = await project({
      'pipeline.yaml': 'stages: {a: {cmd: echo 1 > src/x, deps: [src], outs: [src/x]}}\n',
      'src/code': '1\n',
    });
    const { code, stderr } = await p.lockstep(['repro']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/src\/x/);
  });

  test('a dep directory does not change by what an interpreter leaves in it', async () => {
    await using p = await project({
      'pipeline.yaml':
        'stages: {a: {cmd: mkdir -p src/__pycache__; echo $$ > src/__pycache__/m.pyc; cp src/m.py out, deps: [src], outs: [out]}}\n',
      'src/m.py': 'x = 1\n',
    });
    expect(await summaryOf(p)).toEqual({ ran: ['a'] });
    p.write('src/__pycache__/other.pyc', 'y');
    expect(await summaryOf(p)).toEqual({ kept: ['a'] });
    p.write('src/new.py', 'y = 1\n');
    expect(await summaryOf(p, '--dry')).toEqual({ ran: ['a'] });
  });
});
