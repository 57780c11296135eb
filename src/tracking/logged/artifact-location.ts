import { invalid } from './keys.ts';

const LONGEST_LOCATION = 2048;

/** Schemes of stores that are reached over a network; a path of this machine is never a client's to name. */
const SCHEMES = [
  'mlflow-artifacts',
  's3',
  'gs',
  'wasbs',
  'abfss',
  'hdfs',
  'viewfs',
  'sftp',
  'ftp',
  'dbfs',
  'http',
  'https',
  'r2',
  'b2',
];

/** Refuses what could lead anywhere but below a remote root. */
export function checkLocation(location: string): void {
  if (location.length > LONGEST_LOCATION) {
    throw invalid(`'artifact_location' exceeds the maximum length of ${LONGEST_LOCATION} characters`);
  }
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(location) ?? [];
  if (scheme === undefined || rest === undefined || !SCHEMES.includes(scheme.toLowerCase())) {
    throw invalid(`Invalid artifact_location: its scheme must be one of ${SCHEMES.join(', ')}`);
  }
  const path = decoded(rest);
  const segments = path.split(/[/\\]/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[?#;\\\u0000-\u001f\u007f]/.test(path) || segments.includes('..')) {
    throw invalid('Invalid artifact_location: it must be a plain path without query, fragment or ..');
  }
}

/** Undoes encodings of encodings. */
function decoded(text: string): string {
  for (let current = text; ; ) {
    const next = decodeOnce(current);
    if (next === current) return current;
    current = next;
  }
}

function decodeOnce(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
