import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { AuthType } from 'webdav';
import { type RemoteAddress, RemoteError, textOption } from './remote.ts';

export const CREDENTIALS = 'set user, and password or token: lockstep remote modify --local NAME password …';

/** As DVC has it: a token, else a user with a password, else a header that has the password. */
export function loginOf(address: RemoteAddress, url: URL) {
  const option = (name: string) => textOption(address, name);
  const username = option('user') ?? decodeURIComponent(url.username);
  const password = option('password') ?? decodeURIComponent(url.password);
  const [token, header] = [option('token'), option('custom_auth_header')];
  const isAsked = option('ask_password')?.toLowerCase() === 'true' && password === '';
  if (isAsked || option('bearer_token_command') !== undefined) {
    throw new RemoteError('fatal', 'lockstep neither asks for a password nor runs a command for a token', {
      hint: CREDENTIALS,
    });
  }
  const authType = AuthType.None;
  if (token !== undefined) return { authType, headers: { Authorization: `Bearer ${token}` } };
  // Basic at first, and Digest where the server wants that.
  if (username !== '') return { authType: AuthType.Auto, username, password };
  return { authType, headers: header === undefined ? {} : { [header]: password } };
}

/** Connections that are kept, with the certificates that are set. */
export async function agentsOf(address: RemoteAddress) {
  const verify = textOption(address, 'ssl_verify') ?? 'true';
  const [certificate, key] = [textOption(address, 'cert_path'), textOption(address, 'key_path')];
  const common = { keepAlive: true, maxSockets: 64 };
  const isFlag = /^(?:true|false)$/i.test(verify);
  const httpsAgent = new HttpsAgent({
    ...common,
    rejectUnauthorized: verify.toLowerCase() !== 'false',
    ...(!isFlag && { ca: await certificateIn(verify) }),
    ...(certificate !== undefined && {
      cert: await certificateIn(certificate),
      key: await certificateIn(key ?? certificate),
    }),
  });
  return { httpAgent: new HttpAgent(common), httpsAgent };
}

async function certificateIn(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new RemoteError('fatal', `the certificate ${path} cannot be read`, { cause: error });
  }
}
