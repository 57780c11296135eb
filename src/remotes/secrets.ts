/** An address as it may be shown to anyone: without a password, over HTTP without the user's name and query, too. */
export function withoutSecrets(url: string): string {
  if (!url.includes('://') || !URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '' && parsed.search === '') return url;
  parsed.password = '';
  if (/^https?:|^webdavs?:/.test(parsed.protocol)) {
    parsed.username = '';
    parsed.search = '';
  }
  return parsed.href;
}

/** Options that nobody but their owner may see. */
const SECRET =
  /^(?:password|passphrase|.*secret.*|.*token.*|.*credential.*key|connection_string|account_key|access_key_id|sas_.*)$/;

/** Whether an option, or an address by a password in it, is a secret. */
export function isSecret(option: string, value: string): boolean {
  if (option !== 'url') return SECRET.test(option.toLowerCase());
  return URL.canParse(value) && value.includes('://') && new URL(value).password !== '';
}
