import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { LockstepError } from '../../src/base/error.ts';
import type { OptionSpecs } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { Context } from '../../src/cli/context.ts';
import { GLOBAL_OPTIONS } from '../../src/cli/global-options.ts';
import { parseOptions } from '../../src/cli/parse-arguments.ts';
import { errorText, renderError } from '../../src/cli/render-error.ts';
import { stylesOf } from '../../src/cli/style.ts';
import { project } from '../support/rig.ts';

const PLAIN = stylesOf({ colors: false });

describe('the command line', () => {
  test('without a command prints the overview to stderr and exits 2; -h prints it to stdout', async () => {
    await using p = await project({});
    const bare = await p.lockstep([]);
    expect([bare.code, bare.stdout]).toEqual([2, '']);
    const help = await p.lockstep(['-h']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    expect(help.stdout).toBe(bare.stderr);
    for (const row of COMMANDS) expect(help.stdout).toContain(row.summary);
  });

  test.each([
    [['versin'], "error: unknown command 'versin'\n\nhint: did you mean lockstep version?\n"],
    [['zzzzzz'], "error: unknown command 'zzzzzz'\n\nhint: lockstep -h lists the commands\n"],
    [['version', '--jsn'], "error: unknown option '--jsn'\n\nhint: did you mean --json?\n"],
    [['--qiet', 'version'], "error: unknown option '--qiet'\n\nhint: did you mean --quiet?\n"],
    [['version', '-x'], "error: unknown option '-x'\n"],
    [['version', 'x'], "error: unexpected argument 'x'\n\nhint: the form is lockstep version\n"],
    [['version', '--json=yes'], 'error: option --json takes no value\n'],
    [['version', '-C'], 'error: option -C needs a value: DIR\n'],
    [['-C', '/no/such/place', 'version'], 'error: no such directory: /no/such/place\n'],
  ])('%j is refused with exit 2', async (args, stderr) => {
    await using p = await project({});
    expect(await p.lockstep(args)).toEqual({ code: 2, stdout: '', stderr });
  });

  test.each([[['version', '-h']], [['-h', 'version']], [['help', 'version']]])(
    '%j explains a command',
    async (args) => {
      await using p = await project({});
      const { code, stdout } = await p.lockstep(args);
      expect(code).toBe(0);
      expect(stdout).toContain('Usage: lockstep version\n');
      expect(stdout).toContain('      --json  print one JSON object\n');
    },
  );

  test('--version prints the version alone, before or after a command', async () => {
    await using p = await project({});
    for (const args of [['--version'], ['version', '--version']]) {
      expect((await p.lockstep(args)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    }
  });

  test('version --json names what lockstep runs on', async () => {
    await using p = await project({});
    const { stdout } = await p.lockstep(['version', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ node: process.versions.node, git: expect.stringMatching(/^\d/) });
  });
});

describe('the table of commands', () => {
  test.each(COMMANDS.map((row) => [row.name, row] as const))('%s agrees with its file', async (_, row) => {
    const command = await row.load();
    expect(`${command.usage} `.startsWith(`${row.name} `)).toBe(true);
    expect(command.summary).toBe(row.summary);
    const shorts = Object.values<OptionSpecs[string]>({ ...GLOBAL_OPTIONS, ...command.options }).flatMap(
      (o) => o.short ?? [],
    );
    expect(new Set(shorts).size, 'no short option twice').toBe(shorts.length);
    expect(Object.keys(command.options).filter((name) => Object.hasOwn(GLOBAL_OPTIONS, name))).toEqual([]);
  });
});

describe('parsing options', () => {
  const specs = {
    force: { type: 'boolean', short: 'f', help: '' },
    keep: { type: 'boolean', short: 'k', help: '' },
    jobs: { type: 'string', short: 'j', value: 'N', help: '' },
    deps: { type: 'string', short: 'd', multiple: true, help: '' },
    'no-cache': { type: 'boolean', help: '' },
    direction: { type: 'string', choices: ['down', 'right'], help: '' },
  } as const satisfies OptionSpecs;

  test.each([
    [['-fk', 'a'], { force: true, keep: true }, ['a']],
    [['-fj4'], { force: true, jobs: '4' }, []],
    [['-j', '4', '--jobs=8'], { jobs: '8' }, []],
    [['-d', 'x', 'y', '--deps', 'z'], { deps: ['x', 'z'] }, ['y']],
    [['--no-cache'], { 'no-cache': true }, []],
    [['a', '--', '-f', '--what'], {}, ['a', '-f', '--what']],
    [['--jobs=-3'], { jobs: '-3' }, []],
    [['-d', '-'], { deps: ['-'] }, []],
  ])('%j', (argv, options, positionals) => {
    expect(parseOptions(argv, specs)).toEqual({ options, positionals });
  });

  test.each([
    [['--jobs', '-f'], 'option --jobs needs a value: N'],
    [['--jobs'], 'option --jobs needs a value: N'],
    [['--direction', 'up'], "option --direction does not know 'up'"],
    [['--no-force'], "unknown option '--no-force'"],
    [['-fz'], "unknown option '-z'"],
    [['--constructor'], "unknown option '--constructor'"],
  ])('%j is refused', (argv, message) => {
    expect(() => parseOptions(argv, specs)).toThrow(message);
  });
});

describe('errors', () => {
  test('mistakes are shown with their lines, a caret, related places and hints, and counted', () => {
    const file = 'pipeline.yaml';
    const error = new LockstepError('bad-pipeline', 'the pipeline cannot be used', {
      diagnostics: [
        {
          message: "unknown key 'dep'",
          place: { file, line: 3, column: 5, text: '    dep: data.csv' },
          hint: "did you mean 'deps'?",
        },
        {
          message: "'数据.csv' is written by two stages",
          place: { file, line: 12, column: 13, text: '\t - 数据/a.csv: x' },
          related: { file, line: 7, column: 1, text: 'outs' },
        },
        { message: 'no stages' },
      ],
    });
    expect(errorText(error, PLAIN)).toMatchInlineSnapshot(`
      "error: the pipeline cannot be used

      pipeline.yaml:3:5: unknown key 'dep'
          3 |     dep: data.csv
            |     ^
        hint: did you mean 'deps'?

      pipeline.yaml:12:13: '数据.csv' is written by two stages
         12 |   - 数据/a.csv: x
            |               ^
        see pipeline.yaml:7:1
          7 | outs
            | ^

      no stages

      3 mistakes
      "
    `);
  });

  test('what is no stoppage is a bug: exit 70, with all that a report needs', async () => {
    const parts: string[] = [];
    const stderr = { write: (text: string) => void parts.push(text), isTerminal: false, columns: 80, colors: false };
    const context = { stderr, signal: new AbortController().signal } as unknown as Context;
    const code = await renderError(new TypeError('x is not a function'), { context, argv: ['repro', 'a b'] });
    expect(code).toBe(70);
    expect(parts.join('')).toMatch(
      /^error: this is a bug in lockstep.*TypeError: x is not a function\n +at .*node 2\d+\.\d+/s,
    );
    expect(parts.join('')).toContain('command: lockstep repro "a b"\n');
  });

  test('what is thrown because of a signal exits 130 without a word', async () => {
    const aborted = AbortSignal.abort();
    const context = { stderr: { write: () => expect.unreachable() }, signal: aborted } as unknown as Context;
    expect(await renderError(aborted.reason, { context, argv: [] })).toBe(130);
  });

  test('a very long line is cut around its column', () => {
    const text = `${'a'.repeat(400)}!${'b'.repeat(400)}`;
    const place = { file: 'params.json', line: 1, column: 401, text };
    const shown = errorText(new LockstepError('bad-params', 'no', { diagnostics: [{ message: 'm', place }] }), PLAIN);
    const [, , , line = '', caret = ''] = shown.split('\n');
    expect(line.length).toBeLessThan(130);
    expect(line[caret.indexOf('^')]).toBe('!');
  });
});

test('a reader of the built program may go away', () => {
  const bin = fileURLToPath(new URL('../../bin/lockstep.cjs', import.meta.url));
  const script = `node "$1" -h | head -c 1; echo " \${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', bin], { encoding: 'utf8' });
  expect([stdout, stderr]).toEqual(['l 0\n', '']);
});
