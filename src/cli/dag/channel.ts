import { endOf, type Item, type Segment, startOf } from './layers.ts';

/**
 * Lines between two layers that may run together: each of its sources leads to each of its targets, so a reader who
 * follows the lines never goes wrong. All its lines meet in one track across the channel.
 *
 *     a   b          ports of the sources
 *     ╰─┬─┴───╮      the track
 *       ▼     ▼      ports of the targets
 */
export interface Net {
  readonly sources: Port[];
  readonly targets: Port[];
  /** Counted from the sources' side; null for a straight line, which needs none. */
  track: number | null;
}

/** Where a line leaves or enters an item. */
interface Port {
  readonly item: Item;
  at: number;
}

export interface Channel {
  readonly nets: readonly Net[];
  readonly tracks: number;
  readonly crossings: number;
}

/** Lays out the lines of one channel. May move passing lines of the lower layer a little, to keep lines straight. */
export function routeChannel(segments: readonly Segment[], lower: readonly Item[]): Channel {
  const nets = findNets(segments);
  placePorts(nets);
  straighten(nets, lower);
  separate(nets, lower);
  return { nets, ...assignTracks(nets) };
}

/** Cuts the segments into nets, the largest first. */
function findNets(segments: readonly Segment[]): Net[] {
  const nets: Net[] = [];
  const left = new Set(segments);
  while (left.size > 0) {
    const candidates = [...left].flatMap((segment) => [bySources(segment, left), byTargets(segment, left)]);
    const best = candidates.reduce((a, b) =>
      b.sources.size * b.targets.size > a.sources.size * a.targets.size ? b : a,
    );
    for (const segment of left) {
      if (best.sources.has(segment.from) && best.targets.has(segment.to)) left.delete(segment);
    }
    nets.push({ sources: ports(best.sources), targets: ports(best.targets), track: null });
  }
  return nets;
}

interface Candidate {
  readonly sources: ReadonlySet<Item>;
  readonly targets: ReadonlySet<Item>;
}

/** All targets of the segment's source, with every source that leads to all of them. */
function bySources({ from }: Segment, segments: ReadonlySet<Segment>): Candidate {
  const targets = new Set([...segments].filter((s) => s.from === from).map((s) => s.to));
  const count = new Map<Item, number>();
  for (const s of segments) if (targets.has(s.to)) count.set(s.from, (count.get(s.from) ?? 0) + 1);
  const sources = new Set([...count].filter(([, n]) => n === targets.size).map(([item]) => item));
  return { sources, targets };
}

function byTargets({ to }: Segment, segments: ReadonlySet<Segment>): Candidate {
  const sources = new Set([...segments].filter((s) => s.to === to).map((s) => s.from));
  const count = new Map<Item, number>();
  for (const s of segments) if (sources.has(s.from)) count.set(s.to, (count.get(s.to) ?? 0) + 1);
  const targets = new Set([...count].filter(([, n]) => n === sources.size).map(([item]) => item));
  return { sources, targets };
}

function ports(items: ReadonlySet<Item>): Port[] {
  return [...items].sort((a, b) => a.center - b.center).map((item) => ({ item, at: item.center }));
}

/** The most lines that leave or enter one item: it must be large enough for so many ports. */
export function portsPerItem(segments: readonly Segment[]): Map<Item, number> {
  const most = new Map<Item, number>();
  for (const side of ['sources', 'targets'] as const) {
    const count = new Map<Item, number>();
    for (const net of findNets(segments)) {
      for (const { item } of net[side]) count.set(item, (count.get(item) ?? 0) + 1);
    }
    for (const [item, n] of count) most.set(item, Math.max(n, most.get(item) ?? 0));
  }
  return most;
}

/** Spreads the ports of each item around its middle, in the order of where their lines go. */
function placePorts(nets: readonly Net[]): void {
  for (const [side, other] of [
    ['sources', 'targets'],
    ['targets', 'sources'],
  ] as const) {
    const byItem = new Map<Item, { port: Port; towards: number }[]>();
    for (const net of nets) {
      const towards = mean(net[other].map((port) => port.item.center));
      for (const port of net[side]) byItem.set(port.item, [...(byItem.get(port.item) ?? []), { port, towards }]);
    }
    for (const [item, entries] of byItem) {
      entries.sort((a, b) => a.towards - b.towards);
      const step = entries.length * 2 - 1 <= item.size - 2 ? 2 : 1;
      entries.forEach(({ port }, index) => {
        const at = item.center + Math.round(step * (index - (entries.length - 1) / 2));
        port.at = clamp(at, item);
      });
    }
  }
}

/** Corners of a box are no place for a line. */
function clamp(at: number, item: Item): number {
  const margin = item.node === null ? 0 : 1;
  return Math.min(Math.max(at, startOf(item) + margin), endOf(item) - margin);
}

/** A line with one beginning and one end, whose boxes lie above each other, needs no bend. */
function straighten(nets: readonly Net[], lower: readonly Item[]): void {
  for (const net of nets) {
    const [source, target] = [net.sources[0], net.targets[0]];
    if (net.sources.length !== 1 || net.targets.length !== 1 || source === undefined || target === undefined) continue;
    if (source.at === target.at) continue;
    if (mayStand(target, source.at, { nets, side: 'targets', lower })) moveTo(target, source.at);
    else if (mayStand(source, target.at, { nets, side: 'sources', lower })) source.at = target.at;
  }
}

/** Two lines of different nets must not run in one column: the one would look like the other's end. */
function separate(nets: readonly Net[], lower: readonly Item[]): void {
  for (const net of nets) {
    const own = new Set(net.sources.map((port) => port.at));
    const others = new Set(nets.filter((n) => n !== net).flatMap((n) => n.sources.map((port) => port.at)));
    for (const target of net.targets) {
      if (own.has(target.at) || !others.has(target.at)) continue;
      const at = [1, -1, 2, -2, 3, -3]
        .map((shift) => target.at + shift)
        .find((to) => !others.has(to) && mayStand(target, to, { nets, side: 'targets', lower }));
      if (at !== undefined) moveTo(target, at);
    }
  }
}

function moveTo(port: Port, at: number): void {
  port.at = at;
  if (port.item.node === null) port.item.center = at;
}

interface Setting {
  readonly nets: readonly Net[];
  readonly side: 'sources' | 'targets';
  readonly lower: readonly Item[];
}

function mayStand(port: Port, at: number, { nets, side, lower }: Setting): boolean {
  if (port.item.node === null) {
    // Lines that pass through the upper layer were drawn already.
    if (side === 'sources') return port.at === at;
    const index = lower.indexOf(port.item);
    const [before, after] = [lower[index - 1], lower[index + 1]];
    return (before === undefined || endOf(before) + 1 < at) && (after === undefined || at < startOf(after) - 1);
  }
  if (clamp(at, port.item) !== at) return false;
  const siblings = nets.flatMap((net) => net[side]).filter((other) => other.item === port.item && other !== port);
  return siblings.every(
    (other) => Math.abs(other.at - at) > 1 && Math.sign(other.at - at) === Math.sign(other.at - port.at),
  );
}

/** Gives each net that bends a track, so that few lines cross. */
function assignTracks(nets: readonly Net[]): { tracks: number; crossings: number } {
  const bent = nets.filter((net) => extentOf(net).from !== extentOf(net).to);
  const order = orderByCrossings(bent);
  for (const [index, net] of order.entries()) {
    const above = order.slice(0, index).filter((other) => touch(net, other));
    net.track = above.reduce((track, other) => Math.max(track, (other.track ?? 0) + 1), 0);
  }
  let crossings = 0;
  for (const [index, net] of order.entries()) {
    for (const other of order.slice(index + 1)) crossings += crossingsOf(net, other);
    for (const straight of nets) {
      const at = straight.sources[0]?.at ?? 0;
      if (!bent.includes(straight) && within(at, net)) crossings += 1;
    }
  }
  return { tracks: order.reduce((most, net) => Math.max(most, (net.track ?? 0) + 1), 0), crossings };
}

/** From any order, swaps neighbours as long as lines are saved. */
function orderByCrossings(nets: readonly Net[]): Net[] {
  const order = [...nets];
  for (let round = 0; round < order.length; round += 1) {
    let better = false;
    for (let index = 0; index + 1 < order.length; index += 1) {
      const [upper, lower] = [order[index], order[index + 1]] as [Net, Net];
      if (crossingsOf(lower, upper) < crossingsOf(upper, lower)) {
        order[index] = lower;
        order[index + 1] = upper;
        better = true;
      }
    }
    if (!better) break;
  }
  return order;
}

/** Crossings of two nets when the first has its track above the second's. Lines in one column count as many. */
function crossingsOf(upper: Net, lower: Net): number {
  const down = upper.targets.filter((port) => within(port.at, lower)).length;
  const up = lower.sources.filter((port) => within(port.at, upper)).length;
  const overlaid = upper.targets.some((port) => lower.sources.some((other) => other.at === port.at)) ? 100 : 0;
  return down + up + overlaid;
}

function within(at: number, net: Net): boolean {
  const { from, to } = extentOf(net);
  return from <= at && at <= to;
}

/** Whether two tracks need to be two: one cell between them keeps their ends apart. */
function touch(a: Net, b: Net): boolean {
  const [one, two] = [extentOf(a), extentOf(b)];
  return one.from <= two.to + 1 && two.from <= one.to + 1;
}

export function extentOf(net: Net): { readonly from: number; readonly to: number } {
  const all = [...net.sources, ...net.targets].map((port) => port.at);
  return { from: Math.min(...all), to: Math.max(...all) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
