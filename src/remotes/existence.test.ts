import { expect, test } from 'vitest';
import { haveBelow, haveInDirectories } from './existence.ts';
import type { Listed } from './remote.ts';

/** A remote that counts what it is asked. */
function counting(has: readonly string[]) {
  const asked: string[] = [];
  async function* list(prefix: string): AsyncIterable<Listed> {
    asked.push(`list ${prefix}`);
    for (const key of has) if (key.startsWith(prefix)) yield { key, size: 1 };
  }
  const sizeOf = async (key: string) => {
    asked.push(key);
    return has.includes(key) ? 1 : undefined;
  };
  return { asked, questions: { jobs: 1, few: 2, list, sizeOf } };
}

const many = (directory: string, count: number) => Array.from({ length: count }, (_, n) => `${directory}/${n}`);

test('few are asked for one by one, many by the listing of what they have in common', async () => {
  const few = counting(['a/0']);
  expect([...(await haveBelow(['a/0', 'a/1'], few.questions)).keys()]).toEqual(['a/0']);
  expect(few.asked).toEqual(['a/0', 'a/1']);
  const { asked, questions } = counting(['s/a/0', 's/b/1']);
  expect((await haveBelow([...many('s/a', 3), ...many('s/b', 3)], questions)).size).toBe(2);
  expect(asked).toEqual(['list s/']);
});

test('a listing that has mostly other things is given up, and nothing is asked twice', async () => {
  const { asked, questions } = counting(['a/0', ...many('a/other', 10), 'a/2']);
  expect([...(await haveBelow(many('a', 3), questions)).keys()].sort()).toEqual(['a/0', 'a/2']);
  expect(asked).toEqual(['list a/', 'a/1', 'a/2']);
});

test('directories are listed each for itself, where it pays', async () => {
  const { asked, questions } = counting([...many('a', 3), 'b/0']);
  expect((await haveInDirectories([...many('a', 5), ...many('b', 2)], questions)).size).toBe(4);
  expect(asked).toEqual(['list a/', 'b/0', 'b/1']);
});

test('nothing is asked where nothing is wanted', async () => {
  const { asked, questions } = counting([]);
  expect((await haveBelow([], questions)).size + (await haveInDirectories([], questions)).size).toBe(0);
  expect(asked).toEqual([]);
});
