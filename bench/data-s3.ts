import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { against, type Case, type Place, type Row, unmeasured } from './case.ts';
import { againstDvc, medians, type Steps, type Tool, takeThrough } from './data.ts';
import { type Cost, medianCost } from './measure.ts';
import { newDirectories, range, writeSmallFiles } from './projects.ts';
import { freePort } from './servers.ts';

const COUNT = 2000;
const JOBS = 8;
const ROUNDS = 3;
const BUCKET = 'bench';
const KEYS = { accessKeyId: 'testing', secretAccessKey: 'testing-secret' };
const REGION = 'us-east-1';

export const dataS3Cases: readonly Case[] = [
  {
    name: 'data-s3',
    compares: `${COUNT.toLocaleString('en')} files of 300 bytes (not 70,000: the server, moto, answers a few hundred requests a second), \`push\` to an S3 server on loopback and \`pull\` from it, ${JOBS} requests at a time, against DVC with as many jobs and against the bare SDK that puts and gets the same objects and does nothing else`,
    measure: overS3,
  },
];

/** The server of the tests: LOCKSTEP_S3, or that of `.venv-s3`. */
function serverProgram(): string | undefined {
  const candidates = [process.env.LOCKSTEP_S3, resolve('.venv-s3/bin/moto_server')];
  return candidates.find((path) => path !== undefined && existsSync(path));
}

async function overS3(place: Place): Promise<readonly Row[]> {
  const program = serverProgram();
  if (program === undefined) return [unmeasured('S3', 'there is no S3 server: .venv-s3 is missing')];
  const port = await freePort();
  const server = spawn(program, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const endpoint = `http://127.0.0.1:${port}`;
  const how = { endpoint, region: REGION, credentials: KEYS, forcePathStyle: true, maxAttempts: 40 };
  const client = new S3Client(how);
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    return await compare(place, client, endpoint);
  } finally {
    client.destroy();
    const ended = once(server, 'close');
    server.kill();
    await ended;
  }
}

async function compare(place: Place, client: S3Client, endpoint: string): Promise<readonly Row[]> {
  const data = join(place.directory, 'data');
  writeSmallFiles(data, { directories: 2, files: COUNT / 2, bytes: 300 });
  const next = newDirectories(join(place.directory, 'project'));
  const take = (argv: Tool['argv']): Steps => {
    const root = next();
    const remote = {
      url: `s3://${BUCKET}/${root.split('/').at(-1)}`,
      endpointurl: endpoint,
      access_key_id: KEYS.accessKeyId,
      secret_access_key: KEYS.secretAccessKey,
      region: REGION,
      jobs: String(JOBS),
    };
    return takeThrough({ argv, root }, { data, remote });
  };
  const ours: Steps[] = [];
  const puts: Cost[] = [];
  const gets: Cost[] = [];
  for (const round of range(ROUNDS)) {
    ours.push(take((...args) => [...place.lockstep, ...args]));
    const { put, get } = await bareClient(client, data, `bare-${round}`);
    puts.push(put);
    gets.push(get);
  }
  const own = medians(ours);
  const what = `${COUNT.toLocaleString('en')} files over S3`;
  const bare = { dimension: 'wall', peerName: 'the bare client', atMost: 1.5 } as const;
  return [
    ...againstDvc(own, { what, take, atMost: 1 / 5, steps: ['`push`', '`pull`'] }),
    against({ ...bare, what: `\`push\`, ${what}`, ours: own['`push`'], peer: medianCost(puts) }),
    against({ ...bare, what: `\`pull\`, ${what}`, ours: own['`pull`'], peer: medianCost(gets) }),
  ];
}

/** What the server can do: the same requests without anything around them. */
async function bareClient(client: S3Client, data: string, prefix: string) {
  const files = readdirSync(data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const all = async (work: (file: string, key: string) => Promise<unknown>): Promise<Cost> => {
    const [began, before] = [performance.now(), process.cpuUsage()];
    const rest = files.entries();
    const worker = async (): Promise<void> => {
      for (const [at, file] of rest) await work(file, `${prefix}/${at}`);
    };
    await Promise.all(Array.from({ length: JOBS }, worker));
    const { user, system } = process.cpuUsage(before);
    return { wall: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
  };
  const put = await all((file, key) =>
    client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: readFileSync(file) })),
  );
  const get = await all(async (_, key) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    await Body?.transformToByteArray();
  });
  return { put, get };
}
