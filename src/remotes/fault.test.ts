import { expect, test } from 'vitest';
import { faultOfNetwork, faultOfStatus } from './fault.ts';

test.each([
  ['missing', [404, 410]],
  ['transient', [408, 425, 429, 500, 502, 503, 504]],
  ['fatal', [400, 401, 403, 405, 409, 501, 507]],
] as const)('%s: %j', (fault, statuses) => {
  for (const status of statuses) expect(faultOfStatus(status)).toBe(fault);
});

test.each([
  ['transient', ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EAI_AGAIN', 'EPIPE', 'UND_ERR_SOCKET']],
  ['fatal', ['ENOTFOUND', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID']],
  [undefined, ['NoSuchKey', 2, undefined]],
] as const)('%s: %j', (fault, codes) => {
  for (const code of codes) expect(faultOfNetwork(code)).toBe(fault);
});
