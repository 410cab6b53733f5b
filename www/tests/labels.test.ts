import { expect, test } from "vitest";
import { clipped, type Named, places } from "../src/views/labels";

const WIDTH = 320;

/** How far apart the names of these lines stand, and on which side of the walls. */
function check(lines: Named[], walls: number[], expectedCount: number): void {
  const found = places(lines, walls, WIDTH).map(
    (place, i) => place && { ...place, name: lines[i]?.name ?? "" },
  );
  const shown = found.filter((place) => place !== undefined);
  expect(shown.length).toBe(expectedCount);
  const boxes = shown.map(({ x, y, name }) => ({ left: x - name.length * 3, right: x + name.length * 3, y }));
  for (const [i, box] of boxes.entries()) {
    expect(box.left).toBeGreaterThanOrEqual(0);
    expect(box.right).toBeLessThanOrEqual(WIDTH);
    expect(walls.some((wall) => box.left < wall && wall < box.right)).toBe(false);
    for (const other of boxes.slice(0, i)) {
      const isApart = box.right < other.left || other.right < box.left || Math.abs(box.y - other.y) >= 10;
      expect(isApart).toBe(true);
    }
  }
}

const to = (x2: number, y1: number, y2: number, name: string): Named => ({ x1: 50, y1, x2, y2, name });

test.each<[string, Named[], number[], number]>([
  ["none", [], [], 0],
  ["two from one place to one wall", [to(107, 40, 44, "query"), to(107, 40, 47, "query")], [107], 1],
  ["two from one place to two nodes", [to(160, 40, 55, "query"), to(270, 40, 70, "query")], [], 2],
  ["a row further down", [to(160, 40, 55, "store"), to(160, 55, 70, "store")], [], 2],
  ["a name longer than its way to a wall", [to(80, 40, 44, "pre-vote?")], [80], 0],
  ["ten at once", Array.from({ length: 10 }, () => to(270, 40, 41, "answer")), [], 3],
  ["at the picture's edge", [{ x1: 4, y1: 10, x2: 30, y2: 20, name: "heartbeat" }], [], 0],
])("names stand apart: %s", (_, lines, walls, count) => check(lines, walls, count));

test("a name is cut only where it has no room", () => {
  expect(clipped("n1", 20)).toBe("n1");
  expect(clipped("replica-of-the-north", 100)).toBe("replica-of-…");
});
