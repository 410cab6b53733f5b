import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { run, sheet } from "../lab";
import { countBefore, eventCount, events, hitRatios } from "../log";
import { formatNumber, formatTime, words } from "../words";
import { Icon } from "./icons";

/** Places of the hit ratio's curve. */
const RATIO_PLACES = 120;
/** Blocks of a memory's picture; what is over is one block. */
const BLOCKS_MAX = 60;
/** What is stored, in the order in which it will leave, and what the counters say. */
export function Cache() {
  const { node: text } = words.value;
  const view = run.value.view;
  const isEmptyOfAll = !view?.node && !(view && view.pairCount > 0);
  return _jsxs("section", {
    class: "part cache",
    "aria-labelledby": "cache-title",
    hidden: isEmptyOfAll && (view?.ring !== undefined || view?.cluster !== undefined),
    children: [
      _jsxs("div", {
        class: "part-head",
        children: [
          _jsx("h2", { id: "cache-title", children: text.title }),
          view?.node &&
            _jsx("span", { class: "quiet", children: text.order(view.node.policy.toUpperCase()) }),
        ],
      }),
      _jsx(Counters, { node: view?.node }),
      _jsx("div", {
        "data-testid": "nodes",
        children: view?.node
          ? _jsx(Node, { node: view.node })
          : view && view.pairCount > 0
            ? _jsx(Pairs, { pairs: view.pairs, count: view.pairCount })
            : _jsx("p", {
                class: "empty",
                children: sheet.value.dialect === "lab" ? text.empty : text.emptyPairs,
              }),
      }),
    ],
  });
}
function Counters({ node }) {
  const { stats } = words.value;
  const reads = node ? node.stats.hits + node.stats.misses : 0;
  const rate = node && reads > 0 ? Math.round((1000 * node.stats.hits) / reads) : undefined;
  const counter = (name, value) =>
    _jsxs("div", {
      children: [_jsx("dt", { children: name }), _jsx("dd", { children: value ?? stats.none })],
    });
  const number = (value) => (value === undefined ? undefined : formatNumber(value));
  return _jsxs("dl", {
    class: "stats",
    "data-testid": "stats",
    "aria-label": stats.title,
    hidden: !node,
    children: [
      counter(stats.hits, number(node?.stats.hits)),
      counter(stats.misses, number(node?.stats.misses)),
      counter(stats.hitRate, rate === undefined ? undefined : `${formatNumber(rate / 10)} %`),
      counter(stats.evictions, number(node?.stats.evictions)),
      counter(stats.expired, number(node?.stats.expired)),
      counter(stats.entries, number(node?.stats.entries)),
      _jsx(Ratio, {}),
    ],
  });
}
/** The hit ratio over the run so far, as a curve; the number beside it says where it is now. */
function Ratio() {
  const { position } = run.value;
  const ratios = eventCount.value > 0 ? hitRatios(position, RATIO_PLACES) : [];
  if (ratios.length < 3) {
    return null;
  }
  const points = ratios.map((ratio, i) => `${(100 * i) / (ratios.length - 1)},${30 - 28 * ratio}`);
  return _jsxs("div", {
    class: "ratio",
    children: [
      _jsx("dt", { children: words.value.stats.overTime }),
      _jsx("dd", {
        children: _jsxs("svg", {
          viewBox: "0 0 100 32",
          preserveAspectRatio: "none",
          "aria-hidden": "true",
          children: [
            _jsx("path", { class: "ratio-ground", d: "M0 2H100M0 30H100" }),
            _jsx("polyline", { points: points.join(" ") }),
          ],
        }),
      }),
    ],
  });
}
function Node({ node }) {
  const { node: text } = words.value;
  const { entries, limitBytes, policy, stats } = node;
  const hidden = stats.entries - entries.length;
  return _jsxs(_Fragment, {
    children: [
      _jsxs("div", {
        class: "memory",
        children: [
          _jsx("span", { children: text.memory }),
          _jsx("span", { children: text.ofBytes(formatNumber(stats.bytes), formatNumber(limitBytes)) }),
        ],
      }),
      _jsx(Memory, { node: node }),
      _jsx(Departures, { policy: policy }),
      _jsx(Table, {
        heads: [text.key, text.value, text.bytes, text.reads, text.left],
        children: entries.map((entry, i) => _jsx(Entry, { entry: entry, isNext: i === 0 }, entry.key)),
      }),
      entries.length === 0 && _jsx("p", { class: "empty", children: text.noEntries }),
      hidden > 0 && _jsx("p", { class: "note", children: text.more(formatNumber(hidden)) }),
    ],
  });
}
/** The memory to scale: who leaves next stands first, what is free last. */
function Memory({ node: { entries, limitBytes, stats } }) {
  const before = run.value.before?.node?.entries;
  const isNew = (key) => before !== undefined && !before.some((entry) => entry.key === key);
  const shown = entries.slice(0, BLOCKS_MAX);
  const rest = stats.bytes - shown.reduce((sum, { bytes }) => sum + bytes, 0);
  const part = (bytes) => ({ flexGrow: Math.max(bytes, limitBytes / 400) });
  return _jsxs("div", {
    class: "blocks",
    "aria-hidden": "true",
    children: [
      shown.map(({ key, bytes }, i) =>
        _jsx(
          "div",
          {
            class: `block${i === 0 ? " next" : ""}${isNew(key) ? " new" : ""}`,
            style: part(bytes),
            title: key,
            children: _jsx("code", { children: key }),
          },
          key,
        ),
      ),
      rest > 0 && _jsx("div", { class: "block rest", style: part(rest) }),
      stats.bytes < limitBytes &&
        _jsx("div", { class: "block free", style: { flexGrow: limitBytes - stats.bytes } }),
    ],
  });
}
/** Who left at the last command, and why. */
function Departures({ policy }) {
  const { node: text } = words.value;
  const { position } = run.value;
  const end = eventCount.value > 0 ? countBefore(position) : 0;
  const gone = [];
  for (let i = end - 1; i >= 0 && events[i]?.step === position - 1; i -= 1) {
    const event = events[i];
    if (event?.kind === "inside" && event.event.kind !== "refused" && event.event.key !== undefined) {
      gone.unshift({ key: event.event.key, kind: event.event.kind });
    }
  }
  return _jsx("ul", {
    class: "departures",
    "aria-label": text.departures,
    children: gone
      .slice(0, 8)
      .map(({ key, kind }) =>
        _jsxs(
          "li",
          {
            children: [
              _jsx(Icon, { name: kind }),
              _jsx("s", { children: key }),
              " ",
              kind === "evicted" ? (text.whyEvicted[policy] ?? text.why) : text.whyExpired,
            ],
          },
          key,
        ),
      ),
  });
}
function Entry({ entry, isNext }) {
  const { node: text } = words.value;
  const { key, value, bytes, accessCount, leftMs, spanMs } = entry;
  return _jsxs("tr", {
    class: isNext ? "next" : undefined,
    children: [
      _jsxs("th", {
        scope: "row",
        children: [
          _jsx("code", { children: key }),
          isNext && _jsxs("span", { class: "badge", children: [_jsx(Icon, { name: "evicted" }), text.next] }),
        ],
      }),
      _jsx("td", { class: "value", children: _jsx("code", { children: value }) }),
      _jsx("td", { class: "number", children: formatNumber(bytes) }),
      _jsx("td", { class: "number", children: formatNumber(accessCount) }),
      _jsxs("td", {
        class: "left",
        children: [
          _jsx(Left, { ms: leftMs }),
          leftMs !== undefined && spanMs !== undefined && _jsx(Bar, { part: leftMs, of: spanMs }),
        ],
      }),
    ],
  });
}
function Left({ ms }) {
  const { node: text } = words.value;
  if (ms === undefined) {
    return _jsx("span", { class: "quiet", children: text.forever });
  }
  return ms === 0
    ? _jsx("span", { class: "tone-warn", children: text.expired })
    : _jsx("span", { children: formatTime(ms) });
}
function Pairs({ pairs, count }) {
  const { node: text } = words.value;
  return _jsxs(_Fragment, {
    children: [
      _jsx("p", { class: "note", children: text.pairs(formatNumber(count)) }),
      _jsx(Table, {
        heads: [text.key, text.value, text.left],
        children: pairs.map(({ key, value, leftMs }) =>
          _jsxs(
            "tr",
            {
              children: [
                _jsx("th", { scope: "row", children: _jsx("code", { children: key }) }),
                _jsx("td", { class: "value", children: _jsx("code", { children: value }) }),
                _jsx("td", { class: "left", children: _jsx(Left, { ms: leftMs }) }),
              ],
            },
            key,
          ),
        ),
      }),
      count > pairs.length &&
        _jsx("p", { class: "note", children: text.more(formatNumber(count - pairs.length)) }),
    ],
  });
}
function Table({ heads, children }) {
  return _jsxs("table", {
    class: "table",
    children: [
      _jsx("thead", {
        children: _jsx("tr", {
          children: heads.map((head) => _jsx("th", { scope: "col", children: head }, head)),
        }),
      }),
      _jsx("tbody", { children: children }),
    ],
  });
}
/** A part of a whole, as a bar; the number stands beside it. */
export function Bar({ part, of, tone }) {
  const width = of === 0 ? 0 : Math.min(100, (100 * part) / of);
  return _jsx("span", {
    class: "bar",
    "aria-hidden": "true",
    children: _jsx("span", { style: { width: `${width}%`, background: tone } }),
  });
}
