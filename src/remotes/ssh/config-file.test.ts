import { expect, test } from 'vitest';
import { matchesHost, settingsFor } from './config-file.ts';

const FILE = `
# of everybody
Host storage st*.example.org !stale.example.org
  HostName 10.0.0.7
  port=2222
  IdentityFile ~/.ssh/storage   # the key
  IdentityFile "~/.ssh/with blanks"
Match user nobody
  User matched
Host *
  User everybody
  Port 22
  IdentityFile ~/.ssh/last
`;

test('the first value counts, of a key each', () => {
  expect(Object.fromEntries(settingsFor(FILE, 'storage'))).toEqual({
    hostname: ['10.0.0.7'],
    port: ['2222'],
    identityfile: ['~/.ssh/storage', '~/.ssh/with blanks', '~/.ssh/last'],
    user: ['everybody'],
  });
});

test('what stands before the first host is for all, and what is negated is not for that one', () => {
  expect(settingsFor('User first\nHost a\n  User second\n', 'a').get('user')).toEqual(['first']);
  expect(settingsFor(FILE, 'stale.example.org').has('hostname')).toBe(false);
  expect(settingsFor(FILE, 'store.example.org').get('hostname')).toEqual(['10.0.0.7']);
  expect(settingsFor('', 'a').size).toBe(0);
});

test.each([
  [['*'], 'any', true],
  [['a?c'], 'abc', true],
  [['a?c'], 'ac', false],
  [['a.c'], 'abc', false],
  [['ABC'], 'abc', true],
  [['!a', '*'], 'a', false],
  [['!a'], 'b', false],
])('%j is %s: %s', (patterns, host, matches) => {
  expect(matchesHost(patterns, host)).toBe(matches);
});
