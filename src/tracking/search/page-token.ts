import { z } from 'zod';
import { RequestError } from '../request-error.ts';

const Token = z.object({ offset: z.int().min(0) });

export function offsetOf(token: string | undefined): number {
  if (token === undefined || token === '') return 0;
  try {
    return Token.parse(JSON.parse(Buffer.from(token, 'base64').toString('utf8'))).offset;
  } catch {
    throw new RequestError('INVALID_PARAMETER_VALUE', 'Invalid page token, could not be decoded');
  }
}

function tokenAt(offset: number): string {
  return Buffer.from(JSON.stringify({ offset })).toString('base64');
}

/** Of one row more than a page holds, the page and where the next one begins. */
export function pageOf<Row>(
  rows: readonly Row[],
  { offset, limit }: { readonly offset: number; readonly limit: number },
): { readonly page: readonly Row[]; readonly next: string | undefined } {
  return { page: rows.slice(0, limit), next: rows.length > limit ? tokenAt(offset + limit) : undefined };
}
