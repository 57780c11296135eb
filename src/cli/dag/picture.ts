import { padText } from '../fit-text.ts';
import type { Styles } from '../style.ts';
import { components, type DagGraph } from './dag-graph.ts';
import { type Direction, drawText, type Picture } from './draw-text.ts';

export interface Frame {
  /** Undefined where the picture may be as wide as it likes. */
  readonly columns: number | undefined;
  /** Undefined for whatever suits the terminal. */
  readonly direction: Direction | undefined;
}

/** A picture of the whole graph; parts that no arrow joins stand beside each other as long as there is room. */
export function drawPicture(graph: DagGraph, frame: Frame, styles: Styles): Picture {
  const parts = components(graph);
  const { direction } = frame;
  if (direction !== undefined)
    return pack(
      parts.map((part) => drawText(part, direction, styles)),
      frame.columns,
    );
  const down = pack(
    parts.map((part) => drawText(part, 'down', styles)),
    frame.columns,
  );
  const columns = frame.columns ?? 100;
  if (down.width <= columns && down.lines.length <= TALL) return down;
  const right = pack(
    parts.map((part) => drawText(part, 'right', styles)),
    frame.columns,
  );
  if (down.width <= columns)
    return right.width <= columns && right.lines.length * 2 <= down.lines.length ? right : down;
  return right.width <= columns || right.width < down.width ? right : down;
}

/** Lines that are read without losing oneself. */
const TALL = 40;

function pack(pictures: readonly Picture[], columns = 100): Picture {
  const shelves: Picture[] = [];
  for (const picture of pictures) {
    const last = shelves.at(-1);
    if (last !== undefined && last.width + GAP + picture.width <= columns)
      shelves[shelves.length - 1] = beside(last, picture);
    else shelves.push(picture);
  }
  const lines = shelves.flatMap((shelf, index) => (index === 0 ? shelf.lines : ['', ...shelf.lines]));
  return { lines, width: Math.max(0, ...shelves.map((shelf) => shelf.width)) };
}

const GAP = 3;

function beside(left: Picture, right: Picture): Picture {
  const height = Math.max(left.lines.length, right.lines.length);
  const lines = Array.from({ length: height }, (_, row) => {
    const tail = right.lines[row] ?? '';
    return tail === '' ? (left.lines[row] ?? '') : padText(left.lines[row] ?? '', left.width + GAP) + tail;
  });
  return { lines, width: left.width + GAP + right.width };
}
