import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type SftpClient from 'ssh2-sftp-client';
import { isErrno } from '../../base/error.ts';
import { type RemoteAddress, RemoteError, textOption } from '../remote.ts';
import { settingsFor } from './config-file.ts';
import { type HostName, knownHostLine, knownTypes, verdictOn } from './known-hosts.ts';

type ConnectOptions = SftpClient.ConnectOptions;

type Answering = (
  name: string,
  instructions: string,
  language: string,
  prompts: readonly unknown[],
  finish: Finish,
) => void;
type Finish = (answers: string[]) => void;
type Method = { readonly username: string } & (
  | { readonly type: 'publickey'; readonly key: string; readonly passphrase?: string }
  | { readonly type: 'password'; readonly password: string }
  | { readonly type: 'keyboard-interactive'; readonly prompt: Answering }
  | { readonly type: 'agent'; readonly agent: string }
);

/** All that a login takes, from the options of the remote, then from `~/.ssh/config`, then as OpenSSH has it. */
export interface Login extends HostName {
  readonly user: string;
  readonly connect: ConnectOptions;
  /** Why the server's key was refused, once it was. */
  readonly refused: () => RemoteError | undefined;
  /** What a login is tried with, for people. */
  readonly tried: readonly string[];
}

const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

export async function loginOf(address: RemoteAddress): Promise<Login> {
  const url = new URL(address.url);
  const home = address.env.HOME ?? homedir();
  const named = url.hostname.replace(/^\[|\]$/g, '');
  const settings = settingsFor(await textOf(join(home, '.ssh/config')), named);
  const option = (name: string) => textOption(address, name);
  const setting = (name: string) => settings.get(name)?.[0];
  refuseWhatCannotBe(address, setting('proxyjump') ?? setting('proxycommand'));
  const host = setting('hostname')?.replaceAll('%h', named) ?? named;
  const port = Number(option('port') ?? (url.port || setting('port') || 22));
  const user = option('user') ?? (decodeURIComponent(url.username) || setting('user') || userInfo().username);
  const keys = option('keyfile') === undefined ? settings.get('identityfile') : [option('keyfile') ?? ''];
  const written = (path: string) => expanded(path, { home, host, user });
  const { methods, tried } = await methodsOf(address, {
    user,
    password: option('password') ?? (decodeURIComponent(url.password) || undefined),
    keys: keys?.map(written),
    defaults: DEFAULT_KEYS.map((name) => join(home, '.ssh', name)),
  });
  const files = settings.get('userknownhostsfile') ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'];
  const check = await hostCheck(
    { host, port },
    {
      files: files.map(written),
      strictness: (option('strict_host_key_checking') ?? setting('stricthostkeychecking') ?? '').toLowerCase(),
    },
  );
  const seconds = Number(option('timeout') ?? 20);
  const connect: ConnectOptions = {
    host,
    port,
    username: user,
    readyTimeout: seconds * 1000,
    authHandler: methods,
    ...check.connect,
  };
  return { host, port, user, connect, refused: check.refused, tried };
}

function refuseWhatCannotBe(address: RemoteAddress, proxy: string | undefined): void {
  const isAsked = (name: string) => textOption(address, name)?.toLowerCase() === 'true';
  const asks = isAsked('ask_password') && textOption(address, 'password') === undefined;
  if (asks || (isAsked('ask_passphrase') && textOption(address, 'passphrase') === undefined)) {
    throw new RemoteError('fatal', 'lockstep does not ask for the password of a remote', {
      hint: 'add the key to an SSH agent, or write the password down: lockstep remote modify --local NAME password …',
    });
  }
  if (proxy === undefined || proxy.toLowerCase() === 'none') return;
  throw new RemoteError('fatal', '~/.ssh/config reaches this host by way of a proxy, which lockstep cannot', {
    hint: 'open a tunnel (ssh -L PORT:HOST:22 PROXY), and give the remote the address of its end here',
  });
}

interface Means {
  readonly user: string;
  readonly password: string | undefined;
  /** Files that are named somewhere; undefined where none is. */
  readonly keys: readonly string[] | undefined;
  readonly defaults: readonly string[];
}

/** What is set for this remote comes first: servers take few tries, and an agent may hold many keys. */
async function methodsOf(address: RemoteAddress, { user: username, password, keys, defaults }: Means) {
  const methods: Method[] = [];
  const tried: string[] = [];
  const passphrase = textOption(address, 'passphrase');
  const addKeys = async (paths: readonly string[]) => {
    for (const path of paths) {
      const key = await textOf(path);
      if (key === '' || (isEncrypted(key) && passphrase === undefined)) {
        if (keys !== undefined) tried.push(`${path} (${key === '' ? 'not there' : 'it has a passphrase'})`);
        continue;
      }
      methods.push({ type: 'publickey', username, key, ...(passphrase !== undefined && { passphrase }) });
      tried.push(path);
    }
  };
  await addKeys(keys ?? []);
  if (password !== undefined) {
    methods.push({ type: 'password', username, password });
    methods.push({
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    });
    tried.push('the password');
  }
  const agent = address.env.SSH_AUTH_SOCK;
  if (agent !== undefined && agent !== '' && textOption(address, 'allow_agent')?.toLowerCase() !== 'false') {
    methods.push({ type: 'agent', username, agent });
    tried.push('the agent');
  }
  if (keys === undefined) await addKeys(defaults);
  return { methods, tried };
}

/** Only such a key needs a passphrase: by the cipher in OpenSSH's own format, by a header in the older ones. */
function isEncrypted(key: string): boolean {
  const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)/.exec(key) ?? [];
  if (body === undefined) return key.includes('ENCRYPTED');
  return !Buffer.from(body, 'base64').subarray(0, 64).includes('\0\0\0\u0004none');
}

interface Checking {
  readonly files: readonly string[];
  /** `StrictHostKeyChecking`; where it is not set, as `accept-new`, since nobody can be asked. */
  readonly strictness: string;
}

const SYSTEM_FILE = '/etc/ssh/ssh_known_hosts';

async function hostCheck(name: HostName, { files, strictness }: Checking) {
  const texts = await Promise.all([...files, SYSTEM_FILE].map(textOf));
  const [file = ''] = files;
  let refused: RemoteError | undefined;
  const isLax = /^(?:no|off|false)$/.test(strictness);
  const judge = async (key: Buffer): Promise<boolean> => {
    const verdict = verdictOn(texts, name, key);
    if (verdict === 'known' || (isLax && verdict !== 'revoked')) return true;
    if (verdict === 'unknown' && !/^(?:yes|true)$/.test(strictness)) {
      await remember(file, knownHostLine(name, key));
      texts.push(knownHostLine(name, key));
      return true;
    }
    refused = new RemoteError('fatal', `${WHY[verdict]} ${name.host}`, {
      hint: `see whether it is right: ssh -p ${name.port} ${name.host}; known keys are in ${file}`,
    });
    return false;
  };
  const types = knownTypes(texts, name).flatMap((type) =>
    type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type],
  );
  const connect = {
    hostVerifier: (key: Buffer, verify: (isRight: boolean) => void) => {
      judge(key).then(verify, (error: unknown) => {
        refused = new RemoteError('fatal', `the key of ${name.host} cannot be kept in ${file}`, { cause: error });
        verify(false);
      });
    },
    // A host shows one of its keys; it is asked for one that is known.
    ...(types.length > 0 && { algorithms: { serverHostKey: { append: [], prepend: types, remove: [] } } }),
  } as ConnectOptions;
  return { connect, refused: () => refused };
}

const WHY = {
  unknown: 'nobody has vouched for the key of',
  changed: 'another key than the one that is known is shown by',
  revoked: 'a key that was revoked is shown by',
} as const;

async function remember(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, line, { flag: 'a', mode: 0o600 });
}

function expanded(path: string, { home, host, user }: { home: string; host: string; user: string }): string {
  const known: Readonly<Record<string, string>> = { d: home, h: host, r: user, u: userInfo().username, '%': '%' };
  const filled = path.replace(/%(.)/g, (written, letter: string) => known[letter] ?? written);
  return filled === '~' || filled.startsWith('~/') ? join(home, filled.slice(1)) : filled;
}

/** Empty where there is none, or none for this user. */
async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return '';
    throw error;
  }
}
