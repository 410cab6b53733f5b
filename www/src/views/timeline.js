import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { goTo, isStale, run } from "../lab";
import { countBefore, eventCount, events, sayingOf } from "../log";
import { markOf } from "../tones";
import { formatTime, words } from "../words";
import { Icon } from "./icons";

const ROW_PX = 30;
/** Rows drawn above and below what is seen, so that scrolling shows no gap. */
const SPARE_ROWS = 12;
/** All known events of the run; those ahead of where it stands are pale. Only the rows in sight are drawn. */
export function Timeline() {
  const { timeline, timelineEmpty, timelineHelp } = words.value;
  const count = eventCount.value;
  return _jsxs("section", {
    class: "card timeline",
    "aria-labelledby": "timeline-title",
    children: [
      _jsx("div", {
        class: "card-head",
        children: _jsx("h2", { id: "timeline-title", title: timelineHelp, children: timeline }),
      }),
      _jsx("div", {
        class: isStale.value ? "fill stale" : "fill",
        "data-testid": "timeline",
        children:
          count === 0 ? _jsx("p", { class: "empty", children: timelineEmpty }) : _jsx(Rows, { count: count }),
      }),
    ],
  });
}
function Rows({ count }) {
  const box = useRef(null);
  const scroll = useSignal({ top: 0, height: 300 });
  const current = Math.max(0, countBefore(run.value.position) - 1);
  useEffect(() => {
    const observer = new ResizeObserver(() => measure());
    const measure = () => {
      if (box.current) {
        scroll.value = { top: box.current.scrollTop, height: box.current.clientHeight };
      }
    };
    if (box.current) {
      observer.observe(box.current);
    }
    return () => observer.disconnect();
  }, [scroll]);
  useLayoutEffect(() => {
    const { current: element } = box;
    if (element) {
      const [top, height] = [current * ROW_PX, element.clientHeight];
      if (top < element.scrollTop || top + ROW_PX > element.scrollTop + height) {
        element.scrollTop = Math.max(0, top - height / 2);
      }
    }
  }, [current]);
  useLayoutEffect(() => {
    if (soughtRow !== undefined && box.current) {
      focusRow(box.current);
    }
  });
  const { top, height } = scroll.value;
  const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((top + height) / ROW_PX) + SPARE_ROWS);
  return _jsx("div", {
    class: "scroll",
    ref: box,
    onScroll: ({ currentTarget }) => {
      scroll.value = { top: currentTarget.scrollTop, height: currentTarget.clientHeight };
    },
    onKeyDown: moveFocus,
    children: _jsx("ol", {
      class: "rows",
      style: { height: `${count * ROW_PX}px` },
      children: events
        .slice(first, last)
        .map((event, i) =>
          _jsx(
            Row,
            {
              index: first + i,
              of: count,
              event: event,
              isCurrent: first + i === current && run.value.position > 0,
            },
            first + i,
          ),
        ),
    }),
  });
}
function Row({ index, of, event, isCurrent }) {
  const [icon, tone] = markOf(event);
  const isAhead = event.step >= run.value.position;
  return _jsx("li", {
    "aria-setsize": of,
    "aria-posinset": index + 1,
    style: { top: `${index * ROW_PX}px` },
    children: _jsxs("button", {
      type: "button",
      class: `row tone-${tone}${isAhead ? " ahead" : ""}`,
      "data-index": index,
      tabIndex: isCurrent || (run.value.position === 0 && index === 0) ? 0 : -1,
      "aria-current": isCurrent ? "step" : undefined,
      title: words.value.goTo(event.step + 1, event.source ?? sayingOf(event)),
      onClick: () => goTo(event.step + 1),
      children: [
        _jsx("span", { class: "time", children: formatTime(event.at_ms) }),
        _jsx(Icon, { name: icon }),
        _jsx("code", { class: "source", children: event.source ?? "" }),
        _jsx("span", { class: "what", children: sayingOf(event) }),
      ],
    }),
  });
}
function moveFocus(event) {
  const page = Math.max(1, Math.floor(event.currentTarget.clientHeight / ROW_PX) - 1);
  const all = eventCount.value;
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -all, End: all }[event.key];
  const index = event.target instanceof HTMLElement ? event.target.dataset.index : undefined;
  if (by === undefined || index === undefined) {
    return;
  }
  event.preventDefault();
  const next = Math.max(0, Math.min(all - 1, Number(index) + by));
  // The row may not be drawn yet: it takes the focus once the run stands there.
  soughtRow = next;
  const command = events[next]?.step ?? 0;
  goTo(command + 1);
  focusRow(event.currentTarget);
}
/** The row that the keyboard asked for; forgotten once it has the focus. */
let soughtRow;
function focusRow(box) {
  const row = box.querySelector(`[data-index="${soughtRow}"]`);
  if (row) {
    soughtRow = undefined;
    row.focus();
  }
}
