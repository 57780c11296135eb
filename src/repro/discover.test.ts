import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { discoverPipelines } from './discover.ts';

test('finds pipeline files where its index can be neither read nor written', () => {
  const root = mkdtempSync(join(tmpdir(), 'lockstep-discover-'));
  try {
    mkdirSync(join(root, 'sub'));
    for (const file of ['pipeline.yaml', 'sub/pipeline.yaml', 'in-the-way']) writeFileSync(join(root, file), '');
    const index = join(root, 'in-the-way', 'pipelines.json');
    expect(discoverPipelines(root, index)).toEqual({
      files: ['pipeline.yaml', 'sub/pipeline.yaml'],
      dataFiles: [],
      directories: ['.', 'sub'],
    });
  } finally {
    rmSync(root, { recursive: true });
  }
});
