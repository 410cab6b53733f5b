/** Where names stand along lines, so that no name covers another, or a wall. */

/** A line of a picture and the name that is to stand on it. */
export interface Named {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  name: string;
}

export interface Place {
  x: number;
  y: number;
}

/** How wide a letter is and how high a line of them, in the picture's units. */
const LETTER = 6.2;
const HEIGHT = 12;
/** How much stays free beside each name. */
const GAP = 3;
/** Which parts of its line a name is tried at, the best first. */
const PARTS = [0.3, 0.5, 0.7, 0.4, 0.6, 0.2, 0.8];

/**
 * The middle of each name's foot, in the order of the lines: earlier ones choose first, where the fewest other lines pass behind the
 * name. Nothing where a name has no room. No name reaches over a wall, which stands at an x from top to bottom. Cost: O(lines²).
 */
export function places(
  lines: readonly Named[],
  walls: readonly number[],
  width: number,
): (Place | undefined)[] {
  const taken: { left: number; right: number; y: number }[] = [];
  return lines.map(({ x1, y1, x2, y2, name }, own) => {
    const half = (name.length * LETTER) / 2 + GAP;
    let best: (Place & { crossed: number }) | undefined;
    for (const part of PARTS) {
      const [x, y] = [x1 + (x2 - x1) * part, y1 + (y2 - y1) * part - 3];
      const [left, right] = [x - half, x + half];
      const isInside =
        left >= 0 && right <= width && walls.every((wall) => right < wall - 3 || left > wall + 3);
      const isFree = taken.every(
        (other) => right < other.left || left > other.right || Math.abs(y - other.y) >= HEIGHT,
      );
      if (isInside && isFree) {
        const crossed = lines.filter((line, i) => i !== own && passes(line, left, right, y)).length;
        if (!best || crossed < best.crossed) {
          best = { x, y, crossed };
        }
        if (crossed === 0) {
          break;
        }
      }
    }
    if (best) {
      taken.push({ left: best.x - half, right: best.x + half, y: best.y });
      return { x: best.x, y: best.y };
    }
    return undefined;
  });
}

/** Whether a line goes through the box of a name whose foot is at `y`. */
function passes({ x1, y1, x2, y2 }: Named, left: number, right: number, y: number): boolean {
  const [from, to] = [Math.max(left, Math.min(x1, x2)), Math.min(right, Math.max(x1, x2))];
  if (from > to || x1 === x2) {
    return false;
  }
  const at = (x: number) => y1 + ((y2 - y1) * (x - x1)) / (x2 - x1);
  const [top, foot] = [Math.min(at(from), at(to)), Math.max(at(from), at(to))];
  return foot > y - HEIGHT + 2 && top < y + 1;
}

/** As much of a name as fits into so much room. */
export function clipped(name: string, room: number): string {
  const letters = Math.max(2, Math.floor(room / (LETTER * 1.3)));
  return name.length <= letters ? name : `${name.slice(0, letters - 1)}…`;
}
