import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ClusterView } from "../engine/event";
import { insertCommand, run } from "../lab";
import { eventCount, type Message, messagesOf } from "../log";
import { formatNumber, formatTime, words } from "../words";
import { Icon, type IconName } from "./icons";
import { clipped, places } from "./labels";
import { Glyph, memberColour } from "./ring-picture";

/** Keys of a node that are shown; the count says how many there are. */
const KEYS_MAX = 8;
/** Messages of one command that are drawn: more cross each other until nobody sees anything. */
const MESSAGES_MAX = 80;

/** The simulated cluster: each node with what it holds, and the messages that the last command sent. */
export function Cluster() {
  const { cluster: text } = words.value;
  const json = run.value.view?.cluster;
  const view = useMemo<ClusterView | undefined>(() => (json ? JSON.parse(json) : undefined), [json]);
  if (!view) {
    return null;
  }
  return (
    <>
      <section class="part cluster" data-testid="cluster" aria-labelledby="cluster-title">
        <div class="part-head">
          <h2 id="cluster-title">{text.title}</h2>
          <span class="quiet">{formatTime(Math.floor(view.nowUs / 1000))}</span>
        </div>
        <ul class="nodes">
          {view.nodes.map((node, i) => (
            <Node key={node.id} node={node} index={i} />
          ))}
        </ul>
      </section>
      <Messages view={view} />
    </>
  );
}

/** The button of a node that was pressed last, until its command has been obeyed. The whole picture may be drawn anew meanwhile. */
let pressed: { id: string; command: string; at: number } | undefined;

function Node({ node, index }: { node: ClusterView["nodes"][number]; index: number }) {
  const { cluster: text } = words.value;
  const { id, status, role, term, epoch, isWhole, keys, hints, memory, wallShiftUs, unheardBy } = node;
  const isUp = status === "up";
  const buttons = useRef<HTMLDivElement>(null);
  const acts: [IconName, string, string][] = isUp
    ? [
        ["bolt", text.kill, `kill ${id}`],
        ["pause", text.pause, `pause ${id}`],
        ["clock", text.skew, `skew ${id} ${further(wallShiftUs)}`],
      ]
    : [
        [
          "run",
          status === "paused" ? text.resume : text.restart,
          `${status === "paused" ? "resume" : "restart"} ${id}`,
        ],
      ];
  useEffect(() => {
    if (pressed?.id !== id || acts.some(([, , command]) => command === pressed?.command)) {
      return;
    }
    // The button that was pressed has given way to another: a keyboard goes on there.
    const now = buttons.current?.querySelectorAll("button");
    if (document.activeElement === document.body) {
      (now?.[pressed.at] ?? now?.[0])?.focus({ preventScroll: true });
    }
    pressed = undefined;
  });
  return (
    <li class={`node ${status}`} data-node={id} data-status={status}>
      <p class="node-name">
        <Glyph index={index} isHollow={!isUp} />
        <strong>{id}</strong>
        <span class={isUp ? "quiet" : "tone-bad"}>{text.status[status]}</span>
        {role === "leader" && <span class="badge">{text.leader(term)}</span>}
        {wallShiftUs !== 0 && <SkewedClock shiftUs={wallShiftUs} />}
      </p>
      <p class="quiet">
        {text.epoch(epoch)}
        {isUp && !isWhole ? ` · ${text.behind}` : ""}
        {memory ? ` · ${text.memory(formatNumber(memory.used), formatNumber(memory.limit))}` : ""}
        {memory && memory.evicted > 0 ? ` · ${text.evicted(memory.evicted)}` : ""}
        {hints > 0 ? ` · ${text.hints(hints)}` : ""}
        {unheardBy.length > 0 ? ` · ${text.cutOff(unheardBy.join(" "))}` : ""}
        {wallShiftUs !== 0 ? ` · ${text.shift(formatNumber(wallShiftUs / 1_000_000))}` : ""}
      </p>
      <ul class="held">
        {keys.slice(0, KEYS_MAX).map(({ key, value, version }) => (
          <li key={key} title={version}>
            <code>{key}</code>{" "}
            {value === undefined || value === null ? <s>{text.tombstone}</s> : <code>{value}</code>}
          </li>
        ))}
        {keys.length > KEYS_MAX && (
          <li class="quiet">{words.value.node.more(formatNumber(keys.length - KEYS_MAX))}</li>
        )}
      </ul>
      {status !== "left" && (
        <div class="node-acts" ref={buttons}>
          {acts.map(([icon, label, command], at) => (
            <button
              key={command}
              type="button"
              class="button small"
              title={command}
              data-command={command}
              onClick={() => {
                pressed = { id, command, at };
                insertCommand(command);
              }}
            >
              <Icon name={icon} />
              {label}
            </button>
          ))}
        </div>
      )}
    </li>
  );
}

/** Ten seconds more than a clock is off already: a script says by how much it is off in all. */
function further(shiftUs: number): string {
  const seconds = shiftUs / 1_000_000 + 10;
  return `${seconds < 0 ? "" : "+"}${seconds}s`;
}

/** Two hands: the hollow one is right, the other is this node's. A minute off is a whole turn; the words have the seconds. */
function SkewedClock({ shiftUs }: { shiftUs: number }) {
  const off = Math.max(-300, Math.min(300, (shiftUs / 60_000_000) * 360));
  const angle = off + (off > 0 ? 15 : -15);
  return (
    <svg class="skewed" viewBox="-10 -10 20 20" aria-hidden="true" data-testid="skewed">
      <circle r="8.6" />
      <line class="right" y2="-6" />
      <line y2="-6" transform={`rotate(${angle.toFixed(1)})`} />
    </svg>
  );
}

/** Who told whom what, and when: a column for each node, time downwards. The list below says the same in words. */
function Messages({ view }: { view: ClusterView }) {
  const { cluster: text } = words.value;
  const { position } = run.value;
  const count = eventCount.value;
  const messages = useMemo(
    () => (position > 0 ? messagesOf(position - 1, MESSAGES_MAX) : []),
    // What was told grows in place, and `count` with it.
    [position, count],
  );
  const chosen = useSignal<Message | undefined>(undefined);
  const told = messages.find((message) => message === chosen.value);
  const choose = (message: Message) => {
    chosen.value = message === told ? undefined : message;
  };
  return (
    <section class="part messages" data-testid="messages" aria-labelledby="messages-title">
      <div class="part-head">
        <h2 id="messages-title">{text.messages}</h2>
        <span class="quiet">{text.messageCount(messages.length)}</span>
      </div>
      {messages.length === 0 ? (
        <p class="note">{text.noMessages}</p>
      ) : (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard */}
          <section class="sideways" tabIndex={0} aria-label={text.picture}>
            <SpaceTime nodes={view.nodes} messages={messages} chosen={told} choose={choose} />
          </section>
          <p class="note told" role="status" data-testid="message">
            {told ? inWords(told) : text.choose}
          </p>
          <details class="note">
            <summary>{text.inWords}</summary>
            <ol>
              {messages.map((message, i) => (
                <li key={`${i}`} aria-current={message === told ? "true" : undefined}>
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

function inWords({ from, to, name, sentUs, receivedUs }: Message): string {
  const { cluster: text } = words.value;
  const ms = (us: number) => formatNumber(us / 1000);
  return receivedUs === undefined || receivedUs === null
    ? text.lost(from, to, name, ms(sentUs))
    : text.message(from, to, name, ms(sentUs), ms(receivedUs));
}

/** A column for each node, of which there are at least so many: in a picture's units, which are about pixels. */
const COLUMN = 120;
const COLUMNS_MIN = 3.2;
const TOP = 34;
const ROW = 15;
/** How far from whom it was meant for a message is lost that no wall stops. */
const SHORT = 12;

/** Times are drawn in their order, not to scale: a quorum's answers of a microsecond's difference stay apart. */
function SpaceTime({
  nodes,
  messages,
  chosen,
  choose,
}: {
  nodes: ClusterView["nodes"];
  messages: Message[];
  chosen: Message | undefined;
  choose: (message: Message) => void;
}) {
  const ids = nodes.map(({ id }) => id);
  const ends = ids.concat(
    [...new Set(messages.flatMap(({ from, to }) => [from, to]))].filter((id) => !ids.includes(id)),
  );
  const times = [
    ...new Set(messages.flatMap(({ sentUs, receivedUs }) => (receivedUs ? [sentUs, receivedUs] : [sentUs]))),
  ].toSorted((a, b) => a - b);
  const rank = new Map(times.map((time, i) => [time, i]));
  const y = (us: number) => TOP + 10 + (rank.get(us) ?? 0) * ROW;
  const width = COLUMN * Math.max(COLUMNS_MIN, ends.length);
  const x = (id: string) => ((ends.indexOf(id) + 0.5) * width) / ends.length;
  const height = y(times.at(-1) ?? 0) + 18;
  const walls = nodes.slice(1).flatMap(({ id, unheardBy }, i) => {
    const before = ids[i] ?? "";
    return unheardBy.includes(before) ? [(x(before) + x(id)) / 2] : [];
  });
  const lines = messages.map(({ from, to, name, sentUs, receivedUs }) => {
    const [x1, y1] = [x(from), y(sentUs)];
    if (receivedUs !== undefined && receivedUs !== null) {
      return { x1, y1, x2: x(to), y2: y(receivedUs), name, isLost: false };
    }
    const x2 = lostAt(x1, x(to), walls);
    const y2 = y1 + (ROW * (x2 - x1)) / (x(to) - x1 || 1);
    return { x1, y1, x2, y2, name, isLost: true };
  });
  const names = places(lines, walls, width);
  return (
    <svg
      class="space-time"
      viewBox={`0 0 ${width} ${height}`}
      style={{ minWidth: `${0.7 * width}px`, maxWidth: `${1.25 * width}px` }}
      role="img"
      aria-label={words.value.cluster.picture}
    >
      {ends.map((id, i) => (
        <g key={id} style={{ color: memberColour(i) }}>
          <title>{id}</title>
          <text x={x(id)} y={18} text-anchor="middle">
            {clipped(id, width / ends.length)}
          </text>
          <line class="life" x1={x(id)} y1={TOP - 6} x2={x(id)} y2={height - 4} />
        </g>
      ))}
      {walls.map((wall) => (
        <line key={wall} class="wall" x1={wall} y1={TOP - 6} x2={wall} y2={height - 4} />
      ))}
      {messages.map((message, i) => {
        const { x1 = 0, y1 = 0, x2 = 0, y2 = 0, name = "", isLost = false } = lines[i] ?? {};
        const place = names[i];
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the list below has a button for each of them
          <g
            key={`${i}`}
            class={`message${isLost ? " lost" : ""}${message === chosen ? " chosen" : ""}`}
            style={{ color: memberColour(ends.indexOf(message.from)) }}
            onClick={() => choose(message)}
          >
            <title>{inWords(message)}</title>
            <line class="grip" x1={x1} y1={y1} x2={x2} y2={y2} />
            <line x1={x1} y1={y1} x2={x2} y2={y2} />
            {isLost ? <path d={`M${x2 - 4} ${y2 - 4}l8 8m0-8l-8 8`} /> : <circle cx={x2} cy={y2} r="3" />}
            {place && (
              <text x={place.x} y={place.y} text-anchor="middle">
                {name}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** Where a message from one column to another was lost: at the first wall in its way, else just before whom it was for. */
function lostAt(from: number, to: number, walls: number[]): number {
  const between = walls.filter((wall) => (wall - from) * (wall - to) < 0);
  const [first] = between.toSorted((a, b) => Math.abs(a - from) - Math.abs(b - from));
  return first ?? to - Math.sign(to - from) * SHORT;
}
