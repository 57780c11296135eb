import { pythonFloat } from './python-number.ts';
import { indentTo, lengthOf, type Pen, put, putMark, putPlain, putText, type ScalarPlace } from './scalar-text.ts';
import { type DvcDate, type DvcMap, type DvcValue, isList } from './value.ts';

/** A map as the text of a YAML file, as DVC writes it, every line indented by `indent` more blanks. */
export function yamlText(map: DvcMap, indent = 0): string {
  if (map.entries.length === 0) return '{}\n';
  const pen: Pen = { text: '', column: 0, parted: true, indented: true };
  const writer: Writer = { pen, anchors: anchorsOf(map), written: new Set() };
  putEntries(writer, map, indent);
  return `${pen.text}\n`;
}

interface Writer {
  readonly pen: Pen;
  /** The names of what stands at more than one place. */
  readonly anchors: ReadonlyMap<object, string>;
  readonly written: Set<object>;
}

/** Named in the order in which a second place is met. */
function anchorsOf(root: DvcMap): ReadonlyMap<object, string> {
  const seen = new Set<object>();
  const anchors = new Map<object, string>();
  const visit = (value: DvcValue): void => {
    if (value === null || typeof value !== 'object') return;
    if (seen.has(value)) {
      if (!anchors.has(value)) anchors.set(value, `id${String(anchors.size + 1).padStart(3, '0')}`);
      return;
    }
    seen.add(value);
    if (isList(value)) value.forEach(visit);
    else if (value.kind === 'map') for (const entry of value.entries) entry.forEach(visit);
  };
  visit(root);
  return anchors;
}

function putEntries(writer: Writer, map: DvcMap, indent: number): void {
  const { pen } = writer;
  for (const [key, value] of map.entries) {
    indentTo(pen, indent);
    if (isSimpleKey(key)) {
      putScalar(writer, key, { indent: indent + 2, key: true });
      putMark(pen, ':', { close: true });
    } else {
      putMark(pen, '?', { opens: true });
      putNode(writer, key, { indent, inMap: true });
      indentTo(pen, indent);
      putMark(pen, ':', { opens: true });
    }
    putNode(writer, value, { indent, inMap: true });
  }
}

// The writer counts the name of the key's type, which it then does not write.
const LONGEST_SIMPLE_KEY = 128;

function isSimpleKey(key: DvcValue): key is Scalar {
  switch (typeof key) {
    case 'string':
      return !/[\n\x85\u2028\u2029]/.test(key) && lengthOf(key) + '!!str'.length < LONGEST_SIMPLE_KEY;
    case 'bigint':
      return String(key).length + '!!int'.length < LONGEST_SIMPLE_KEY;
    case 'object':
      return key === null || (!isList(key) && key.kind === 'date');
    default:
      return true;
  }
}

interface NodePlace {
  /** Of the list or map around. */
  readonly indent: number;
  readonly inMap: boolean;
}

function putNode(writer: Writer, value: DvcValue, place: NodePlace): void {
  const { pen, anchors, written } = writer;
  const anchor = value === null || typeof value !== 'object' ? undefined : anchors.get(value);
  if (anchor !== undefined && typeof value === 'object' && value !== null) {
    putMark(pen, written.has(value) ? `*${anchor}` : `&${anchor}`);
    if (written.has(value)) return;
    written.add(value);
  }
  if (isList(value)) putList(writer, value, place);
  else if (typeof value === 'object' && value !== null && value.kind === 'map') putMap(writer, value, place);
  else {
    if (!place.inMap && anchor === undefined) indentTo(pen, place.indent + 2);
    putScalar(writer, value, { indent: place.indent + 2, key: false });
  }
}

function putMap(writer: Writer, map: DvcMap, { indent }: NodePlace): void {
  if (map.entries.length === 0) putMark(writer.pen, '{}');
  else putEntries(writer, map, indent + 2);
}

function putList(writer: Writer, list: readonly DvcValue[], { indent, inMap }: NodePlace): void {
  const { pen } = writer;
  if (list.length === 0) putMark(pen, '[]');
  // A list below its key begins where the key does.
  const own = inMap && !pen.indented ? indent : indent + 2;
  for (const item of list) {
    indentTo(pen, own);
    putMark(pen, '-', { opens: true });
    putNode(writer, item, { indent: own, inMap: false });
  }
}

type Scalar = Exclude<DvcValue, DvcMap | readonly DvcValue[]>;

function putScalar({ pen }: Writer, value: Scalar, place: ScalarPlace): void {
  if (typeof value === 'string') putText(pen, value, place);
  else if (value !== null) putPlain(pen, plainText(value), place);
  else if (place.key) put(pen, 'null');
}

function plainText(value: DvcDate | bigint | boolean | number): string {
  if (typeof value === 'number') return floatText(value);
  return typeof value === 'object' ? value.text : String(value);
}

function floatText(value: number): string {
  const text = pythonFloat(value);
  if (text === 'nan') return '.nan';
  return text.endsWith('inf') ? text.replace('inf', '.inf') : text;
}
