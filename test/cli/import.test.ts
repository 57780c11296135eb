import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type ProjectRig, project } from '../support/rig.ts';

/** A DVC project, and in it another one to import from. */
async function withRegistry(): Promise<ProjectRig> {
  const rig = await project({ '.dvc/config': '', 'registry/.dvc/config': '', 'registry/data/a': 'one\n' });
  rig.git('init', '-q', '-b', 'main');
  rig.git('init', '-q', '-b', 'main', 'registry');
  await publish(rig, 'one');
  return rig;
}

async function publish(rig: ProjectRig, text: string): Promise<string> {
  rig.write('registry/data/a', `${text}\n`);
  expect(await rig.lockstep(['add', 'data'], { cwd: 'registry' })).toMatchObject({ code: 0 });
  const git = (...args: string[]) =>
    rig.git('-C', 'registry', '-c', 'user.name=R', '-c', 'user.email=r@example.org', ...args);
  git('add', '-A');
  git('commit', '-q', '-m', text);
  return git('rev-parse', 'HEAD').trim();
}

describe('import and update', () => {
  it('tracks data with the commit that it is from, as DVC does, and moves on with the repository', async () => {
    await using rig = await withRegistry();
    const commit = rig.git('-C', 'registry', 'rev-parse', 'HEAD').trim();
    const { code, stderr } = await rig.lockstep(['import', 'registry', 'data', '-o', 'mine/data']);
    expect([code, stderr]).toEqual([0, 'imported mine/data, which mine/data.dvc tracks\n']);
    expect(rig.read('mine/data.dvc').replace(/\b[0-9a-f]{32}\b/g, 'MD5')).toBe(
      `md5: MD5\nfrozen: true\ndeps:\n- path: data\n  repo:\n    url: registry\n    rev_lock: ${commit}\n` +
        'outs:\n- md5: MD5.dir\n  size: 4\n  nfiles: 1\n  hash: md5\n  path: data\n',
    );
    expect([rig.read('mine/data/a'), rig.read('mine/.gitignore')]).toEqual(['one\n', '/data\n']);
    expect(await rig.lockstep(['update', 'mine/data.dvc'])).toMatchObject({
      code: 0,
      stderr: 'mine/data.dvc: up to date already\n',
    });
    const next = await publish(rig, 'two');
    expect(await rig.lockstep(['update', 'data.dvc'], { cwd: 'mine' })).toMatchObject({
      code: 0,
      stderr: 'mine/data.dvc: updated\n',
    });
    expect([rig.read('mine/data/a'), rig.read('mine/data.dvc').includes(next)]).toEqual(['two\n', true]);
    expect(await rig.lockstep(['update', 'mine/data.dvc', '--rev', commit])).toMatchObject({ code: 0 });
    expect([rig.read('mine/data/a'), rig.read('mine/data.dvc').includes(`rev: ${commit}`)]).toEqual(['one\n', true]);
  });

  it('refuses what is in the way, and what is no import', async () => {
    await using rig = await withRegistry();
    rig.write('data', 'mine\n');
    expect((await rig.lockstep(['import', 'registry', 'data'])).stderr).toContain('data is there already');
    expect(await rig.lockstep(['add', 'data'])).toMatchObject({ code: 0 });
    expect((await rig.lockstep(['update', 'data.dvc'])).stderr).toContain('data.dvc is no import');
    expect((await rig.lockstep(['update', 'data'])).stderr).toContain('did you mean data.dvc?');
  });
});

interface Site extends AsyncDisposable {
  readonly address: string;
  /** What it serves, and the ETag that it says; undefined for a server that says none. */
  content: { text: string; etag: string | undefined };
  readonly asked: string[];
}

async function site(): Promise<Site> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url !== '/data.csv') {
      response.writeHead(404).end('no such thing\n');
      return;
    }
    const { text, etag } = it.content;
    response.writeHead(200, { ...(etag !== undefined && { etag }), 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const it: Site = {
    address: `http://127.0.0.1:${port}`,
    content: { text: 'one\n', etag: '"1"' },
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return it;
}

describe('import-url and update', () => {
  it('tracks what a server has by its ETag, and fetches only what is new', async () => {
    await using web = await site();
    await using rig = await project({ '.dvc/config': '' });
    rig.commit();
    const url = `${web.address}/data.csv`;
    expect(await rig.lockstep(['import-url', url, 'data/raw.csv'])).toMatchObject({
      code: 0,
      stderr: 'imported data/raw.csv, which data/raw.csv.dvc tracks\n',
    });
    expect(rig.read('data/raw.csv.dvc').replace(/^md5: .*/, 'md5: MD5')).toBe(
      `md5: MD5\nfrozen: true\ndeps:\n- checksum: '"1"'\n  size: 4\n  hash: md5\n  path: ${url}\n` +
        'outs:\n- md5: 5bbf5a52328e7439ae6e719dfe712200\n  size: 4\n  hash: md5\n  path: raw.csv\n',
    );
    expect([rig.read('data/raw.csv'), rig.read('data/.gitignore')]).toEqual(['one\n', '/raw.csv\n']);
    web.content = { text: 'two\n', etag: '"1"' };
    expect((await rig.lockstep(['update', 'data/raw.csv.dvc'])).stderr).toContain('up to date already');
    expect(rig.read('data/raw.csv')).toBe('one\n');
    web.content = { text: 'two\n', etag: '"2"' };
    expect((await rig.lockstep(['update', 'data/raw.csv.dvc'])).stderr).toContain('updated');
    expect([rig.read('data/raw.csv'), rig.read('data/raw.csv.dvc').includes(`'"2"'`)]).toEqual(['two\n', true]);
    expect(await rig.lockstep(['status'])).toMatchObject({ code: 0 });
  });

  it('tells versions apart by their content where the server says nothing', async () => {
    await using web = await site();
    await using rig = await project({ '.dvc/config': '' });
    web.content = { text: 'one\n', etag: undefined };
    await rig.lockstep(['import-url', `${web.address}/data.csv`]);
    expect((await rig.lockstep(['update', 'data.csv.dvc'])).stderr).toContain('up to date already');
    web.content = { text: 'two\n', etag: undefined };
    expect((await rig.lockstep(['update', 'data.csv.dvc'])).stderr).toContain('updated');
    expect(rig.read('data.csv')).toBe('two\n');
  });

  it('leaves what is there when the server fails', async () => {
    await using web = await site();
    await using rig = await project({ '.dvc/config': '' });
    const { code, stderr } = await rig.lockstep(['import-url', `${web.address}/other.csv`]);
    expect([code, stderr.includes('answered 404')]).toEqual([1, true]);
    expect(existsSync(rig.path('other.csv.dvc'))).toBe(false);
    expect(readdirSync(rig.root).filter((name) => name.startsWith('.lockstep-get'))).toEqual([]);
  });

  it('takes files and directories by path, also from outside of the project', async () => {
    await using away = await project({ 'images/a.png': 'a', 'images/deep/b.png': 'b' });
    await using rig = await project({ '.dvc/config': '' });
    expect(await rig.lockstep(['import-url', away.path('images')])).toMatchObject({ code: 0 });
    expect(rig.read('images/deep/b.png')).toBe('b');
    expect(rig.read('images.dvc')).toContain(`  path: ${away.path('images')}\n`);
    expect((await rig.lockstep(['update', 'images.dvc'])).stderr).toContain('up to date already');
    away.write('images/a.png', 'changed');
    expect((await rig.lockstep(['update', 'images.dvc'])).stderr).toContain('updated');
    expect(rig.read('images/a.png')).toBe('changed');
  });

  it.for([
    [['import-url', 'gopher://bucket/key'], 'there is no remote for gopher:// addresses'],
    [['update', 'gone.dvc'], 'there is no gone.dvc'],
    [['import-url', 'nowhere.csv', 'here.csv'], 'nowhere.csv does not exist'],
    [['import-url', '.dvc/config', 'mine'], 'mine is there already'],
  ] as const)('%j is refused', async ([args, message]) => {
    await using rig = await project({ '.dvc/config': '', mine: 'mine\n' });
    const { code, stderr } = await rig.lockstep(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(rig.read('mine')).toBe('mine\n');
  });

  it('with --force what was in the way goes to the trash', async () => {
    await using rig = await project({ '.dvc/config': '', mine: 'mine\n', 'other.csv': 'other\n' });
    const { code, stderr } = await rig.lockstep(['import-url', 'other.csv', 'mine', '--force']);
    expect([code, rig.read('mine')]).toEqual([0, 'other\n']);
    expect(stderr).toContain('it was moved to .lockstep/trash/');
  });

  it('tracks by sha256 in a native project, and updates', async () => {
    await using rig = await project({ 'pipeline.yaml': 'stages: {}\n', 'from/a': 'a\n' });
    expect((await rig.lockstep(['import-url', 'from', 'here'])).code).toBe(0);
    expect(rig.read('here.dvc').match(/sha256: [0-9a-f]{64}\.tree/g)).toHaveLength(2);
    expect((await rig.lockstep(['update', 'here.dvc'])).stderr).toBe('here.dvc: up to date already\n');
    rig.write('from/b', 'b\n');
    expect((await rig.lockstep(['update', 'here.dvc'])).stderr).toBe('here.dvc: updated\n');
    expect(rig.read('here/b')).toBe('b\n');
    expect((await rig.lockstep(['status', '-P', '--exit-code'])).code).toBe(0);
  });
});
