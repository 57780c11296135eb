/**
 * By the ending of the name. All that is text is sent as plain text, and HTML and SVG count as text: what a run left
 * behind is shown, and never runs as a page of ours.
 */
export function contentTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (TEXT.has(ending) || name === 'MLmodel' || name === 'MLproject') return 'text/plain; charset=utf-8';
  return BINARY[ending] ?? 'application/octet-stream';
}

const TEXT = new Set(
  'txt log err cfg conf cnf ini properties json jsonl yaml yml toml xml csv tsv md rst html htm svg geojson js ts css py r sql sh'.split(
    ' ',
  ),
);

const BINARY: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  bmp: 'image/bmp',
  pdf: 'application/pdf',
  mp3: 'audio/mpeg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  webm: 'video/webm',
  zip: 'application/zip',
  gz: 'application/gzip',
};
