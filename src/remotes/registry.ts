import { LockstepError } from '../base/error.ts';
import { nearest } from '../base/nearest.ts';
import type { OpenRemote, Remote, RemoteAddress } from './remote.ts';

/** Scheme → what opens such a remote; loaded when one is used. */
const OPENERS: Readonly<Record<string, () => Promise<OpenRemote>>> = {
  file: () => import('./directory.ts').then((m) => m.openDirectory),
  http: () => import('./http.ts').then((m) => m.openHttp),
  https: () => import('./http.ts').then((m) => m.openHttp),
  s3: () => import('./s3.ts').then((m) => m.openS3),
  webdav: () => import('./webdav.ts').then((m) => m.openWebdav),
  webdavs: () => import('./webdav.ts').then((m) => m.openWebdav),
  azure: () => import('./azure.ts').then((m) => m.openAzure),
  gs: () => import('./gcs.ts').then((m) => m.openGcs),
  ssh: () => import('./ssh/ssh.ts').then((m) => m.openSsh),
};

/** The scheme of an address; that of a path is `file`. */
function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase() ?? 'file';
}

/** Throws `usage` for an address that no remote here understands. */
export async function openRemote(address: RemoteAddress): Promise<Remote> {
  checkScheme(address.url);
  const load = OPENERS[schemeOf(address.url)];
  if (load === undefined) throw new Error(`no opener for ${schemeOf(address.url)}`);
  return (await load())(address);
}

export function checkScheme(url: string): void {
  const scheme = schemeOf(url);
  if (Object.hasOwn(OPENERS, scheme)) return;
  const meant = nearest(scheme, Object.keys(OPENERS));
  const known = `lockstep knows directories and ${Object.keys(OPENERS)
    .filter((one) => one !== 'file')
    .map((one) => `${one}://`)
    .join(', ')}`;
  throw new LockstepError('usage', `there is no remote for ${scheme}:// addresses`, {
    hint: meant === undefined ? known : `did you mean ${meant}://?`,
  });
}
