import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ClusterView } from "../engine/event";
import { insertCommand, run } from "../lab";
import { formatNumber, formatShift, formatTime, words } from "../words";
import { Icon, type IconName } from "./icons";
import { Messages } from "./messages";
import { Glyph } from "./ring-picture";
import { asWritten } from "./written";

/** Keys of a node that are shown; the count says how many there are. */
const KEYS_MAX = 8;

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
        <Rules network={view.network} />
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

/** What the network does with messages besides the cuts, which are told at the nodes. */
function Rules({ network: { drop, duplicate, reorderUs, delays } }: { network: ClusterView["network"] }) {
  const { cluster: text } = words.value;
  const percent = (permille: number) => formatNumber(permille / 10);
  const time = (us: number) => formatTime(us / 1000);
  const rules = [
    ...delays.map(({ from, to, byUs }) => text.delayed(from, to, time(byUs))),
    ...(drop > 0 ? [text.dropped(percent(drop))] : []),
    ...(duplicate > 0 ? [text.duplicated(percent(duplicate))] : []),
    ...(reorderUs > 0 ? [text.reordered(time(reorderUs))] : []),
  ];
  return rules.length === 0 ? null : (
    <p class="rules" data-testid="network">
      <Icon name="bolt" /> {text.rules} {rules.join(" · ")}
    </p>
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
        {wallShiftUs !== 0 ? ` · ${text.shift(formatShift(wallShiftUs / 1000))}` : ""}
      </p>
      <ul class="held">
        {keys.slice(0, KEYS_MAX).map(({ key, value, version }) => (
          <li key={key} title={version}>
            <code>{asWritten(key)}</code>{" "}
            {value === undefined || value === null ? (
              <s>{text.tombstone}</s>
            ) : (
              <>
                = <code>{asWritten(value)}</code>
              </>
            )}
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
              <span class="label">{label}</span>
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
