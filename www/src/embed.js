/**
 * The page inside another: `?embed` leaves out all but script, world and strip, and the frame around it may steer it by
 * `postMessage`. What may be said is in `docs/embed.md`.
 */
import { effect } from "@preact/signals";
import {
  DIALECTS,
  goTo,
  isReady,
  isRunning,
  openSheet,
  run,
  runAll,
  stepBack,
  stepForward,
  stop,
} from "./lab";
import { isSeed } from "./link";
import { eventCount, judgedBefore } from "./log";
export const isEmbedded = new URLSearchParams(location.search).has("embed");
/** Call once. */
export function startEmbed() {
  if (!isEmbedded) {
    return;
  }
  document.documentElement.dataset.embed = "yes";
  addEventListener("message", ({ data, source }) => {
    if (source === parent && data?.cachedojo === 1) {
      obey(data);
    }
  });
  effect(() => {
    if (isReady.value) {
      tell({ event: "ready" });
    }
  });
  effect(() => {
    const { position, total, isDone } = run.value;
    if (!isRunning.value && eventCount.value >= 0) {
      tell({ event: "moved", position, total, isDone, ...judgedBefore(position) });
    }
  });
}
/** What is told is what anybody sees who looks at the page: it may go to whatever frame is around it. */
function tell(message) {
  if (parent !== window) {
    parent.postMessage({ cachedojo: 1, ...message }, "*");
  }
}
function obey(wish) {
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
    case "stop":
      stop();
      break;
    case "goTo":
      if (Number.isSafeInteger(wish.step) && wish.step >= 0) {
        goTo(wish.step);
      }
  }
}
/** Opens a script on a sheet of its own: the learner's scripts stay as they are. */
function openWished({ script, dialect = "lab", seed = 0 }) {
  const isKnown = DIALECTS.includes(dialect);
  if (typeof script !== "string" || !isKnown || !isSeed(String(seed))) {
    tell({ event: "refused" });
    return;
  }
  const original = { text: script, seed: String(seed) };
  openSheet({ ...original, id: "embed", dialect: dialect, original });
}
