/** What DVC's YAML reader takes unquoted text for. */
export type PlainKind = 'null' | 'boolean' | 'integer' | 'float' | 'date' | 'merge' | 'value' | 'text';

const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;
const TIME = /(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?/;
const DATE_TIME = new RegExp(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}${TIME.source}$`);

// YAML 1.2 as the ruamel library knows it: `yes` is text, `1_000`, `0b1` and `0o7` are integers.
const KINDS: readonly (readonly [PlainKind, RegExp])[] = [
  ['boolean', /^(?:true|True|TRUE|false|False|FALSE)$/],
  [
    'float',
    /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  ],
  ['integer', /^(?=[-+0-9])(?:[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)$/],
  ['merge', /^<<$/],
  ['null', /^(?:~|null|Null|NULL)?$/],
  ['date', DATE],
  ['date', DATE_TIME],
  ['value', /^=$/],
];

export function kindOfPlain(text: string): PlainKind {
  return KINDS.find(([, form]) => form.test(text))?.[0] ?? 'text';
}

/** The integer a plain scalar of that kind stands for; undefined where there are no digits in it. */
export function integerOf(text: string): bigint | undefined {
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  const unsigned = /^0[box]./.test(digits) ? digits : digits.replace(/^0+(?=[0-9])/, '');
  if (!/^(?:0b[01]+|0o[0-7]+|0x[0-9a-fA-F]+|[0-9]+)$/.test(unsigned)) return undefined;
  return text.startsWith('-') ? -BigInt(unsigned) : BigInt(unsigned);
}

/** The number a plain scalar of that kind stands for. */
export function floatOf(text: string): number {
  const special = /^([-+]?)\.(inf|nan)$/i.exec(text);
  if (special === null) return Number(text.replaceAll('_', ''));
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

const PARTS = /^(\d+)-(\d+)-(\d+)(?:[Tt \t]+(\d+):(\d+):(\d+)(?:\.(\d*))?[ \t]*(Z|[-+]\d+(?::\d+)?)?)?$/;

/** A plain scalar of that kind as Python prints the date. */
export function dateTextOf(text: string): string {
  const [, year = '', month = '', day = '', hour, minute = '', second = '', fraction = '', zone] =
    PARTS.exec(text) ?? [];
  const two = (digits: string) => digits.padStart(2, '0');
  const date = `${year}-${two(month)}-${two(day)}`;
  if (hour === undefined) return date;
  const micros = String(Math.round(Number(`0.${fraction || '0'}`) * 1e6)).padStart(6, '0');
  const time = `${two(hour)}:${minute}:${second}${micros === '000000' ? '' : `.${micros}`}`;
  return `${date} ${time}${zoneText(zone)}`;
}

function zoneText(zone: string | undefined): string {
  if (zone === undefined || zone === 'Z') return zone === undefined ? '' : '+00:00';
  const [hours = '', minutes = '00'] = zone.slice(1).split(':');
  return `${zone.charAt(0)}${hours.padStart(2, '0')}:${minutes}`;
}
