import { batch, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Told } from "../engine/event";
import { beforeFrame } from "../frame";
import { goTo, isStale, run } from "../lab";
import { countBefore, eventCount, events, sayingOf } from "../log";
import { markOf } from "../tones";
import { formatTime, words } from "../words";
import { Icon } from "./icons";

const ROW_PX = 30;
/** Rows drawn above and below what is seen, so that scrolling shows no gap. */
const SPARE_ROWS = 8;
/** Rows that are drawn and given up together: scrolling by fewer draws nothing. */
const STRIDE = 8;

/** All known events of the run; those ahead of where it stands are pale. Only the rows in sight are drawn. */
export function Timeline() {
  const { timeline, timelineEmpty, timelineHelp } = words.value;
  const count = eventCount.value;
  return (
    <section class="card timeline" aria-labelledby="timeline-title">
      <div class="card-head">
        <h2 id="timeline-title" title={timelineHelp}>
          {timeline}
        </h2>
      </div>
      <div class={isStale.value ? "fill stale" : "fill"} data-testid="timeline">
        {count === 0 ? <p class="empty">{timelineEmpty}</p> : <Rows count={count} />}
      </div>
    </section>
  );
}

function Rows({ count }: { count: number }) {
  const box = useRef<HTMLDivElement>(null);
  const [first, last] = [useSignal(0), useSignal(2 * STRIDE)];
  const { position } = run.value;
  const current = Math.max(0, countBefore(position) - 1);
  const look = ({ scrollTop, clientHeight }: HTMLElement) => {
    const strides = (px: number) => Math.floor(px / ROW_PX / STRIDE) * STRIDE;
    batch(() => {
      first.value = strides(scrollTop);
      last.value = strides(scrollTop + clientHeight) + STRIDE;
    });
  };
  useEffect(() => {
    const observer = new ResizeObserver(() => box.current && look(box.current));
    if (box.current) {
      observer.observe(box.current);
    }
    return () => observer.disconnect();
  }, [first, last]);
  useLayoutEffect(
    () =>
      beforeFrame(() => {
        const { current: element } = box;
        if (element) {
          const [top, height] = [current * ROW_PX, element.clientHeight];
          if (top < element.scrollTop || top + ROW_PX > element.scrollTop + height) {
            element.scrollTop = Math.max(0, top - height / 2);
            look(element);
          }
        }
      }),
    [current],
  );
  useLayoutEffect(() => {
    if (soughtRow !== undefined && box.current) {
      focusRow(box.current);
    }
  });
  const from = Math.max(0, first.value - SPARE_ROWS);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears what bubbles up from its buttons
    <div class="scroll" ref={box} onScroll={({ currentTarget }) => look(currentTarget)} onKeyDown={moveFocus}>
      <ol class="rows" style={{ height: `${count * ROW_PX}px` }}>
        {events.slice(from, Math.min(count, last.value + SPARE_ROWS)).map((event, i) => {
          const index = from + i;
          return (
            <li
              key={index}
              aria-setsize={count}
              aria-posinset={index + 1}
              style={{ top: `${index * ROW_PX}px` }}
            >
              <Row
                index={index}
                event={event}
                isAhead={event.step >= position}
                isCurrent={index === current && position > 0}
                isFirst={index === 0 && position === 0}
              />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

interface RowProps {
  index: number;
  event: Told;
  isAhead: boolean;
  isCurrent: boolean;
  isFirst: boolean;
}

/** Reads nothing of the run: a step draws anew the two rows that it changes. */
function Row({ index, event, isAhead, isCurrent, isFirst }: RowProps) {
  const [icon, tone] = markOf(event);
  return (
    <button
      type="button"
      class={`row tone-${tone}${isAhead ? " ahead" : ""}`}
      data-index={index}
      tabIndex={isCurrent || isFirst ? 0 : -1}
      aria-current={isCurrent ? "step" : undefined}
      title={words.value.goTo(event.step + 1, event.source ?? sayingOf(event))}
      onClick={() => goTo(event.step + 1)}
    >
      <span class="time">{formatTime(event.at_ms)}</span>
      <Icon name={icon} />
      <code class="source">{event.source ?? ""}</code>
      <span class="what">{sayingOf(event)}</span>
    </button>
  );
}

function moveFocus(event: KeyboardEvent): void {
  const page = Math.max(1, Math.floor((event.currentTarget as HTMLElement).clientHeight / ROW_PX) - 1);
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
  focusRow(event.currentTarget as HTMLElement);
}

/** The row that the keyboard asked for; forgotten once it has the focus. */
let soughtRow: number | undefined;

function focusRow(box: HTMLElement): void {
  const row = box.querySelector<HTMLElement>(`[data-index="${soughtRow}"]`);
  if (row) {
    soughtRow = undefined;
    row.focus();
  }
}
