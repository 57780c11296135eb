import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ENDPOINTS } from '../../src/server/endpoints.ts';
import { runs } from '../support/hunt.ts';
import { serverRig } from './rig.ts';

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

function fieldsOf(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

test('whatever is asked, the answer is an answer and never a mistake of the server', { timeout: 120_000 }, async () => {
  await using rig = await serverRig();
  const { id } = await rig.run();
  const real = fc.constantFrom('0', id, 'm', 'metrics.m > 1', 'metrics.m DESC');
  for (const { method, path, request } of ENDPOINTS) {
    const names = fieldsOf(request);
    const some = fc.uniqueArray(names.length === 0 ? fc.string() : fc.constantFrom(...names));
    const fields = some.chain((chosen) =>
      fc.tuple(...chosen.map((name) => fc.tuple(fc.constant(name), fc.oneof(ODD, real)))),
    );
    const property = fc.asyncProperty(fields, async (entries) => {
      const json: unknown = Object.fromEntries(entries);
      const query = entries.map((pair) =>
        pair
          .map((part) => encodeURIComponent(wellFormed(typeof part === 'string' ? part : JSON.stringify(part))))
          .join('='),
      );
      const where = `/api/2.0${path.replaceAll(/:\w+/g, 'x')}`;
      const { status } =
        method === 'GET'
          ? await rig.send({ method, path: `${where}?${query.join('&')}` })
          : await rig.send({ method, path: where, json });
      expect([path, rig.log.splice(0).map((line) => line.slice(0, 600)), status < 500]).toEqual([path, [], true]);
    });
    await fc.assert(property, { numRuns: runs(60) });
  }
});

/** Half a pair of surrogates has no encoding. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
