import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import { LockstepError } from '../base/error.ts';
import { addStage, removeStage, type StageSpec, setFrozen } from './edit.ts';
import { parsePipeline } from './parse.ts';

const FILE = 'pipeline.yaml' as ProjectPath;

function stagesIn(text: string) {
  const { pipeline, diagnostics } = parsePipeline(FILE, text);
  expect(diagnostics).toEqual([]);
  return pipeline?.stages ?? [];
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    return error instanceof LockstepError ? error.code : String(error);
  }
  return undefined;
}

const TRAIN: StageSpec = { name: 'train', cmd: 'python train.py', deps: ['data'], outs: ['model.pkl'] };

describe('addStage', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'into nothing',
      '',
      'stages:\n  train:\n    cmd: python train.py\n    deps:\n      - data\n    outs:\n      - model.pkl\n',
    ],
    [
      'below comments only',
      '# mine\n',
      '# mine\nstages:\n  train:\n    cmd: python train.py\n    deps:\n      - data\n    outs:\n      - model.pkl\n',
    ],
    [
      'into an empty section',
      'stages:\n# end\n',
      'stages:\n  train:\n    cmd: python train.py\n    deps:\n      - data\n    outs:\n      - model.pkl\n# end\n',
    ],
    [
      'with the indentation, the blank lines and the comments of the file',
      'stages:\n    a:   # first\n        cmd: "x"  # why\n\n    # about b\n    b:\n        cmd: |\n            one\n            two\n        # in b\n\n# about metrics\nmetrics:\n    - m.json',
      'stages:\n    a:   # first\n        cmd: "x"  # why\n\n    # about b\n    b:\n        cmd: |\n            one\n            two\n        # in b\n\n    train:\n        cmd: python train.py\n        deps:\n            - data\n        outs:\n            - model.pkl\n\n# about metrics\nmetrics:\n    - m.json',
    ],
    [
      'after a last line without an end',
      'stages:\n  a:\n    cmd: x',
      'stages:\n  a:\n    cmd: x\n  train:\n    cmd: python train.py\n    deps:\n      - data\n    outs:\n      - model.pkl\n',
    ],
    [
      'into an empty flow map',
      'stages: {}\n',
      'stages:\n  train:\n    cmd: python train.py\n    deps:\n      - data\n    outs:\n      - model.pkl\n',
    ],
  ];
  test.each(cases)('%s', (_name, before, after) => {
    expect(addStage(before, TRAIN)).toBe(after);
  });

  test('keeps the line ends of the file', () => {
    const text = addStage('stages:\r\n  a:\r\n    cmd: x\r\n', { name: 'b', cmd: 'y' });
    expect(text).toBe('stages:\r\n  a:\r\n    cmd: x\r\n  b:\r\n    cmd: y\r\n');
  });

  test.each([1, 2, 4, 6])('writes a script that begins with blanks where a level is %i blanks', (step) => {
    for (const cmd of [' \n!', '  a\nb', '\n x', '\tx\ny']) {
      const before = `stages:\n  a:\n  ${' '.repeat(step)}cmd: x   # why\n`;
      const after = addStage(before, { name: 'b', cmd });
      expect(after.startsWith(before)).toBe(true);
      expect(stagesIn(after).at(-1)).toMatchObject({ name: 'b', cmd });
    }
  });

  test('refuses a stage that is there, and replaces it with force', () => {
    const text = 'stages:\n  # one\n  a:\n    cmd: x\n  # two\n  b: {cmd: y}\n';
    expect(codeOf(() => addStage(text, { name: 'a', cmd: 'z' }))).toBe('usage');
    const forced = addStage(text, { name: 'a', cmd: 'z' }, { force: true });
    expect(forced).toBe('stages:\n  # one\n  a:\n    cmd: z\n  # two\n  b: {cmd: y}\n');
  });

  test('refuses a text that is no YAML', () => {
    expect(codeOf(() => addStage('stages: [', TRAIN))).toBe('bad-pipeline');
  });

  const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
  const line = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('a: b', '# x', 'true', '1.0', "it's", '- x', 'é'));
  const script = fc
    .array(line, { minLength: 1, maxLength: 4 })
    .map((lines) => lines.join('\n').replaceAll('${', '$'))
    .filter((text) => text.trim() !== '');
  const spec = fc.record({ name: word, cmd: script, deps: fc.uniqueArray(word, { maxLength: 3 }), desc: line });
  const layouts = fc.constantFrom(
    (stage: string) => `  ${stage}: {cmd: x} # flow\n`,
    (stage: string) => `  # about ${stage}\n  "${stage}":\n    cmd: >-\n      folded\n      text\n    # inside\n\n`,
    (stage: string) => `  ${stage}:\n      cmd: |+\n         kept\n\n      deps: [ a,  b ]\n`,
    (stage: string) => `  ${stage}:\n    cmd:\n    - 'x'   # why\n`,
  );

  test('leaves every earlier line as it was, and can be read back', () => {
    fc.assert(
      fc.property(fc.uniqueArray(word, { maxLength: 4 }), layouts, spec, (names, layout, stage) => {
        fc.pre(!names.includes(stage.name));
        const before = `# top\nstages:\n${names.map(layout).join('')}`;
        const tail = '\n# end\nmetrics: [m]\n';
        const after = addStage(before + tail, stage);
        const kept = (before + tail).split('\n');
        let at = 0;
        for (const text of after.split('\n')) if (at < kept.length && text === kept[at]) at += 1;
        expect(at).toBe(kept.length);
        const stages = stagesIn(after);
        expect(stages.map((one) => one.name)).toEqual([...names, stage.name]);
        const { cmd, deps, desc } = stage;
        expect(stages.at(-1)).toMatchObject({ cmd, deps, desc });
      }),
    );
  });
});

describe('setFrozen', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    [
      'in lines',
      'stages:\n  a:\n    cmd: x # y\n\n  b:\n    cmd: z\n',
      'stages:\n  a:\n    cmd: x # y\n    frozen: true\n\n  b:\n    cmd: z\n',
    ],
    ['in a flow map', 'stages:\n  a: {cmd: x}  # y\n', 'stages:\n  a: {cmd: x, frozen: true}  # y\n'],
    [
      'where it says false',
      'stages:\n  a:\n    frozen: false # no\n    cmd: x\n',
      'stages:\n  a:\n    frozen: true # no\n    cmd: x\n',
    ],
  ];
  test.each(cases)('freezes %s', (_name, before, after) => {
    expect(setFrozen(before, 'a', true)).toBe(after);
  });

  test('a stage that was frozen and is unfrozen leaves no trace', () => {
    const text = 'stages:\n  a:\n    cmd: |\n      x\n  # b\n  b:\n    cmd: z\n';
    expect(setFrozen(setFrozen(text, 'a', true), 'a', false)).toBe(text);
    expect(setFrozen(text, 'a', false)).toBe(text);
  });

  test('sees what was merged, and does not change where it came from', () => {
    const text = 'stages:\n  a: &a\n    cmd: x\n    frozen: true\n  b:\n    <<: *a\n    cmd: y\n';
    const stages = stagesIn(setFrozen(text, 'b', false));
    expect(stages.map((stage) => stage.frozen)).toEqual([true, false]);
  });

  test('of a stage that is not there', () => {
    expect(codeOf(() => setFrozen('stages:\n  train:\n    cmd: x\n', 'trian', true))).toBe('no-such-stage');
  });

  test('of a stage that a group makes', () => {
    const text = 'stages:\n  s:\n    foreach: [a]\n    do: {cmd: x}\n';
    expect(codeOf(() => setFrozen(text, 's@a', true))).toBe('usage');
    expect(() => setFrozen(text, 's@a', true)).toThrow('`s@a` is made of `s`, and cannot be changed by itself');
  });
});

describe('removeStage', () => {
  test('takes the comments of the stage along, and no others', () => {
    const text =
      'stages:\n  a:\n    cmd: x\n\n  # about b\n  b:\n    cmd: y\n    # in b\n\n  # about c\n  c: {cmd: z}\n';
    expect(removeStage(text, 'b')).toBe('stages:\n  a:\n    cmd: x\n\n  # about c\n  c: {cmd: z}\n');
  });

  test('leaves a file that can be read when the last one goes', () => {
    expect(stagesIn(removeStage('stages:\n  a:\n    cmd: x\n', 'a'))).toEqual([]);
  });

  test('refuses to break an alias', () => {
    const text = 'stages:\n  a:\n    cmd: &x echo\n  b:\n    cmd: *x\n';
    expect(codeOf(() => removeStage(text, 'a'))).toBe('usage');
  });
});
