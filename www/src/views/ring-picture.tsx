import { memo } from "preact/compat";
import type { Moved } from "../moved";
import type { KeyView, MemberView, RingView } from "../wasm/cachedojo";
import { formatNumber } from "../words";

/** Shapes that tell members apart without colour: on a 16 x 16 grid. */
const SHAPES = [
  "M8 2a6 6 0 1 0 0 12a6 6 0 1 0 0-12",
  "M2.8 2.8h10.4v10.4H2.8z",
  "M8 1.8 14.6 13.6H1.4z",
  "M8 1 15 8l-7 7-7-7z",
  "M8 1.2 14.8 6.2 12.2 14.4H3.8L1.2 6.2z",
  "M6 1.6h4v4.4h4.4v4H10v4.4H6V10H1.6V6H6z",
  "M1.4 2.4h13.2L8 14.2z",
  "M4.4 2h7.2L15 8l-3.4 6H4.4L1 8z",
];
const COLOURS = SHAPES.length;

const CENTRE = 220;
const BAND = 176;
/** Outside the band: what has just changed hands. */
const MOVED = 196;
const LANES = { outer: 152, inner: 78, widest: 22 };
/** Half of what is seen from near by, and the middle of that, from the circle's. */
const NEAR = { half: 80, middle: 148 };
/** In pixels of a window of common size, whatever the circle's size: a letter of a name, its type, and from one name to the next. */
const NAME = { letter: 8, type: 13, line: 17 };
/** The circle's diameter in those pixels, at least and at most. */
const DIAMETER = { least: 150, most: 640 };
/** Type in the circle's hollow, in the picture's units: at least, and in pixels. */
const HOLLOW_TYPE = { least: 16, most: 17, px: 12.5 };
/** More points than these are a pattern; what they own is what is looked at then. */
const POINTS_BOLD_MAX = 200;
const BADGES_MAX = 10;
const HOLLOW_LINES_MAX = 4;
const LINE = 26;
/** Places on the circle. */
export const CIRCLE = 2 ** 32;

/** The colour of a member, by its place in the order of ids. */
export function memberColour(index: number): string {
  return `var(--member-${index % COLOURS})`;
}

/** The shape of a member: no two of the first 64 have both colour and shape in common. */
function shapeOf(index: number): string | undefined {
  return SHAPES[(index + 3 * Math.floor(index / COLOURS)) % SHAPES.length];
}

export function Glyph({ index, isHollow = false }: { index: number; isHollow?: boolean }) {
  return (
    <svg class="glyph" viewBox="0 0 16 16" aria-hidden="true">
      <Shape index={index} isHollow={isHollow} />
    </svg>
  );
}

function Shape({ index, isHollow }: { index: number; isHollow: boolean }) {
  const colour = memberColour(index);
  return (
    <path d={shapeOf(index)} fill={isHollow ? "var(--surface)" : colour} stroke={colour} stroke-width="1.5" />
  );
}

/**
 * The circle of positions, clockwise from the top. The band shows who answers for each arc; inside it every member has
 * a lane of its own with its points, so that a member is told by its lane and shape as well as by its colour.
 */
export function RingPicture({
  ring,
  chosen,
  moved,
  label,
  near,
  look,
  room,
}: {
  ring: RingView;
  chosen: number | undefined;
  moved: Moved | undefined;
  label: string;
  /** The place that is looked at from near by; else the whole ring is seen. */
  near: number | undefined;
  look: (near: number | undefined) => void;
  /** What the picture may take, in pixels of a window of common size, each of `unit` pixels of this one. */
  room: { width: number; height: number; unit: number };
}) {
  const { members, places, owners, heirs, keys } = ring;
  const letters = room.width >= 560 ? 15 : room.width >= 420 ? 10 : 7;
  // Beside the circle on either side: room for the names of keys.
  const beside = keys.length > 0 ? letters * NAME.letter + 14 : 4;
  const diameter = Math.max(DIAMETER.least, Math.min(DIAMETER.most, room.width - 2 * beside, room.height));
  const scale = diameter / (2 * CENTRE);
  const margin = beside / scale;
  const [x, y] = point(near ?? 0, NEAR.middle);
  const whole = `${-margin} 0 ${2 * CENTRE + 2 * margin} ${2 * CENTRE}`;
  const closer = diameter / (2 * NEAR.half);
  const hollowType = Math.max(HOLLOW_TYPE.least, HOLLOW_TYPE.px / scale);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the buttons beside it do the same
    <svg
      class={near === undefined ? "ring-picture" : "ring-picture near"}
      viewBox={
        near === undefined ? whole : `${x - NEAR.half} ${y - NEAR.half} ${2 * NEAR.half} ${2 * NEAR.half}`
      }
      style={{ width: `${(diameter + 2 * beside) * room.unit}px`, height: `${diameter * room.unit}px` }}
      onClick={(event) => look(near === undefined ? placeUnder(event) : undefined)}
      role="img"
      aria-label={label}
    >
      <circle class="band" cx={CENTRE} cy={CENTRE} r={BAND} />
      <Points members={members} places={places} owners={owners} heirs={heirs} chosen={chosen} />
      {hollowType <= HOLLOW_TYPE.most && <Hollow members={members} type={hollowType} />}
      {moved && <path class="moved-arcs" d={moved.arcs.map(([from, to]) => arc(from, to, MOVED)).join("")} />}
      {near === undefined
        ? placedNames(keys, NAME.line / scale).map(({ at, y, isRight }) => (
            <Key key={at.key} at={at} y={y} isRight={isRight} letters={letters} type={NAME.type / scale} />
          ))
        : keys.map((at) => <NearKey key={at.key} at={at} type={NAME.type / closer} />)}
    </svg>
  );
}

type PointsProps = Omit<RingView, "keys"> & { chosen: number | undefined };

/** The place on the circle that a click is nearest to. */
function placeUnder({ currentTarget, clientX, clientY }: MouseEvent): number {
  const toPicture = (currentTarget as SVGSVGElement).getScreenCTM()?.inverse();
  const at = new DOMPoint(clientX, clientY).matrixTransform(toPicture);
  const turn = Math.atan2(at.x - CENTRE, CENTRE - at.y) / (2 * Math.PI);
  return Math.round((turn + 1) * CIRCLE) % CIRCLE;
}

/** The arcs and the lanes: thousands of lines in two paths a member, drawn anew only when the ring has changed. */
const Points = memo(({ members, places, owners, heirs, chosen }: PointsProps) => {
  const lane = Math.min(LANES.widest, (LANES.outer - LANES.inner) / Math.max(1, members.length));
  const laneOf = (member: number) => LANES.outer - member * lane;
  const faint = (member: number) => (chosen === undefined || chosen === member ? undefined : "faint");
  return (
    <g class={places.length > POINTS_BOLD_MAX ? "many" : undefined}>
      {members.map(({ id, isAlive }, i) => (
        <g key={id} class={faint(i)} data-node={id} style={{ color: memberColour(i) }}>
          <path class="arcs" d={arcsOf(heirs, places, i)} />
          <circle class={isAlive ? "lane" : "lane dead"} cx={CENTRE} cy={CENTRE} r={laneOf(i)} />
          <path
            class={isAlive ? "points" : "points dead"}
            d={ticksOf(owners, places, i, laneOf(i), lane * 0.62)}
          />
        </g>
      ))}
      {members.length <= BADGES_MAX &&
        members.map(({ id, isAlive }, i) => (
          <g
            key={id}
            class={faint(i)}
            transform={`translate(${CENTRE} ${CENTRE - laneOf(i)}) scale(${Math.min(1, lane / 18)}) translate(-8 -8)`}
          >
            <circle class="badge-ground" cx="8" cy="8" r="10" />
            <Shape index={i} isHollow={!isAlive} />
          </g>
        ))}
    </g>
  );
});

interface Name {
  at: KeyView;
  y: number;
  isRight: boolean;
}

/** The names of keys in a column on either side, in the order of their places, so that no two are on one line. */
function placedNames(keys: KeyView[], line: number): Name[] {
  const names = keys.map(
    (at): Name => ({ at, y: point(at.place, BAND + 30)[1], isRight: at.place < CIRCLE / 2 }),
  );
  return [true, false].flatMap((side) => {
    const column = names.filter(({ isRight }) => isRight === side).toSorted((a, b) => a.y - b.y);
    let free = 14;
    for (const name of column) {
      name.y = Math.max(name.y, free);
      free = name.y + line;
    }
    let limit = 2 * CENTRE - 8;
    for (const name of column.toReversed()) {
      name.y = Math.min(name.y, limit);
      limit = name.y - line;
    }
    return column;
  });
}

/** A key outside the circle, and its way to the arc that it falls into. */
function Key({
  at: { key, owner, place },
  y,
  isRight,
  letters,
  type,
}: Name & { letters: number; type: number }) {
  const [x1, y1] = point(place, BAND - 12);
  const [x2, y2] = point(place, BAND + 30);
  const x = isRight ? 2 * CENTRE + 6 : -6;
  const shown = key.length > letters ? `${key.slice(0, letters - 1)}…` : key;
  return (
    <g class="key" style={owner === undefined ? undefined : { color: memberColour(owner) }}>
      <polyline points={`${x1},${y1} ${x2},${y2} ${x + (isRight ? -4 : 4)},${y}`} />
      <circle cx={x2} cy={y2} r="5" />
      <text x={x} y={y + type / 3} font-size={type} text-anchor={isRight ? "start" : "end"}>
        {shown}
      </text>
    </g>
  );
}

/** A key seen from near by: its name stands right outside the band. */
function NearKey({ at: { key, owner, place }, type }: { at: KeyView; type: number }) {
  const [x, y] = point(place, BAND + 15);
  const [outX, outY] = point(place, BAND + 22);
  const side = (outX - x) / 7;
  const anchor = side > 0.4 ? "start" : side < -0.4 ? "end" : "middle";
  return (
    <g class="key" style={owner === undefined ? undefined : { color: memberColour(owner) }}>
      <circle cx={x} cy={y} r="3" />
      <text x={outX} y={outY + type / 3} font-size={type} text-anchor={anchor}>
        {key.length > 10 ? `${key.slice(0, 9)}…` : key}
      </text>
    </g>
  );
}

/** The members' shares in the hollow of the ring, as long as they fit; else how many members there are. */
function Hollow({ members, type }: { members: MemberView[]; type: number }) {
  if (members.length > HOLLOW_LINES_MAX) {
    return null;
  }
  const top = CENTRE - (members.length * LINE) / 2;
  return (
    <g class="hollow">
      {members.map(({ id, sharePpm, isAlive }, i) => (
        <g key={id} transform={`translate(${CENTRE - 44} ${top + i * LINE})`}>
          <g transform="translate(0 5)">
            <Shape index={i} isHollow={!isAlive} />
          </g>
          <text x="22" y="18" font-size={type}>
            {id.length > 4 ? `${id.slice(0, 3)}…` : id}
          </text>
          <text class="share" x="92" y="18" font-size={type} text-anchor="end">
            {formatNumber(Math.round(sharePpm / 10_000))} %
          </text>
        </g>
      ))}
    </g>
  );
}

/** A member's points across its lane, as one path: thousands of elements would cost every frame more than the picture does. */
function ticksOf(owners: number[], places: number[], member: number, radius: number, length: number): string {
  const parts: string[] = [];
  for (const [i, owner] of owners.entries()) {
    if (owner === member) {
      const place = places[i] ?? 0;
      parts.push(`M${point(place, radius - length / 2)}L${point(place, radius + length / 2)}`);
    }
  }
  return parts.join("");
}

/** The arcs that a member answers for, as one path: an arc ends at its point and begins at the point before. */
function arcsOf(heirs: RingView["heirs"], places: number[], member: number): string {
  const parts: string[] = [];
  for (const [i, heir] of heirs.entries()) {
    if (heir !== member) {
      continue;
    }
    const before = places[(i + places.length - 1) % places.length] ?? 0;
    parts.push(arc(before, places[i] ?? 0, BAND));
  }
  return parts.join("");
}

/** The arc from one place clockwise to another, on a circle of that radius. */
function arc(from: number, to: number, radius: number): string {
  const width = (to - from + CIRCLE) % CIRCLE;
  if (width === 0) {
    const half = point(to + CIRCLE / 2, radius);
    return `M${point(to, radius)}A${radius} ${radius} 0 1 1 ${half}A${radius} ${radius} 0 1 1 ${point(to, radius)}`;
  }
  return `M${point(from, radius)}A${radius} ${radius} 0 ${width > CIRCLE / 2 ? 1 : 0} 1 ${point(to, radius)}`;
}

/** A place on the circle of that radius: x and y, to a hundredth. */
function point(place: number, radius: number): [number, number] {
  const angle = (2 * Math.PI * place) / CIRCLE;
  return [hundredths(CENTRE + radius * Math.sin(angle)), hundredths(CENTRE - radius * Math.cos(angle))];
}

function hundredths(number: number): number {
  return Math.round(number * 100) / 100;
}
