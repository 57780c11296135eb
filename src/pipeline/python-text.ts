import { pythonFloat } from './dvc/python-number.ts';
import type { Scalar } from './value.ts';

/**
 * A scalar as it appears inside of a text, in the spelling that Python gives it, which the files of DVC projects hold:
 * `true`, `None`, `1e-05`, `1.0`.
 */
export function pythonText(value: Scalar): string {
  if (value === null) return 'None';
  return typeof value === 'number' ? pythonFloat(value) : String(value);
}
