const CIRCLE = 2 ** 32;
/** Nothing where no arc changed hands, or where a ring is too large to be drawn. Cost: O(points). */
export function movedBetween(before, after) {
  const cuts = [...new Set([...before.places, ...after.places])].toSorted((a, b) => a - b);
  if (before.places.length === 0 || after.places.length === 0) {
    return undefined;
  }
  const arcs = [];
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
function heirAt({ places, heirs, members }, place) {
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
function living({ members }) {
  return members.filter(({ isAlive }) => isAlive).length;
}
/** Of hashes spread evenly, the part whose remainder by `from` is not its remainder by `to`. */
export function movedByModulo(from, to) {
  if (from === 0 || to === 0) {
    return 1;
  }
  const divisor = (a, b) => (b === 0 ? a : divisor(b, a % b));
  return 1 - Math.min(from, to) / ((from * to) / divisor(from, to));
}
