import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { at, SCHEMES, StoreRig } from './store-rig.ts';

describe.each(SCHEMES)('with the %s scheme', (scheme) => {
  test('a file is what its bytes and its executable bit are', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('run.sh', 'echo\n');
    const store = rig.open();
    const plain = { kind: 'file', digest: rig.digestOf('echo\n'), size: 5, exec: false };
    expect(await store.observe(at('run.sh'))).toEqual(plain);
    chmodSync(rig.path('run.sh'), 0o755);
    expect(await store.observe(at('run.sh'))).toEqual({ ...plain, exec: true });
    expect(await store.observe(at('absent'))).toBe('missing');
    expect(store.peek(at('run.sh/below'))).toBe('missing');
  });

  test('a link stands for the file it leads to, and for nothing when it dangles', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('real', 'bytes');
    symlinkSync('real', rig.path('link'));
    symlinkSync('nowhere', rig.path('dangling'));
    const store = rig.open();
    expect(await store.observe(at('link'))).toMatchObject({ digest: rig.digestOf('bytes') });
    expect(await store.observe(at('dangling'))).toBe('missing');
    expect(store.peek(at('dangling'))).toBe('missing');
  });

  test('the stat index answers for a file in the next process, until the file changes', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('data', 'one');
    rig.settle();
    const first = rig.open();
    expect(first.peek(at('data'))).toBeUndefined();
    const content = await first.observe(at('data'));
    first.close();
    const second = rig.open();
    expect(second.peek(at('data'))).toEqual(content);
    rig.write('data', 'three');
    expect(second.peek(at('data'))).toBeUndefined();
  });

  test('a file written just now is read again, since a second write may bear the same time', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('data', 'one');
    const store = rig.open({ now: () => statSync(rig.path('data')).mtimeMs + 5 });
    await store.observe(at('data'));
    expect(store.peek(at('data'))).toBeUndefined();
  });

  test('a large file written just now is read when its stat can vouch for it, and only once', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('data', Buffer.alloc(5 * 1024 * 1024, 1));
    const store = rig.open();
    const content = await store.observe(at('data'));
    expect(store.peek(at('data'))).toEqual(content);
  });

  test('bytes changed behind the same size and mtime are noticed', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('data', 'one');
    utimesSync(rig.path('data'), 1000, 1000);
    rig.settle();
    const store = rig.open();
    await store.observe(at('data'));
    expect(store.peek(at('data'))).toBeDefined();
    writeFileSync(rig.path('data'), 'two');
    utimesSync(rig.path('data'), 1000, 1000);
    expect(await store.observe(at('data'))).toMatchObject({ digest: rig.digestOf('two') });
  });

  test('another file of the same stat put in its place is noticed by its inode', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('data', 'one');
    rig.write('other', 'two');
    rig.settle();
    const store = rig.open();
    await store.observe(at('data'));
    renameSync(rig.path('other'), rig.path('data'));
    expect(store.peek(at('data'))).toBeUndefined();
  });

  test.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 7)],
    [
      'with one bit flipped',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i === bytes.length - 20 ? byte ^ 1 : byte))),
    ],
    ['empty', () => Buffer.alloc(0)],
  ])('a stat index %s is built anew without a word', async (_, damage) => {
    await using rig = new StoreRig({ scheme });
    rig.write('data', 'one');
    rig.settle();
    const first = rig.open();
    const content = await first.observe(at('data'));
    first.close();
    const index = rig.statIndex;
    writeFileSync(index, damage(readFileSync(index)));
    const second = rig.open();
    expect(second.peek(at('data'))).toBeUndefined();
    expect(await second.observe(at('data'))).toEqual(content);
  });

  test('a named pipe, a socket and a device are named as what they are, without being opened', async () => {
    await using rig = new StoreRig({ scheme });
    execFileSync('mkfifo', [rig.path('pipe')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(rig.path('socket'), resolve));
    symlinkSync('/dev/null', rig.path('device'));
    const store = rig.open();
    for (const [name, kind] of [
      ['pipe', 'named pipe'],
      ['socket', 'socket'],
      ['device', 'character device'],
    ] as const) {
      const error = { code: 'unusable-file', message: `"${name}" is a ${kind}, not a file or directory` };
      await expect(store.observe(at(name))).rejects.toMatchObject(error);
      await expect(store.save(at(name))).rejects.toMatchObject(error);
    }
    server.close();
  });

  test('links in a circle and names that are too long are said to be so', async () => {
    await using rig = new StoreRig({ scheme });
    symlinkSync('b', rig.path('a'));
    symlinkSync('a', rig.path('b'));
    const store = rig.open();
    await expect(store.observe(at('a'))).rejects.toMatchObject({
      code: 'unusable-file',
      message: 'cannot read "a": its symbolic links lead in a circle',
    });
    await expect(store.observe(at('x'.repeat(300)))).rejects.toMatchObject({
      code: 'unusable-file',
      message: expect.stringContaining('its name is too long for the file system'),
    });
  });

  test.each([
    'with blank',
    '"quoted"',
    "it's",
    'line\nend',
    'grün-日本-🐧',
    '-rf',
    ' lead',
    '#x',
    '$HOME',
    'back\\slash',
  ])('a file named %j is saved, cleared and restored', async (name) => {
    await using rig = new StoreRig({ scheme });
    rig.write(name, 'bytes');
    const store = rig.open();
    const content = await store.save(at(name));
    if (content === 'missing') throw new Error('missing');
    await store.flush();
    expect(await store.clear(at(name))).toBeNull();
    expect(existsSync(rig.path(name))).toBe(false);
    await store.checkout(content, at(name));
    expect(readFileSync(rig.path(name), 'utf8')).toBe('bytes');
  });

  test('a large file is saved whole, with the digest of its bytes', async () => {
    await using rig = new StoreRig({ scheme });
    const bytes = Buffer.from(Array.from({ length: 2_500_001 }, (_, i) => (i * 7919) % 251));
    rig.write('data', bytes);
    const store = rig.open();
    const content = await store.save(at('data'));
    expect(content).toMatchObject({ digest: rig.digestOf(bytes), size: bytes.length });
    await store.flush();
    expect(readFileSync(rig.objectPath(rig.digestOf(bytes))).equals(bytes)).toBe(true);
    rmSync(rig.path('data'));
  });

  test('clearing keeps what the cache cannot bring back, in the trash', async () => {
    await using rig = new StoreRig({ scheme });
    mkdirSync(rig.path('out'));
    rig.write('out/mine', 'not saved anywhere');
    const store = rig.open({ now: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
    const place = await store.clear(at('out'));
    expect(place).toBe('.lockstep/trash/2026-01-02T03-04-05.000Z/out');
    expect(readFileSync(rig.path(`${place}/mine`), 'utf8')).toBe('not saved anywhere');
    expect(existsSync(rig.path('out'))).toBe(false);
    rig.write('out/mine', 'again');
    expect(await store.clear(at('out'))).toBe('.lockstep/trash/2026-01-02T03-04-05.000Z-1/out');
    expect(await store.clear(at('out'))).toBeNull();
  });

  test('clearing deletes what bears the stamp of a leftover, and nothing that changed since', async () => {
    await using rig = new StoreRig({ scheme });
    rig.write('out', 'half');
    const store = rig.open();
    const leftover = store.stamp(at('out')) ?? '';
    rig.write('out', 'more than half');
    expect(await store.clear(at('out'), { leftover })).not.toBeNull();
    rig.write('out', 'half');
    expect(await store.clear(at('out'), { leftover: store.stamp(at('out')) ?? '' })).toBeNull();
    expect(existsSync(rig.path('out'))).toBe(false);
    expect(store.stamp(at('out'))).toBeNull();
  });
});
