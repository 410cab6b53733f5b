/** What changed hands on a ring between two moments: for the picture; what is true is the engine's to say. */
import type { RingView } from "./wasm/cachedojo";

export interface Moved {
  /** Arcs that another member answers for now: where each begins and ends, clockwise, in 2^32 parts of the circle. */
  arcs: [number, number][];
  /** Their part of the circle. */
  share: number;
  /** The part of all keys that `hash modulo members` would have moved. */
  modulo: number;
}

const CIRCLE = 2 ** 32;

/** Nothing where no arc changed hands, or where a ring is too large to be drawn. Cost: O(points). */
export function movedBetween(before: RingView, after: RingView): Moved | undefined {
  const cuts = [...new Set([...before.places, ...after.places])].toSorted((a, b) => a - b);
  if (before.places.length === 0 || after.places.length === 0) {
    return undefined;
  }
  const arcs: [number, number][] = [];
  let sum = 0;
  for (const [i, end] of cuts.entries()) {
    const start = cuts[(i + cuts.length - 1) % cuts.length] ?? 0;
    if (heirAt(before, end) !== heirAt(after, end)) {
      const width = (end - start + CIRCLE) % CIRCLE || CIRCLE;
      sum += width;
      const last = arcs.at(-1);
      if (last?.[1] === start) {
        last[1] = end;
      } else {
        arcs.push([start, end]);
      }
    }
  }
  return arcs.length === 0
    ? undefined
    : { arcs, share: sum / CIRCLE, modulo: movedByModulo(living(before), living(after)) };
}

/** Who answers for the arc that ends at this place or around it: the heir of the first point from there on. */
function heirAt({ places, heirs, members }: RingView, place: number): string | undefined {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) < place) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const heir = heirs[low % places.length];
  return heir === undefined ? undefined : members[heir]?.id;
}

function living({ members }: RingView): number {
  return members.filter(({ isAlive }) => isAlive).length;
}

/** Of hashes spread evenly, the part whose remainder by `from` is not its remainder by `to`. */
export function movedByModulo(from: number, to: number): number {
  if (from === 0 || to === 0) {
    return 1;
  }
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  return 1 - Math.min(from, to) / ((from * to) / divisor(from, to));
}
