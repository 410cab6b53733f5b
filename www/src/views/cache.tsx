import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { memo } from "preact/compat";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { run, sheet } from "../lab";
import { countBefore, eventCount, events, hitRatios } from "../log";
import type { EntryView, NodeView, Pair } from "../wasm/cachedojo";
import { formatNumber, formatTime, words } from "../words";
import { Icon } from "./icons";

/** Places of the hit ratio's curve. */
const RATIO_PLACES = 120;
/** Blocks of a memory's picture; what is over is one block. */
const BLOCKS_MAX = 60;
/** Rows of a table that are drawn at first, and each time that one comes to their end. */
const ROWS_AT_ONCE = 40;
/** How high a row is, about. */
const ROW_REM = 2.2;

/** What is stored, in the order in which it will leave, and what the counters say. */
export function Cache() {
  const { node: text } = words.value;
  const view = run.value.view;
  const isEmptyOfAll = !view?.node && !(view && view.pairCount > 0);
  return (
    <section
      class="part cache"
      aria-labelledby="cache-title"
      hidden={isEmptyOfAll && (view?.ring !== undefined || view?.cluster !== undefined)}
    >
      <div class="part-head">
        <h2 id="cache-title">{text.title}</h2>
        {view?.node && <span class="quiet">{text.order(view.node.policy.toUpperCase())}</span>}
      </div>
      <Counters node={view?.node} />
      <div data-testid="nodes">
        {view?.node ? (
          <Node node={view.node} />
        ) : view && view.pairCount > 0 ? (
          <Pairs pairs={view.pairs} count={view.pairCount} />
        ) : (
          <p class="empty">{sheet.value.dialect === "lab" ? text.empty : text.emptyPairs}</p>
        )}
      </div>
    </section>
  );
}

function Counters({ node }: { node: NodeView | undefined }) {
  const { stats } = words.value;
  const reads = node ? node.stats.hits + node.stats.misses : 0;
  const rate = node && reads > 0 ? Math.round((1000 * node.stats.hits) / reads) : undefined;
  const counter = (name: string, value: string | undefined) => (
    <div>
      <dt>{name}</dt>
      <dd>{value ?? stats.none}</dd>
    </div>
  );
  const number = (value: number | undefined) => (value === undefined ? undefined : formatNumber(value));
  return (
    <dl class="stats" data-testid="stats" aria-label={stats.title} hidden={!node}>
      {counter(stats.hits, number(node?.stats.hits))}
      {counter(stats.misses, number(node?.stats.misses))}
      {counter(stats.hitRate, rate === undefined ? undefined : `${formatNumber(rate / 10)} %`)}
      {counter(stats.evictions, number(node?.stats.evictions))}
      {counter(stats.expired, number(node?.stats.expired))}
      {counter(stats.entries, number(node?.stats.entries))}
      <Ratio />
    </dl>
  );
}

/** The hit ratio over the run so far, as a curve; the number beside it says where it is now. */
function Ratio() {
  const { position } = run.value;
  const ratios = eventCount.value > 0 ? hitRatios(position, RATIO_PLACES) : [];
  if (ratios.length < 3) {
    return null;
  }
  const points = ratios.map((ratio, i) => `${(100 * i) / (ratios.length - 1)},${30 - 28 * ratio}`);
  return (
    <div class="ratio">
      <dt>{words.value.stats.overTime}</dt>
      <dd>
        <svg viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true">
          <path class="ratio-ground" d="M0 2H100M0 30H100" />
          <polyline points={points.join(" ")} />
        </svg>
      </dd>
    </div>
  );
}

function Node({ node }: { node: NodeView }) {
  const { node: text } = words.value;
  const { entries, limitBytes, policy, stats } = node;
  const hidden = stats.entries - entries.length;
  return (
    <>
      <div class="memory">
        <span>{text.memory}</span>
        <span>{text.ofBytes(formatNumber(stats.bytes), formatNumber(limitBytes))}</span>
      </div>
      <Memory node={node} />
      <Departures policy={policy} />
      <Table
        heads={[text.key, text.value, text.bytes, text.reads, text.left]}
        rows={entries}
        row={({ key, ...rest }, i) => <Entry key={key} name={key} {...rest} isNext={i === 0} />}
      />
      {entries.length === 0 && <p class="empty">{text.noEntries}</p>}
      {hidden > 0 && <p class="note">{text.more(formatNumber(hidden))}</p>}
    </>
  );
}

/** The memory to scale: who leaves next stands first, what is free last. */
function Memory({ node: { entries, limitBytes, stats } }: { node: NodeView }) {
  const before = run.value.before?.node?.entries;
  const old = useMemo(() => before && new Set(before.map(({ key }) => key)), [before]);
  // One that is too small to be seen would be drawn larger than it is: those are one block.
  const least = limitBytes / 400;
  const shown = entries.filter(({ bytes }) => bytes >= least).slice(0, BLOCKS_MAX);
  const rest = stats.bytes - shown.reduce((sum, { bytes }) => sum + bytes, 0);
  return (
    <div class="blocks" aria-hidden="true">
      {shown.map(({ key, bytes }) => (
        <div
          key={key}
          class={`block${key === entries[0]?.key ? " next" : ""}${old?.has(key) === false ? " new" : ""}`}
          style={{ flexGrow: bytes }}
          title={key}
        >
          {key}
        </div>
      ))}
      {rest > 0 && <div class="block rest" style={{ flexGrow: Math.max(rest, least) }} />}
      {stats.bytes < limitBytes && <div class="block free" style={{ flexGrow: limitBytes - stats.bytes }} />}
    </div>
  );
}

/** Who left at the last command, and why. */
function Departures({ policy }: { policy: string }) {
  const { node: text } = words.value;
  const { position } = run.value;
  const end = eventCount.value > 0 ? countBefore(position) : 0;
  const gone: { key: string; kind: "evicted" | "expired" }[] = [];
  for (let i = end - 1; i >= 0 && events[i]?.step === position - 1; i -= 1) {
    const event = events[i];
    if (event?.kind === "inside" && event.event.kind !== "refused" && event.event.key !== undefined) {
      gone.unshift({ key: event.event.key, kind: event.event.kind });
    }
  }
  return (
    <ul class="departures" aria-label={text.departures}>
      {gone.slice(0, 8).map(({ key, kind }) => (
        <li key={key}>
          <Icon name={kind} />
          <s>{key}</s> {kind === "evicted" ? (text.whyEvicted[policy as "lru"] ?? text.why) : text.whyExpired}
        </li>
      ))}
    </ul>
  );
}

type EntryProps = Omit<EntryView, "key"> & { name: string; isNext: boolean };

/** Takes what it shows one by one, so that an entry that stays as it is is not drawn again. */
function Entry({ name, value, bytes, accessCount, leftMs, spanMs, isNext }: EntryProps) {
  const { node: text } = words.value;
  return (
    <tr class={isNext ? "next" : undefined}>
      <th scope="row">
        <code>{name}</code>
        {isNext && (
          <span class="badge">
            <Icon name="evicted" />
            {text.next}
          </span>
        )}
      </th>
      <td class="value">
        <code>{value}</code>
      </td>
      <td class="number">{formatNumber(bytes)}</td>
      <td class="number">{formatNumber(accessCount)}</td>
      <td class="left">
        <Left ms={leftMs} />
        {leftMs !== undefined && spanMs !== undefined && <Bar part={leftMs} of={spanMs} />}
      </td>
    </tr>
  );
}

function Left({ ms }: { ms: number | undefined }) {
  const { node: text } = words.value;
  if (ms === undefined) {
    return <span class="quiet">{text.forever}</span>;
  }
  return ms === 0 ? <span class="tone-warn">{text.expired}</span> : <span>{formatTime(ms)}</span>;
}

function Pairs({ pairs, count }: { pairs: Pair[]; count: number }) {
  const { node: text } = words.value;
  return (
    <>
      <p class="note">{text.pairs(formatNumber(count))}</p>
      <Table
        heads={[text.key, text.value, text.left]}
        rows={pairs}
        row={({ key, ...rest }) => <PairRow key={key} name={key} {...rest} />}
      />
      {count > pairs.length && <p class="note">{text.more(formatNumber(count - pairs.length))}</p>}
    </>
  );
}

/** As an `Entry`, it takes what it shows one by one. */
const PairRow = memo(({ name, value, leftMs }: Omit<Pair, "key"> & { name: string }) => (
  <tr>
    <th scope="row">
      <code>{name}</code>
    </th>
    <td class="value">
      <code>{value}</code>
    </td>
    <td class="left">
      <Left ms={leftMs} />
    </td>
  </tr>
));

/** A row for each; those far below what is seen are drawn once somebody comes near. */
function Table<T>({
  heads,
  rows,
  row,
}: {
  heads: string[];
  rows: readonly T[];
  row: (of: T, index: number) => ComponentChildren;
}) {
  const drawn = useSignal(ROWS_AT_ONCE);
  const rest = rows.length - drawn.value;
  return (
    <table class="table" aria-rowcount={rest > 0 ? rows.length + 1 : undefined}>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{rows.slice(0, drawn.value).map(row)}</tbody>
      {rest > 0 && (
        <Rest
          key={drawn.value}
          rows={rest}
          columns={heads.length}
          meet={() => {
            drawn.value += ROWS_AT_ONCE;
          }}
        />
      )}
    </table>
  );
}

/** The room of the rows that are not drawn; `meet` is called once it comes into sight. */
function Rest({ rows, columns, meet }: { rows: number; columns: number; meet: () => void }) {
  const room = useRef<HTMLTableSectionElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver((seen) => {
      if (seen.some(({ isIntersecting }) => isIntersecting)) {
        meet();
      }
    });
    if (room.current) {
      observer.observe(room.current);
    }
    return () => observer.disconnect();
  }, []);
  return (
    <tbody ref={room} aria-hidden="true">
      <tr>
        <td colSpan={columns} style={{ height: `${rows * ROW_REM}rem` }} />
      </tr>
    </tbody>
  );
}

/** A part of a whole, as a bar; the number stands beside it. */
export function Bar({ part, of, tone }: { part: number; of: number; tone?: string }) {
  const width = of === 0 ? 0 : Math.min(100, (100 * part) / of);
  return (
    <span class="bar" aria-hidden="true">
      <span style={{ width: `${width}%`, background: tone }} />
    </span>
  );
}
