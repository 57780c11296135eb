import type { Scalar } from './value.ts';

/**
 * A scalar as it appears inside of a text, in the spelling that Python gives it, which the files of DVC projects hold:
 * `true`, `None`, `1e-05`, `1.0`.
 */
export function pythonText(value: Scalar): string {
  if (value === null) return 'None';
  return typeof value === 'number' ? floatText(value) : String(value);
}

/** The shortest digits that give the same float again; from 1e16 on and below 1e-4 with an exponent. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa = '', exponentText = '0'] = Math.abs(value).toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  return sign + pointed(mantissa.replace('.', ''), exponent);
}

function pointed(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${whole}.${digits.slice(exponent + 1) || '0'}`;
}
