import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Digest, ProjectPath } from '../base/brand.ts';
import { mergeLockfiles } from './lock-merge.ts';
import { formatEntry, formatLockfile } from './lockfile.ts';
import { parseLockfile } from './parse-lockfile.ts';

const ROOT = '.' as ProjectPath;

/** A lockfile of stages by name; the text stands for the whole state of the stage. */
function lock(stages: Readonly<Record<string, string>>): string {
  return formatLockfile(Object.entries(stages).map(([name, cmd]) => [name, block(name, cmd)]));
}

function block(name: string, cmd: string): string {
  const content = { kind: 'file' as const, digest: `sha256:${'0'.repeat(64)}` as Digest, size: 1, exec: false };
  const outs = new Map([['out' as ProjectPath, { content, persist: false }]]);
  return formatEntry(name, { cmd, wdir: ROOT, env: {}, params: new Map(), deps: new Map(), outs }, ROOT);
}

const merge = (base: string, ours: string, theirs: string) => mergeLockfiles({ base, ours, theirs });

describe('without conflict', () => {
  test.each([
    ['a stage changed on our side', { a: '1', b: '1' }, { a: '2', b: '1' }, { a: '1', b: '1' }, { a: '2', b: '1' }],
    ['a stage changed on their side', { a: '1' }, { a: '1' }, { a: '2' }, { a: '2' }],
    ['neighbours changed on two sides', { a: '1', b: '1' }, { a: '2', b: '1' }, { a: '1', b: '2' }, { a: '2', b: '2' }],
    ['the same change on both sides', { a: '1' }, { a: '2' }, { a: '2' }, { a: '2' }],
    ['stages added on both sides', { b: '1' }, { a: '1', b: '1' }, { b: '1', c: '1' }, { a: '1', b: '1', c: '1' }],
    ['a stage removed on one side', { a: '1', b: '1' }, { a: '1' }, { a: '1', b: '1' }, { a: '1' }],
    ['the last stage removed', { a: '1' }, {}, { a: '1' }, {}],
  ])('%s', (_, base, ours, theirs, merged) => {
    expect(merge(lock(base), lock(ours), lock(theirs))).toEqual({ text: lock(merged), conflicts: [] });
    expect(merge(lock(base), lock(theirs), lock(ours))).toEqual({ text: lock(merged), conflicts: [] });
  });

  test('a lockfile that is new on both sides', () => {
    expect(merge('', lock({ a: '1' }), lock({ b: '1' }))).toEqual({ text: lock({ a: '1', b: '1' }), conflicts: [] });
  });

  test('line ends of another system are no change', () => {
    const windows = lock({ a: '1', b: '1' }).replaceAll('\n', '\r\n');
    const merged = merge(lock({ a: '1', b: '1' }), windows, lock({ a: '1', b: '2' }));
    expect(merged).toEqual({ text: lock({ a: '1', b: '2' }), conflicts: [] });
  });
});

describe('with conflicts', () => {
  test('only the stage that both sides changed stands between markers', () => {
    const merged = merge(
      lock({ a: '1', b: '1', c: '1' }),
      lock({ a: '2', b: '2', c: '1' }),
      lock({ a: '1', b: '3', c: '3' }),
    );
    expect(merged.conflicts).toEqual(['b']);
    const conflict = `<<<<<<< ours\n${block('b', '2')}=======\n${block('b', '3')}>>>>>>> theirs\n`;
    expect(merged.text).toBe(lock({ a: '2', b: 'x', c: '3' }).replace(block('b', 'x'), conflict));
  });

  test('a stage changed here and removed there', () => {
    const merged = merge(lock({ a: '1' }), lock({ a: '2' }), lock({}));
    expect(merged.conflicts).toEqual(['a']);
    expect(merged.text).toContain(`<<<<<<< ours\n${block('a', '2')}=======\n>>>>>>> theirs\n`);
  });

  test('what is left is refused by the reader until someone decides', () => {
    const { text } = merge(lock({ a: '1' }), lock({ a: '2' }), lock({ a: '3' }));
    expect(parseLockfile('pipeline.lock' as ProjectPath, text, ROOT).diagnostics[0]?.message).toContain('conflict');
  });

  test.each([
    ['two versions', (text: string) => text.replace('lockfile: 1', 'lockfile: 2')],
    ['a side with markers from before', (text: string) => text.replace('  a:', '<<<<<<< x\n  a:')],
    ['a side that is laid out otherwise', (text: string) => text.replace('  a:', '    a:')],
    ['a side with a line that belongs to no stage', (text: string) => `${text}x\n`],
    ['a side that is no lockfile', () => 'hello'],
  ])('%s are kept whole', (_, change) => {
    const [ours, theirs] = [lock({ a: '2' }), change(lock({ a: '3' }))];
    const { text, conflicts } = merge(lock({ a: '1' }), ours, theirs);
    expect(conflicts).toEqual(['(file)']);
    expect(text).toBe(`<<<<<<< ours\n${ours}=======\n${theirs.trimEnd()}\n>>>>>>> theirs\n`);
    expect(merge(ours, ours, theirs)).toEqual({ text: theirs, conflicts: [] });
  });
});

const name = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom('a:', '"', 'k'.repeat(1200), '? x', '#', 'é', 'x y', 'cmd', '1'),
);
const stages = fc.dictionary(
  name.filter((text) => text !== '__proto__'),
  fc.oneof(fc.string(), fc.constantFrom('a\n\nb:\n  c:\n', '  x:', '1')),
  { noNullPrototype: true, maxKeys: 4 },
);

test('changes of different stages always merge, whatever the stages are called', () => {
  fc.assert(
    fc.property(stages, stages, (base, added) => {
      const theirs = { ...added, ...base };
      expect(merge(lock(base), lock(base), lock(theirs))).toEqual({ text: lock(theirs), conflicts: [] });
      expect(merge(lock({}), lock(base), lock(theirs))).toEqual({ text: lock(theirs), conflicts: [] });
    }),
  );
});
