/** The URL of `origin`, else of the first remote, out of `git config -z --get-regexp '^remote\..*\.url$'`. */
export function remoteUrlOf(config: string): string | null {
  const remotes = config
    .split('\0')
    .filter((record) => record !== '')
    .map((record) => {
      const end = record.indexOf('\n');
      return { key: record.slice(0, end), url: record.slice(end + 1) };
    });
  const remote = remotes.find(({ key }) => key === 'remote.origin.url') ?? remotes[0];
  return remote === undefined ? null : withoutCredentials(remote.url);
}

/**
 * A remote's URL as it may be shown to anyone. Over HTTP the user's name goes too, since tokens stand in its place;
 * over SSH it stays, being part of the address (`git@`).
 */
function withoutCredentials(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !url.includes('://')) return url;
  if (/^https?:|^ftps?:/.test(parsed.protocol)) {
    parsed.username = '';
    parsed.search = '';
    parsed.hash = '';
  }
  parsed.password = '';
  return parsed.href;
}
