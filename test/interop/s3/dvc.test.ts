import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { ProjectRig, project } from '../../support/rig.ts';
import { REAL_DVC } from '../dvc/real-dvc.ts';
import { KEYS, REAL_S3, startS3 } from './real-s3.ts';

const why = whyNot();
if (why !== undefined) console.warn(`skipped: DVC and lockstep over one bucket (${why})`);

function whyNot(): string | undefined {
  if (REAL_S3 === undefined) return 'there is no S3 server to talk to';
  if (REAL_DVC === undefined) return 'there is no DVC to compare with';
  try {
    execFileSync(REAL_DVC.python, ['-c', 'import dvc_s3'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'DVC has no dvc-s3: pip install -r test/interop/dvc/requirements.txt';
  }
}

const FILES = {
  'dvc.yaml':
    'stages:\n  one: {cmd: "mkdir -p d/sub; cp in one; cp in d/a; echo b > d/sub/b", deps: [in], outs: [one, d]}\n',
  in: 'data\n',
};

function dvc(p: ProjectRig, ...args: string[]): string {
  const env = { ...process.env, HOME: p.root, DVC_NO_ANALYTICS: '1', DVC_SITE_CACHE_DIR: p.path('.site') };
  return execFileSync(REAL_DVC?.program ?? '', args, { cwd: p.root, env, encoding: 'utf8', stdio: 'pipe' });
}

/** Keys are where git does not see them. */
function addKeys(p: ProjectRig): void {
  const lines = Object.entries(KEYS).map(([name, value]) => `    ${name} = ${value}\n`);
  p.write('.dvc/config.local', `['remote "store"']\n${lines.join('')}`);
}

async function scene() {
  const { url, stop } = await startS3('shared');
  const p = await project(FILES);
  p.write('.gitignore', '/.site\n');
  p.commit();
  p.write('set/x', 'x\n');
  p.write('set/y', 'y\n'.repeat(200_000));
  dvc(p, 'init', '-q');
  p.write(
    '.dvc/config',
    `[core]\n    remote = store\n['remote "store"']\n    url = s3://shared/data/set 1\n    endpointurl = ${url}\n`,
  );
  addKeys(p);
  dvc(p, 'add', '-q', 'set');
  dvc(p, 'repro', '-q');
  p.commit('results');
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lockstep-clone-')));
  execFileSync('git', ['clone', '-q', p.root, root]);
  const clone = new ProjectRig(root);
  addKeys(clone);
  const end = async () => {
    for (const one of [clone, p]) await one[Symbol.asyncDispose]();
    stop();
  };
  return { p, clone, url, [Symbol.asyncDispose]: end };
}

/** Names and sizes of all that is in the bucket. */
async function contentsOf(url: string): Promise<readonly string[]> {
  const credentials = { accessKeyId: KEYS.access_key_id, secretAccessKey: KEYS.secret_access_key };
  const client = new S3Client({ endpoint: url, region: KEYS.region, credentials, forcePathStyle: true });
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'shared' }));
  client.destroy();
  return Contents.map(({ Key, Size, ETag }) => `${Key} ${Size} ${ETag}`);
}

test.skipIf(why !== undefined)(
  'what DVC pushed to a bucket, lockstep pulls, and has nothing to add',
  async () => {
    await using s = await scene();
    dvc(s.p, 'push', '-q', '--run-cache');
    expect(JSON.parse((await s.p.lockstep(['status', '-c', '--json'])).stdout)).toEqual({});
    expect(JSON.parse((await s.p.lockstep(['push', '--json'])).stdout)).toMatchObject({ sent: 0, runs: 0 });
    const { code, stdout } = await s.clone.lockstep(['pull', '--json']);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, problems: [], runs: 1 });
    expect([s.clone.read('one'), s.clone.read('d/sub/b'), s.clone.read('set/x')]).toEqual(['data\n', 'b\n', 'x\n']);
    expect(JSON.parse(dvc(s.clone, 'status', '--json'))).toEqual({});
  },
  90_000,
);

test.skipIf(why !== undefined)(
  'what lockstep pushed to a bucket is what DVC pushes, and DVC pulls it',
  async () => {
    await using s = await scene();
    expect(await s.p.lockstep(['push'])).toMatchObject({ code: 0 });
    const ours = await contentsOf(s.url);
    dvc(s.clone, 'pull', '-q', '--run-cache');
    expect([s.clone.read('one'), s.clone.read('d/sub/b'), s.clone.read('set/x')]).toEqual(['data\n', 'b\n', 'x\n']);
    expect(JSON.parse(dvc(s.clone, 'status', '-c', '--json'))).toEqual({});
    s.p.write('.dvc/config', s.p.read('.dvc/config').replace('data/set 1', 'other'));
    dvc(s.p, 'push', '-q', '--run-cache');
    const theirs = (await contentsOf(s.url)).filter((line) => line.startsWith('other/'));
    expect(theirs.map((line) => line.replace('other/', 'data/set 1/'))).toEqual(ours);
  },
  90_000,
);
