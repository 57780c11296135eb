import { describe, expect, it } from 'vitest';
import type { Executor } from '../../src/executors/executor.ts';
import { ExecutorRig } from '../support/executor-rig.ts';

/** What every executor promises of the scripts it runs. How it ends them is in executor-ending.ts. */
export function executorContract(makeExecutor: () => Executor): void {
  const executor = makeExecutor();
  describe('scripts', () => scripts(executor));
  describe('surroundings', () => surroundings(executor));
  describe('output', () => output(executor));
}

const done = { kind: 'exited', code: 0 };

function scripts(executor: Executor): void {
  it.each([
    ['a plain command', 'echo hello', 'hello\n'],
    ['nothing', '', ''],
    ['several lines', 'a=1\nb=2\necho $((a + b))\n', '3\n'],
    ['if over lines', 'if true\nthen\n  echo yes\nelse\n  echo no\nfi', 'yes\n'],
    ['a here-document', 'cat <<EOF\none\n  two $((1 + 1))\nEOF\necho after', 'one\n  two 2\nafter\n'],
    ['a quoted here-document', "cat <<'EOF'\n$HOME `x` \\\nEOF", '$HOME `x` \\\n'],
    ['continued lines', 'echo a \\\n  b \\\n  c', 'a b c\n'],
    ['a comment at the head', '#!/bin/sh\n# about\necho hello', 'hello\n'],
    ['a function with a loop', 'f() {\n  for x in 1 2; do echo "$x"; done\n}\nf', '1\n2\n'],
    ['quotes and blanks', `echo "it's  \\"so\\"" 'a  $b'`, `it's  "so" a  $b\n`],
    ['non-ASCII text', "echo 'größe 漢字 🐧'", 'größe 漢字 🐧\n'],
  ])('runs %s as it stands', async (_, script, stdout) => {
    using rig = new ExecutorRig(executor);
    expect(await rig.run(script)).toEqual({ exit: done, stdout, stderr: '' });
  });

  it('ends a script at the first command that fails, with its exit code', async () => {
    using rig = new ExecutorRig(executor);
    expect(await rig.run('echo one\n(exit 7)\necho two')).toMatchObject({
      exit: { kind: 'exited', code: 7 },
      stdout: 'one\n',
    });
  });

  it('runs a list in order, each in a shell of its own', async () => {
    using rig = new ExecutorRig(executor);
    const ended = await rig.run(['x=1; cd /; echo a', 'echo "b$x"; test -f here || touch here', 'ls']);
    expect(ended).toEqual({ exit: done, stdout: expect.stringMatching(/^a\nb\nhere\n/), stderr: '' });
  });

  it('ends a list at the first script that fails', async () => {
    using rig = new ExecutorRig(executor);
    const ended = await rig.run(['echo one', 'false\necho two', 'echo three']);
    expect(ended).toEqual({ exit: { kind: 'exited', code: 1 }, stdout: 'one\n', stderr: '' });
  });

  it('gives the exit code of the last script of a list', async () => {
    using rig = new ExecutorRig(executor);
    expect((await rig.run(['true', 'exit 9'])).exit).toEqual({ kind: 'exited', code: 9 });
  });

  it.each([
    ['one script', (long: string) => [long]],
    ['a list', (long: string) => ['echo first', long, 'echo last']],
  ])('runs %s of 300 KB', async (_, scriptsWith) => {
    using rig = new ExecutorRig(executor);
    const long = `: '${'x'.repeat(300_000)}'\nfalse || echo long\ncat <<EOF\nin $0\nEOF\n`;
    const scripts = scriptsWith(long);
    const expected = scripts.length === 1 ? /^long\nin \S*sh\n$/ : /^first\nlong\nin \S*sh\nlast\n$/;
    expect(await rig.run(scripts)).toEqual({ exit: done, stdout: expect.stringMatching(expected), stderr: '' });
  });

  it('ends a script of 300 KB at the first command that fails', async () => {
    using rig = new ExecutorRig(executor);
    const ended = await rig.run(`# ${'x'.repeat(300_000)}\necho one\nfalse\necho two`);
    expect(ended).toMatchObject({ exit: { kind: 'exited', code: 1 }, stdout: 'one\n' });
  });

  it('tells the signal that ended the shell', async () => {
    using rig = new ExecutorRig(executor);
    expect((await rig.run('kill -KILL $$')).exit).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
  });
}

function surroundings(executor: Executor): void {
  it('gives exactly the environment asked for', async () => {
    using rig = new ExecutorRig(executor);
    const { stdout } = await rig.run('env', {
      env: { PATH: '/usr/bin:/bin', ONE: 'a b', EMPTY: '', TEXT: 'x=y\tz' },
    });
    // Shells add some of their own.
    const lines = stdout.split('\n').filter((line) => !/^(PWD|OLDPWD|SHLVL|_)=|^$/.test(line));
    expect(lines.sort()).toEqual(['EMPTY=', 'ONE=a b', 'PATH=/usr/bin:/bin', 'TEXT=x=y\tz']);
  });

  it('runs in the working directory, on an empty standard input', async () => {
    using rig = new ExecutorRig(executor);
    expect(await rig.run('cat; pwd')).toEqual({ exit: done, stdout: `${rig.root}\n`, stderr: '' });
  });

  it('leaks no descriptor of its own into a script', async () => {
    using rig = new ExecutorRig(executor);
    const probe = 'for n in 3 4 5 6 7 8 9; do if (: <&$n) 2>/dev/null || (: >&$n) 2>/dev/null; then echo $n; fi; done';
    expect((await rig.run(probe)).stdout).toBe('');
    expect((await rig.run([probe, probe])).stdout).toBe('');
  });

  it.each([
    ['the working directory is missing', 'true', { cwd: '/no/such/directory' }, /working directory does not exist/],
    ['the working directory is a file', 'true', { cwd: '/etc/passwd' }, /not a directory/],
    ['a script holds a NUL character', 'echo a\0b', {}, /NUL/],
    ['the environment holds a NUL character', 'true', { env: { A: 'a\0b' } }, /NUL/],
    ['the environment is too long', 'true', { env: { LONG: 'x'.repeat(20_000_000) } }, /too long/],
  ])('says so when %s', async (_, script, change, message) => {
    using rig = new ExecutorRig(executor);
    const { exit } = await rig.run(script, change);
    expect(exit).toEqual({ kind: 'not-started', message: expect.stringMatching(message) });
  });
}

function output(executor: Executor): void {
  it('delivers both streams, each in order and complete', async () => {
    using rig = new ExecutorRig(executor);
    const { stdout, stderr } = await rig.run('for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done; printf end');
    expect(stdout).toBe('out 1\nout 2\nout 3\nout 4\nout 5\nend');
    expect(stderr).toBe('err 1\nerr 2\nerr 3\nerr 4\nerr 5\n');
  });

  it('delivers while the script runs', async () => {
    using rig = new ExecutorRig(executor);
    rig.fifo('hold1');
    rig.fifo('hold2');
    const arrived: string[] = [];
    const running = rig.start('echo one; read x <hold1; echo two >&2; read x <hold2; echo three', {
      onOutput: (stream, chunk) => {
        arrived.push(`${stream} ${Buffer.from(chunk).toString().trim()}`);
        // Each next line is written only after the one before was delivered.
        if (arrived.length < 3) void rig.letGo(`hold${arrived.length}`);
      },
    });
    expect(await running.finished).toEqual(done);
    expect(arrived).toEqual(['stdout one', 'stderr two', 'stdout three']);
  });

  it('delivers all of a large output', async () => {
    using rig = new ExecutorRig(executor);
    let bytes = 0;
    const onOutput = (_: string, chunk: Uint8Array) => {
      bytes += chunk.length;
    };
    await rig.run('head -c 30000000 /dev/zero; head -c 30000000 /dev/zero >&2', { onOutput });
    expect(bytes).toBe(60_000_000);
  });

  it('can be opened by name', async () => {
    using rig = new ExecutorRig(executor);
    const { exit, stdout, stderr } = await rig.run(
      'echo a >/dev/stdout; echo b >/dev/stderr; echo c | tee /dev/stderr',
    );
    expect({ exit, stdout, stderr }).toEqual({ exit: done, stdout: 'a\nc\n', stderr: 'b\nc\n' });
  });

  it('is kept apart between stages that run at the same time', async () => {
    using rig = new ExecutorRig(executor);
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const all = await Promise.all(
      numbers.map((n) => rig.run(`echo out ${n}; echo err ${n} >&2`, { recordFile: rig.path(`running/${n}.json`) })),
    );
    expect(all).toEqual(numbers.map((n) => ({ exit: done, stdout: `out ${n}\n`, stderr: `err ${n}\n` })));
  });
}
