import { memo } from "preact/compat";
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
const BAND = 172;
const LANES = { outer: 152, inner: 78, widest: 22 };
const BADGES_MAX = 10;
const HOLLOW_LINES_MAX = 4;
const LINE = 26;
/** Half the width of a letter of a key. */
const LETTER_HALF = 4;
const CIRCLE = 2 ** 32;

/** The colour of a member, by its place in the order of ids. */
export function memberColour(index: number): string {
  return `var(--member-${index % COLOURS})`;
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
    <path
      d={SHAPES[index % SHAPES.length]}
      fill={isHollow ? "var(--surface)" : colour}
      stroke={colour}
      stroke-width="1.5"
    />
  );
}

/**
 * The circle of positions, clockwise from the top. The band shows who answers for each arc; inside it every member has
 * a lane of its own with its points, so that a member is told by its lane and shape as well as by its colour.
 */
export function RingPicture({
  ring,
  chosen,
  label,
}: {
  ring: RingView;
  chosen: number | undefined;
  label: string;
}) {
  const { members, places, owners, heirs, keys } = ring;
  return (
    <svg class="ring-picture" viewBox="0 0 440 440" role="img" aria-label={label}>
      <circle class="band" cx={CENTRE} cy={CENTRE} r={BAND} />
      <Points members={members} places={places} owners={owners} heirs={heirs} chosen={chosen} />
      <Hollow members={members} />
      {keys.map((key) => (
        <Key key={key.key} at={key} />
      ))}
    </svg>
  );
}

type PointsProps = Omit<RingView, "keys"> & { chosen: number | undefined };

/** The arcs and the lanes: thousands of lines, drawn anew only when the ring has changed. */
const Points = memo(({ members, places, owners, heirs, chosen }: PointsProps) => {
  const lane = Math.min(LANES.widest, (LANES.outer - LANES.inner) / Math.max(1, members.length));
  const laneOf = (member: number) => LANES.outer - member * lane;
  const faint = (member: number) => (chosen === undefined || chosen === member ? undefined : "faint");
  return (
    <>
      {members.map(({ id, isAlive }, i) => (
        <g key={id} class={faint(i)} data-node={id} style={{ color: memberColour(i) }}>
          <path class="arcs" d={arcsOf(heirs, places, i)} />
          <circle class={isAlive ? "lane" : "lane dead"} cx={CENTRE} cy={CENTRE} r={laneOf(i)} />
          {places.map(
            (place, point) =>
              owners[point] === i && (
                <Tick key={point} place={place} radius={laneOf(i)} length={lane * 0.62} isAlive={isAlive} />
              ),
          )}
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
    </>
  );
});

interface TickProps {
  place: number;
  radius: number;
  length: number;
  isAlive: boolean;
}

function Tick({ place, radius, length, isAlive }: TickProps) {
  const [x1, y1] = point(place, radius - length / 2);
  const [x2, y2] = point(place, radius + length / 2);
  return <line class={isAlive ? "point" : "point dead"} x1={x1} y1={y1} x2={x2} y2={y2} />;
}

/** A key outside the circle, and its way to the arc that it falls into. */
function Key({ at: { key, owner, place } }: { at: KeyView }) {
  const [x1, y1] = point(place, BAND - 8);
  const [x2, y2] = point(place, BAND + 22);
  const shown = key.length > 14 ? `${key.slice(0, 13)}…` : key;
  // The name stays inside the picture, outward of its dot.
  const half = shown.length * LETTER_HALF;
  const x = Math.min(Math.max(x2, half), 2 * CENTRE - half);
  const y = y2 + (y2 < CENTRE ? -10 : 20);
  return (
    <g class="key" style={owner === undefined ? undefined : { color: memberColour(owner) }}>
      <line x1={x1} y1={y1} x2={x2} y2={y2} />
      <circle cx={x2} cy={y2} r="5" />
      <text x={x} y={y} text-anchor="middle">
        {shown}
      </text>
    </g>
  );
}

/** The members' shares in the hollow of the ring, as long as they fit; else how many members there are. */
function Hollow({ members }: { members: MemberView[] }) {
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
          <text x="22" y="18">
            {id.length > 4 ? `${id.slice(0, 3)}…` : id}
          </text>
          <text class="share" x="88" y="18" text-anchor="end">
            {formatNumber(Math.round(sharePpm / 10_000))} %
          </text>
        </g>
      ))}
    </g>
  );
}

/** The arcs that a member answers for, as one path: an arc ends at its point and begins at the point before. */
function arcsOf(heirs: RingView["heirs"], places: number[], member: number): string {
  const parts: string[] = [];
  for (const [i, heir] of heirs.entries()) {
    if (heir !== member) {
      continue;
    }
    const before = places[(i + places.length - 1) % places.length] ?? 0;
    const here = places[i] ?? 0;
    const width = (here - before + CIRCLE) % CIRCLE;
    if (places.length === 1 || width === 0) {
      parts.push(`M${point(here, BAND)}A${BAND} ${BAND} 0 1 1 ${point(here + CIRCLE / 2, BAND)}`);
      parts.push(`A${BAND} ${BAND} 0 1 1 ${point(here, BAND)}`);
      continue;
    }
    parts.push(
      `M${point(before, BAND)}A${BAND} ${BAND} 0 ${width > CIRCLE / 2 ? 1 : 0} 1 ${point(here, BAND)}`,
    );
  }
  return parts.join("");
}

/** A place on the circle of that radius: x and y, to a hundredth. */
function point(place: number, radius: number): [number, number] {
  const angle = (2 * Math.PI * place) / CIRCLE;
  return [hundredths(CENTRE + radius * Math.sin(angle)), hundredths(CENTRE - radius * Math.cos(angle))];
}

function hundredths(number: number): number {
  return Math.round(number * 100) / 100;
}
