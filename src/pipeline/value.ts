/**
 * Data with its types kept apart, as templates need it: integers are bigint, floats number, and a map keeps the order it
 * was written in, which an object of JavaScript does not for keys like `10`.
 */
export type Value = Scalar | readonly Value[] | ValueMap;
export type Scalar = string | bigint | number | boolean | null;
export type ValueMap = ReadonlyMap<string, Value>;

export function isValueMap(value: Value | undefined): value is ValueMap {
  return value instanceof Map;
}

export function isValueList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

export function isScalarValue(value: Value): value is Scalar {
  return !isValueMap(value) && !isValueList(value);
}

/** What a reader of YAML, JSON or TOML gives, as a value. */
export function asValue(data: unknown): Value {
  switch (typeof data) {
    case 'string':
    case 'bigint':
    case 'number':
    case 'boolean':
      return data;
    case 'object':
      if (data === null) return null;
      if (data instanceof Date) return data.toISOString();
      if (Array.isArray(data)) return data.map(asValue);
      return new Map((data instanceof Map ? [...data] : Object.entries(data)).map(entryOf));
    default:
      throw new Error(`a ${typeof data} is no value of a file`);
  }
}

function entryOf([key, member]: readonly [unknown, unknown]): [string, Value] {
  return [String(key), asValue(member)];
}

/** The value as JSON. What JSON's numbers cannot hold is text. */
export function jsonOf(value: Value): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (isValueList(value)) return value.map(jsonOf);
  if (!isValueMap(value)) return value;
  return Object.fromEntries([...value].map(([key, member]) => [key, jsonOf(member)]));
}

/** What messages call a value of this kind. */
export function kindOf(value: Value): string {
  if (value === null) return 'nothing';
  if (isValueMap(value)) return 'a map';
  if (isValueList(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? String(value) : `the number ${value}`;
}
