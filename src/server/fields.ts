import { z } from 'zod';
import { RequestError } from '../tracking/request-error.ts';

/*
 * Fields of requests as protobuf's JSON has them, with the complaints that MLflow's clients know. An absent field, one
 * that is null and, where a value is required, one that is empty, are the same.
 */

/** The request as its schema says, or a complaint about the first thing that is wrong with it. */
export function readRequest<Schema extends z.ZodType>(schema: Schema, raw: unknown): z.output<Schema> {
  const read = schema.safeParse(raw);
  if (read.success) return read.data;
  throw new RequestError('INVALID_PARAMETER_VALUE', read.error.issues[0]?.message ?? 'Bad Request.');
}

/** Text that must be there and say something. */
export function requiredText(options: { readonly longest?: number } = {}) {
  return string(options).min(1, { error: complain });
}

/** Text that must be there, and may be empty. */
export function anyText(options: { readonly longest?: number } = {}) {
  return string(options);
}

export function optionalText(options: { readonly longest?: number } = {}) {
  return string(options)
    .nullish()
    .transform((value) => value ?? undefined);
}

/** No database holds the character NUL in a text. */
function string({ longest }: { readonly longest?: number }) {
  const text = z.string({ error: complain }).refine((value) => !value.includes('\0'), { error: complain });
  if (longest === undefined) return text;
  return text.max(longest, {
    error: ({ path }) => `'${named(path)}' exceeds the maximum length of ${longest} characters`,
  });
}

/** Whole numbers of 64 bits, as a number or, where no number can say them, a bigint. */
export function requiredInt64() {
  return z
    .union([z.number(), z.bigint(), z.string()], { error: complain })
    .refine(isInt64, { error: complain })
    .transform((value) => {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : BigInt(value);
    });
}

export function optionalInt64() {
  return requiredInt64()
    .nullish()
    .transform((value) => value ?? undefined);
}

function isInt64(value: number | bigint | string): boolean {
  if (typeof value === 'string' && !/^-?\d{1,19}$/.test(value)) return false;
  if (typeof value === 'number' && !Number.isInteger(value)) return false;
  return BigInt.asIntN(64, BigInt(value)) === BigInt(value);
}

/** How many, within these bounds. */
export function optionalCount({ least, most }: { readonly least: number; readonly most: number }) {
  return optionalInt64()
    .transform((value) => (value === undefined ? undefined : Number(value)))
    .refine((value) => value === undefined || (value >= least && value <= most), {
      error: ({ input, path }) =>
        `Invalid value ${String(input)} for parameter '${named(path)}' supplied: It must be between ${least} and ${most}`,
    });
}

export function requiredDouble() {
  return z
    .union([z.number(), z.string(), z.nan()], { error: complain })
    .refine((value) => typeof value === 'number' || isDouble(value), { error: complain })
    .transform(Number);
}

function isDouble(text: string): boolean {
  return /^(NaN|-?Infinity|-?\d+(\.\d+)?([eE][-+]?\d+)?)$/.test(text);
}

/** How JSON says a double that it has no number for. */
export function jsonDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** How JSON says a whole number that a double cannot hold. */
export function jsonInt64(value: number | bigint): number | string {
  return typeof value === 'bigint' ? String(value) : value;
}

/** `true` and `false`, also as the text that a query string holds. */
export function optionalBoolean() {
  return z
    .union([z.boolean(), z.enum(['true', 'false'])], { error: complain })
    .nullish()
    .transform((value) => (value === undefined || value === null ? undefined : value === true || value === 'true'));
}

/** By name or by number. */
export function optionalEnum<Name extends string>(numbers: Readonly<Record<Name, number>>) {
  const names = Object.keys(numbers) as Name[];
  return z
    .union([z.enum(names), z.literal(Object.values<number>(numbers))], { error: complain })
    .nullish()
    .transform((value) => (typeof value === 'number' ? names.find((name) => numbers[name] === value) : value) as Name)
    .transform((name): Name | undefined => name ?? undefined);
}

export const VIEW_TYPES = { ACTIVE_ONLY: 1, DELETED_ONLY: 2, ALL: 3 } as const;

export const RUN_STATUSES = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 } as const;

/** A repeated field: absent is empty, and a query string that names it once gives one value without a list. */
export function repeated<Item extends z.ZodType>(item: Item, { most }: { readonly most?: number } = {}) {
  const list = z.array(item, { error: complain });
  const bounded =
    most === undefined
      ? list
      : list.max(most, { error: ({ path }) => `'${named(path)}' holds more than the ${most} that one request may` });
  return z.preprocess((value) => {
    if (value === undefined || value === null) return [];
    return typeof value === 'string' ? [value] : value;
  }, bounded);
}

/** Other fields are ignored, as protobuf's are. */
export function message<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object(shape, { error: complain });
}

interface Complaint {
  readonly input?: unknown;
  readonly path?: readonly PropertyKey[] | undefined;
}

const SEE = 'See the API docs for more information about request parameters.';

function complain({ input, path }: Complaint): string {
  const name = named(path);
  if (input === undefined || input === null || input === '') {
    return `Missing value for required parameter '${name}'. ${SEE}`;
  }
  return `Invalid value ${shown(input)} for parameter '${name}' supplied:  Hint: Value was of type '${pythonType(input)}'. ${SEE}`;
}

/** `metrics[0].key`. */
function named(path: readonly PropertyKey[] = []): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

const LONGEST_SHOWN = 200;

function shown(input: unknown): string {
  const inWords = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  const text = typeof input === 'bigint' ? String(input) : (JSON.stringify(input, inWords) ?? String(input));
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

function pythonType(input: unknown): string {
  switch (typeof input) {
    case 'string':
      return 'str';
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return Number.isInteger(input) ? 'int' : 'float';
    default:
      return Array.isArray(input) ? 'list' : 'dict';
  }
}
