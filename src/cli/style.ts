import { inspect } from 'node:util';
import type { Output } from './context.ts';

const NAMES = ['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan'] as const;

/** One function per style; each returns the text as it is where colours are not wanted. */
export type Styles = Readonly<Record<(typeof NAMES)[number], (text: string) => string>>;

/** The styles for one output. Colour is decoration only: every text must say the same without it. */
export function stylesOf(output: Pick<Output, 'colors'>): Styles {
  const entries = NAMES.map((name) => [name, output.colors ? painter(name) : (text: string) => text] as const);
  return Object.fromEntries(entries) as Styles;
}

function painter(name: (typeof NAMES)[number]): (text: string) => string {
  const [open, close] = inspect.colors[name] as [number, number];
  return (text) => (text === '' ? '' : `\u001b[${open}m${text}\u001b[${close}m`);
}
