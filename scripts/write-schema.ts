// Writes the schema that editors complete and check pipeline.yaml with; a test fails when the file is stale.
import { writeFileSync } from 'node:fs';
import { pipelineJsonSchema } from '../src/pipeline/schema.ts';

writeFileSync('pipeline.schema.json', `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`);
