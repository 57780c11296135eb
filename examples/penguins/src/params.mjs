import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export function readParams() {
  return parse(readFileSync('params.yaml', 'utf8'));
}
