/** Ends a switch over a tagged union: the compiler proves that every tag was handled. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
