/** Who told whom what, and when, while a command ran: as a picture, and in words. */
import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import type { ClusterView } from "../engine/event";
import { run } from "../lab";
import { askedOf, eventCount, type Message, messagesOf } from "../log";
import { formatTime, words } from "../words";
import { clipped, places } from "./labels";
import { useUnits } from "./measured";
import { memberColour } from "./ring-picture";

/** Messages of one command that are drawn: more cross each other until nobody sees anything. */
const MESSAGES_MAX = 80;
/** Messages of one command that are looked through for those. */
const SOUGHT_MAX = 2_000;

/** With which the key of an invalidation begins. */
const SWEEP = "\u0001";

/** A message as it is drawn: one that came, one that was lost, one that is under way. */
interface Shown extends Omit<Message, "sort"> {
  state: "received" | "lost" | "underWay" | "waiting";
  /** Whether it is of another operation than the command's own. */
  isForeign: boolean;
}

/** A column for each node, time downwards. The list below says the same in words. */
export function Messages({ view }: { view: ClusterView }) {
  const { cluster: text } = words.value;
  const { position } = run.value;
  const count = eventCount.value;
  const { shown, leftOut } = useMemo(
    () => messagesAt(position, view),
    // What was told grows in place, and `count` with it.
    [position, count, view],
  );
  const chosen = useSignal<Shown | undefined>(undefined);
  const told = shown.find((message) => message === chosen.value);
  const choose = (message: Shown) => {
    chosen.value = message === told ? undefined : message;
  };
  const of = (holds: (message: Shown) => boolean) => shown.filter(holds).length;
  const [underWay, foreign] = [of(isUnderWay), of(({ isForeign }) => isForeign)];
  return (
    <section class="part messages" data-testid="messages" aria-labelledby="messages-title">
      <div class="part-head">
        <h2 id="messages-title">{text.messages}</h2>
        <span class="quiet">
          {text.messageCount(shown.length + leftOut)}
          {underWay > 0 && `, ${text.underWayCount(underWay)}`}
          {foreign > 0 && `, ${text.foreignCount(foreign)}`}
          {leftOut > 0 && `, ${text.leftOut(leftOut)}`}
        </span>
      </div>
      {shown.length === 0 ? (
        <p class="note">{text.noMessages}</p>
      ) : (
        <>
          <SpaceTime nodes={view.nodes} messages={shown} chosen={told} choose={choose} />
          <p class="note told" role="status" data-testid="message">
            {told ? inWords(told) : text.choose}
          </p>
          <details class="note">
            <summary>{text.inWords}</summary>
            <ol>
              {shown.map((message, i) => (
                <li
                  key={`${i}`}
                  class={message.isForeign ? "foreign" : undefined}
                  aria-current={message === told ? "true" : undefined}
                >
                  <button
                    type="button"
                    class="link-button"
                    aria-pressed={message === told}
                    onClick={() => choose(message)}
                  >
                    {inWords(message)}
                  </button>
                </li>
              ))}
            </ol>
          </details>
        </>
      )}
    </section>
  );
}

function isUnderWay({ state }: Shown): boolean {
  return state === "underWay" || state === "waiting";
}

/** What the last command's time saw of messages. Where they are too many, its own go before others'. */
function messagesAt(position: number, view: ClusterView): { shown: Shown[]; leftOut: number } {
  if (position === 0) {
    return { shown: [], leftOut: 0 };
  }
  const asked = askedOf(position - 1);
  const isForeign = ({ key, sentUs }: Pick<Message, "key" | "sentUs">) =>
    asked !== undefined && (plain(key) !== asked.key || sentUs < asked.atUs);
  const ended = messagesOf(position - 1, SOUGHT_MAX).map((message): Shown => {
    const isLost = message.receivedUs === undefined || message.receivedUs === null;
    return { ...message, state: isLost ? "lost" : "received", isForeign: isForeign(message) };
  });
  const started = view.messages.map(
    ({ dueUs, ...message }): Shown => ({
      ...message,
      receivedUs: null,
      state: dueUs === null ? "waiting" : "underWay",
      isForeign: isForeign(message),
    }),
  );
  const all = [...ended, ...started];
  const own = new Set(all.filter((message) => !message.isForeign).slice(0, MESSAGES_MAX));
  const others = all.filter((message) => message.isForeign).slice(0, MESSAGES_MAX - own.size);
  const drawn = new Set([...own, ...others]);
  return { shown: all.filter((message) => drawn.has(message)), leftOut: all.length - drawn.size };
}

/** A key without the mark that an invalidation's has. */
function plain(key: string | null): string | null {
  return key?.startsWith(SWEEP) ? key.slice(1) : key;
}

function inWords({ from, to, name, key, carries, sentUs, receivedUs, state }: Shown): string {
  const { cluster: text } = words.value;
  const about = [name, plain(key)].filter(Boolean).join(" ");
  const record = carries?.isTombstone
    ? ` (${text.tombstone})`
    : carries?.value === undefined
      ? ""
      : ` = ${carries.value}`;
  const version = carries ? `, ${text.version(carries.version)}` : "";
  const what = text.message(from, to, `${about}${record}${version}`);
  const sent = formatTime(sentUs / 1000);
  switch (state) {
    case "received":
      return text.received(what, sent, formatTime(((receivedUs ?? 0) - sentUs) / 1000));
    case "lost":
      return text.lost(what, sent);
    case "underWay":
      return text.underWay(what, sent);
    case "waiting":
      return text.waiting(what, sent, to);
  }
}

/** From one column to the next, in the picture's units, which are pixels of a window of common size. */
const COLUMN = { least: 62, most: 190 };
const TOP = 34;
const ROW = 16;
/** How far from whom it was meant for a message is lost that no wall stops. */
const SHORT = 12;
/** How much of the last column's width a message under way is drawn to have before it. */
const TO_GO = 0.35;
/** How long an arrow's head is, and half as wide as that. */
const HEAD = 8;

/** Times are drawn in their order, not to scale: a quorum's answers of a microsecond's difference stay apart. */
function SpaceTime({
  nodes,
  messages,
  chosen,
  choose,
}: {
  nodes: ClusterView["nodes"];
  messages: Shown[];
  chosen: Shown | undefined;
  choose: (message: Shown) => void;
}) {
  const box = useRef<HTMLElement>(null);
  const room = useUnits(box);
  const ids = nodes.map(({ id }) => id);
  const ends = ids.concat(
    [...new Set(messages.flatMap(({ from, to }) => [from, to]))].filter((id) => !ids.includes(id)),
  );
  const times = [
    ...new Set(messages.flatMap(({ sentUs, receivedUs }) => (receivedUs ? [sentUs, receivedUs] : [sentUs]))),
  ].toSorted((a, b) => a - b);
  const rank = new Map(times.map((time, i) => [time, i]));
  const y = (us: number) => TOP + 10 + (rank.get(us) ?? 0) * ROW;
  const column = Math.min(COLUMN.most, Math.max(COLUMN.least, room.width / ends.length));
  const width = column * ends.length;
  const x = (id: string) => (ends.indexOf(id) + 0.5) * column;
  const height = y(times.at(-1) ?? 0) + 2 * ROW;
  const walls = nodes.slice(1).flatMap(({ id, unheardBy }, i) => {
    const before = ids[i] ?? "";
    return unheardBy.includes(before) ? [(x(before) + x(id)) / 2] : [];
  });
  const lines = messages.map((message) => {
    const { from, to, name, sentUs, receivedUs, state } = message;
    const [x1, y1] = [x(from), y(sentUs)];
    if (state === "received") {
      return { x1, y1, x2: x(to), y2: y(receivedUs ?? 0), name };
    }
    const x2 = state === "lost" ? lostAt(x1, x(to), walls) : x(to) - Math.sign(x(to) - x1) * TO_GO * column;
    // It never gets there, so its end does not say to whom it was sent.
    return { x1, y1, x2, y2: y1 + (ROW * (x2 - x1)) / (x(to) - x1 || 1), name: `${name} → ${to}` };
  });
  const names = places(lines, walls, width);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard
    <section class="sideways" ref={box} tabIndex={0} aria-label={words.value.cluster.picture}>
      <svg
        class="space-time"
        viewBox={`0 0 ${width} ${height}`}
        style={{ width: `${width * room.unit}px`, height: `${height * room.unit}px` }}
        role="img"
        aria-label={words.value.cluster.picture}
      >
        {ends.map((id, i) => (
          <g key={id} style={{ color: memberColour(i) }}>
            <title>{id}</title>
            <text x={x(id)} y={18} text-anchor="middle">
              {clipped(id, column)}
            </text>
            <line class="life" x1={x(id)} y1={TOP - 6} x2={x(id)} y2={height - 4} />
          </g>
        ))}
        {walls.map((wall) => (
          <line key={wall} class="wall" x1={wall} y1={TOP - 6} x2={wall} y2={height - 4} />
        ))}
        {messages.map((message, i) => {
          const { x1 = 0, y1 = 0, x2 = 0, y2 = 0 } = lines[i] ?? {};
          return (
            // biome-ignore lint/a11y/noStaticElementInteractions: the list below has a button for each of them
            <g
              key={`${i}`}
              class={classOf(message, chosen)}
              style={{ color: memberColour(ends.indexOf(message.from)) }}
              onClick={() => choose(message)}
            >
              <title>{inWords(message)}</title>
              <line class="grip" x1={x1} y1={y1} x2={x2} y2={y2} />
              <line x1={x1} y1={y1} x2={x2} y2={y2} />
              {message.state === "lost" ? (
                <path class="cross" d={`M${x2 - 4} ${y2 - 4}l8 8m0-8l-8 8`} />
              ) : (
                <path class="head" d={head(x1, y1, x2, y2)} />
              )}
            </g>
          );
        })}
        {/* On top of all lines, so that none goes through a name. */}
        {messages.map((message, i) => {
          const place = names[i];
          return (
            place && (
              <text
                key={`${i}`}
                class={`message-name${message === chosen ? " chosen" : ""}${message.isForeign ? " foreign" : ""}`}
                x={place.x}
                y={place.y}
                text-anchor="middle"
              >
                {lines[i]?.name}
              </text>
            )
          );
        })}
      </svg>
    </section>
  );
}

function classOf(message: Shown, chosen: Shown | undefined): string {
  const state = isUnderWay(message) ? "under-way" : message.state;
  return `message ${state}${message === chosen ? " chosen" : ""}${message.isForeign ? " foreign" : ""}`;
}

/** The head of an arrow that ends at the second point: its two sides from there. */
function head(x1: number, y1: number, x2: number, y2: number): string {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const [along, across] = [(x2 - x1) / length, (y2 - y1) / length];
  const side = (by: number) =>
    `${(x2 - HEAD * along + by * across).toFixed(1)} ${(y2 - HEAD * across - by * along).toFixed(1)}`;
  return `M${side(HEAD / 2)}L${x2.toFixed(1)} ${y2.toFixed(1)}L${side(-HEAD / 2)}`;
}

/** Where a message from one column to another was lost: at the first wall in its way, else just before whom it was for. */
function lostAt(from: number, to: number, walls: number[]): number {
  const between = walls.filter((wall) => (wall - from) * (wall - to) < 0);
  const [first] = between.toSorted((a, b) => Math.abs(a - from) - Math.abs(b - from));
  return first ?? to - Math.sign(to - from) * SHORT;
}
