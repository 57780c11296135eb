import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../support/hunt.ts';
import { POSTGRES_BIN, PostgresProgram } from '../support/postgres-program.ts';
import { type ServerRig, serverRig } from './rig.ts';

const ODD = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    'NaN',
    '\u0000',
    '\ud800',
    "'",
    '%',
    'a'.repeat(9000),
    '__proto__',
    '../..',
    'RUNNING',
  ),
  fc.constantFrom(null, true, 0, -1, 1.5, 1e308, 2 ** 53, 2 ** 63, -(2 ** 63)),
  fc.json().map((text) => JSON.parse(text) as unknown),
  fc.array(
    fc.constantFrom<unknown>(
      '0',
      null,
      1,
      {},
      { key: 'a' },
      { key: 'a', value: 'b' },
      { key: 'm', value: 1, timestamp: 1 },
    ),
  ),
  fc.string(),
);

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: 'path' | 'query' }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: BodySchema } } };
}

interface BodySchema {
  readonly properties: Readonly<Record<string, object>>;
}

type Description = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** What routes that describe no query understand all the same. */
const UNDESCRIBED = ['path', 'run_id', 'run_uuid', 'name', 'version', 'artifact_file_path', 'artifact_directory_path'];

const ANSWER = 'whatever is asked, the answer is an answer and never a mistake of the server';

test(ANSWER, { timeout: 240_000 }, async () => {
  await using rig = await serverRig();
  await askAnything(rig, 40);
});

test.skipIf(POSTGRES_BIN === undefined)(`${ANSWER}, nor of PostgreSQL`, { timeout: 240_000 }, async () => {
  await using postgres = await PostgresProgram.start();
  await using rig = await serverRig({ backend: postgres.address });
  await askAnything(rig, 15);
});

async function askAnything(rig: ServerRig, count: number): Promise<void> {
  const { id } = await rig.run();
  const real = fc.constantFrom('0', id, 'm', 'metrics.m > 1', 'metrics.m DESC');
  const paths = (await rig.get('/openapi.json')).json.paths as Description;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  expect(operations.length).toBeGreaterThan(70);
  for (const { path, method, operation } of operations) {
    const { schema } = operation.requestBody?.content['application/json'] ?? {};
    const query = operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name);
    const names = schema === undefined ? [...query, ...(query.length === 0 ? UNDESCRIBED : [])] : fieldsOf(schema);
    const field = fc.tuple(fc.constantFrom(...names), fc.oneof(ODD, real));
    const entries = fc.uniqueArray(field, { selector: ([name]) => name });
    const property = fc.asyncProperty(entries, fc.oneof(fc.constant('x'), ODD), async (chosen, inPath) => {
      const where = path.replaceAll(/\{\w+\}/g, encoded(inPath) || 'x');
      const asked = chosen.map((pair) => pair.map(encoded).join('=')).join('&');
      const sent =
        schema === undefined ? { path: `${where}?${asked}` } : { path: where, json: Object.fromEntries(chosen) };
      const { status, json } = await rig.send({ method, ...sent });
      const wrong = status >= 500 && json.error_code !== 'NOT_IMPLEMENTED';
      expect([path, rig.log.splice(0).map((line) => line.slice(0, 600)), wrong]).toEqual([path, [], false]);
    });
    await fc.assert(property, { numRuns: runs(count) });
  }
}

function fieldsOf({ properties }: BodySchema): readonly string[] {
  return [...Object.keys(properties), 'unknown'];
}

function encoded(value: unknown): string {
  return encodeURIComponent(wellFormed(typeof value === 'string' ? value : JSON.stringify(value)));
}

/** Half a pair of surrogates has no encoding. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
