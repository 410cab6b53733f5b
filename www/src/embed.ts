/**
 * The page inside another: `?embed` leaves out all but script, world and strip, and the frame around it may steer it by
 * `postMessage`. What may be said is in `docs/embed.md`.
 */
import { effect } from "@preact/signals";
import type { Dialect } from "./engine/worker";
import {
  DIALECTS,
  goTo,
  isBusy,
  isRead,
  isReady,
  markedLines,
  openSheet,
  reading,
  run,
  runAll,
  stepBack,
  stepForward,
  stop,
} from "./lab";
import { isSeed } from "./link";
import { eventCount, judgedBefore } from "./log";
import { stepTo } from "./sheets";

export const isEmbedded = new URLSearchParams(location.search).has("embed");

type Wish = Record<string, unknown>;

/** Wishes that wait at most; what comes when so many wait is refused. */
const WAITING_MAX = 100;
/** What came while a run was under way, in order. */
const waiting: Wish[] = [];

/** Call once. */
export function startEmbed(): void {
  if (!isEmbedded) {
    return;
  }
  document.documentElement.dataset.embed = "yes";
  addEventListener("message", ({ data, source }) => {
    if (source === parent && data?.cachedojo === 1) {
      take(data);
    }
  });
  effect(() => {
    if (isReady.value) {
      tell({ event: "ready" });
    }
  });
  effect(() => {
    if (!isBusy.value) {
      queueMicrotask(obeyNext);
    }
  });
  effect(() => {
    const { position, total, isDone } = run.value;
    const { commands } = reading.value;
    if (isBusy.value || eventCount.value < 0 || !(isRead.value || position > 0)) {
      return;
    }
    const mistakes = markedLines("mistake") + markedLines("refused");
    tellPlace({ position, total: total || commands, isDone, mistakes, ...judgedBefore(position) });
  });
}

/** The run and the place that were told last: the same one is told again only of another run or moment. */
let told: { run: unknown; place: string } | undefined;

function tellPlace(place: Record<string, unknown>): void {
  const text = JSON.stringify(place);
  if (told?.run !== run.peek() || told.place !== text) {
    told = { run: run.peek(), place: text };
    tell({ event: "moved", ...place });
  }
}

/** What is told is what anybody sees who looks at the page: it may go to whatever frame is around it. */
function tell(message: Record<string, unknown>): void {
  if (parent !== window) {
    parent.postMessage({ cachedojo: 1, ...message }, "*");
  }
}

function refuse({ do: wished }: Wish, why: "script" | "step" | "unknown" | "full" | "stopped"): void {
  tell({ event: "refused", do: wished, why });
}

/** Stop ends what is under way and what waits; everything else is done in the order in which it came. */
function take(wish: Wish): void {
  if (wish.do === "stop") {
    for (const dropped of waiting.splice(0)) {
      refuse(dropped, "stopped");
    }
    stop();
  } else if (waiting.length >= WAITING_MAX) {
    refuse(wish, "full");
  } else {
    waiting.push(wish);
    obeyNext();
  }
}

function obeyNext(): void {
  while (!isBusy.peek()) {
    const wish = waiting.shift();
    if (!wish) {
      return;
    }
    obey(wish);
  }
}

function obey(wish: Wish): void {
  switch (wish.do) {
    case "open":
      openWished(wish);
      break;
    case "run":
      runAll();
      break;
    case "step":
      stepForward();
      break;
    case "back":
      stepBack();
      break;
    case "goTo":
      if (Number.isSafeInteger(wish.step) && (wish.step as number) >= 0) {
        goTo(wish.step as number);
      } else {
        refuse(wish, "step");
      }
      break;
    default:
      refuse(wish, "unknown");
  }
}

/** Opens a script on a sheet of its own: the learner's scripts stay as they are. */
function openWished(wish: Wish): void {
  const { script, dialect = "lab", seed = 0 } = wish;
  const isKnown = DIALECTS.includes(dialect as Dialect);
  if (typeof script !== "string" || !isKnown || !isSeed(String(seed))) {
    refuse(wish, "script");
    return;
  }
  const original = { text: script, seed: String(seed) };
  const sheet = { ...original, id: "embed", dialect: dialect as Dialect, original };
  // No step of the history: that is the page's around it.
  stepTo(sheet, "replaceState", "");
  openSheet(sheet);
}
