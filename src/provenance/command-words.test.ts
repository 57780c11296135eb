import { describe, expect, it } from 'vitest';
import { simpleCommands } from './command-words.ts';

describe('simpleCommands', () => {
  it.each([
    ['python train.py', [['python', 'train.py']]],
    ['set -e\npython a.py && ./b.py; c | d', [['set', '-e'], ['python', 'a.py'], ['./b.py'], ['c'], ['d']]],
    ['SEED=1 NAME="a b" exec python a.py', [['python', 'a.py']]],
    ['if ! nice -n 5 x; then y; fi', [['5', 'x'], ['y'], ['fi']]],
    ['python \\\n  --name "two words" \'it"s\' a\\ b', [['python', '--name', 'two words', 'it"s', 'a b']]],
    ['# only a comment\nrun a#b # more', [['run', 'a#b']]],
    ['echo $(python -V)', [['echo'], ['python', '-V']]],
    ['', []],
  ])('%j', (script, commands) => {
    expect(simpleCommands(script)).toEqual(commands);
  });
});
