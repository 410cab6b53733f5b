import type { ComponentChildren } from "preact";
import { isStale, run, sheet } from "../lab";
import type { EntryView, NodeView, Pair } from "../wasm/cachedojo";
import { formatNumber, formatTime, words } from "../words";
import { Icon } from "./icons";
import { ScrollBox } from "./scroll-box";

/** What is stored, and what the counters say. */
export function Cache() {
  const { node: text } = words.value;
  const view = run.value.view;
  return (
    <div class={isStale.value ? "card cache stale" : "card cache"}>
      <div class="card-head">
        <h2 id="cache-title">{text.title}</h2>
        {view && (
          <span class="clock" title={text.clock}>
            <Icon name="clock" />
            <span class="hidden">{text.clock}</span> {formatTime(view.clockMs)}
          </span>
        )}
      </div>
      <Counters node={view?.node} />
      <ScrollBox testId="nodes" labelledBy="cache-title">
        {view?.node ? (
          <Node node={view.node} />
        ) : view && view.pairCount > 0 ? (
          <Pairs pairs={view.pairs} count={view.pairCount} />
        ) : (
          <p class="empty">{sheet.value.dialect === "lab" ? text.empty : text.emptyPairs}</p>
        )}
      </ScrollBox>
    </div>
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
    <dl
      class="stats"
      data-testid="stats"
      aria-label={stats.title}
      hidden={!node && sheet.value.dialect !== "lab"}
    >
      {counter(stats.hits, number(node?.stats.hits))}
      {counter(stats.misses, number(node?.stats.misses))}
      {counter(stats.hitRate, rate === undefined ? undefined : `${formatNumber(rate / 10)} %`)}
      {counter(stats.evictions, number(node?.stats.evictions))}
      {counter(stats.expired, number(node?.stats.expired))}
      {counter(stats.entries, number(node?.stats.entries))}
    </dl>
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
        <Bar part={stats.bytes} of={limitBytes} />
        <span>{text.ofBytes(formatNumber(stats.bytes), formatNumber(limitBytes))}</span>
      </div>
      <p class="note">{text.order(policy.toUpperCase())}</p>
      <Table heads={[text.key, text.value, text.bytes, text.reads, text.left]}>
        {entries.map((entry, i) => (
          <Entry key={entry.key} entry={entry} isNext={i === 0} />
        ))}
      </Table>
      {entries.length === 0 && <p class="empty">{text.noEntries}</p>}
      {hidden > 0 && <p class="note">{text.more(formatNumber(hidden))}</p>}
    </>
  );
}

function Entry({ entry, isNext }: { entry: EntryView; isNext: boolean }) {
  const { node: text } = words.value;
  const { key, value, bytes, accessCount, leftMs, spanMs } = entry;
  return (
    <tr class={isNext ? "next" : undefined}>
      <th scope="row">
        <code>{key}</code>
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
      <Table heads={[text.key, text.value, text.left]}>
        {pairs.map(({ key, value, leftMs }) => (
          <tr key={key}>
            <th scope="row">
              <code>{key}</code>
            </th>
            <td class="value">
              <code>{value}</code>
            </td>
            <td class="left">
              <Left ms={leftMs} />
            </td>
          </tr>
        ))}
      </Table>
      {count > pairs.length && <p class="note">{text.more(formatNumber(count - pairs.length))}</p>}
    </>
  );
}

function Table({ heads, children }: { heads: string[]; children: ComponentChildren }) {
  return (
    <table class="table">
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
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
