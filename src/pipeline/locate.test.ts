import { describe, expect, test } from 'vitest';
import type { ProjectPath } from '../base/brand.ts';
import { locate } from './locate.ts';
import type { Mistake, YamlPath } from './mistake.ts';

const FILE = 'pipeline.yaml' as ProjectPath;
const TEXT = `# a pipeline
stages:
  base: &base
    cmd: x
    deps: &deps
      - one
      - two
    outs: [a, b: {cache: true}]
    wdir:
  other:
    <<: *base
    outs: *deps
`;

function placeOf(at: YamlPath, key = false): string {
  const [diagnostic] = locate([{ file: FILE, at, key, message: 'm' }], new Map([[FILE, TEXT]]));
  return `${diagnostic?.place?.line}:${diagnostic?.place?.column}`;
}

describe('locate', () => {
  test.each<[YamlPath, string, string]>([
    [['stages'], '3:3', '2:1'],
    [['stages', 'base', 'cmd'], '4:10', '4:5'],
    [['stages', 'base', 'deps', 1], '7:9', '7:9'],
    [['stages', 'base', 'outs', 1, 'b'], '8:18', '8:15'],
    [['stages', 'base', 'outs', 1, 'b', 'cache'], '8:26', '8:19'],
    // Nothing is written after the colon.
    [['stages', 'base', 'wdir'], '9:5', '9:5'],
    // Through a merge and through an alias.
    [['stages', 'other', 'cmd'], '4:10', '4:5'],
    [['stages', 'other', 'outs'], '12:11', '12:5'],
    [['stages', 'other', 'outs', 1], '7:9', '7:9'],
    // Not there: the nearest node around.
    [['stages', 'base', 'timeout'], '3:3', '3:3'],
    [['stages', 'base', 'deps', 7], '5:5', '5:5'],
    [['stages', 'gone', 'deps', 7], '2:1', '2:1'],
    [[], '2:1', '2:1'],
  ])('%j', (at, value, key) => {
    expect([placeOf(at), placeOf(at, true)]).toEqual([value, key]);
  });

  test('gives the second place, the line and the hint', () => {
    const other = 'sub/pipeline.yaml' as ProjectPath;
    const mistake: Mistake = {
      file: FILE,
      at: ['stages', 'base'],
      key: true,
      message: 'm',
      hint: 'h',
      related: { file: other, at: ['stages', 'a'] },
    };
    expect(
      locate(
        [mistake],
        new Map([
          [FILE, TEXT],
          [other, 'stages:\n  a: b'],
        ]),
      ),
    ).toEqual([
      {
        message: 'm',
        hint: 'h',
        place: { file: 'pipeline.yaml', line: 3, column: 3, text: '  base: &base' },
        related: { file: 'sub/pipeline.yaml', line: 2, column: 6, text: '  a: b' },
      },
    ]);
  });

  test('a file whose text is not at hand, and an empty one', () => {
    const mistake: Mistake = { file: FILE, at: ['stages'], message: 'm' };
    expect(locate([mistake], new Map())).toEqual([{ message: 'm' }]);
    expect(locate([mistake], new Map([[FILE, '']]))[0]?.place).toEqual({ file: FILE, line: 1, column: 1, text: '' });
  });
});
