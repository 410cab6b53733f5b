import { useComputed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { lesson, verdict } from "../course";
import {
  canRun,
  cursorLine,
  edit,
  goTo,
  isEmpty,
  isPlaying,
  isReady,
  isRunning,
  isStale,
  reading,
  reset,
  run,
  runAll,
  runToLine,
  sheet,
  speed,
  stepBack,
  stepForward,
  stop,
  togglePlay,
  wasStopped,
} from "../lab";
import { isSeed } from "../link";
import { eventBefore, eventCount, judgedBefore, marks, sayingOf } from "../log";
import { formatNumber, formatTime, words } from "../words";
import { Icon } from "./icons";

/** Longer answers than this nobody wants to hear. */
const SPOKEN_MAX = 120;
/** Commands a second. */
const SPEEDS = [0.5, 1, 2, 5, 20];
/** Marks closer than this, in parts of the whole run, are one. */
const MARK_PLACES = 300;
const ACTIONS = {
  reset,
  back: stepBack,
  play: togglePlay,
  step: stepForward,
  run: runAll,
  stop,
};
const SHORTCUTS = {
  reset: undefined,
  back: "F9",
  play: undefined,
  step: "F10",
  run: "Control+Enter",
  stop: "Escape",
};
const enabled = {
  // Not only once the engine has come: what is asked of it before waits for it.
  run: () => canRun.value,
  play: () => isPlaying.value || canRun.value,
  step: () => canRun.value && (isStale.value || !run.value.isDone),
  back: () => !isRunning.value && !isStale.value && run.value.position > 0,
  stop: () => isRunning.value || isPlaying.value || verdict.value.state === "checking",
  reset: () => run.value.position > 0 || isRunning.value,
};
/** What moves a run, where it stands, and what it has met: one strip below everything. */
export function Strip() {
  useEffect(() => {
    addEventListener("keydown", obeyShortcut);
    return () => removeEventListener("keydown", obeyShortcut);
  }, []);
  return _jsxs("footer", {
    class: "strip",
    children: [
      _jsx("div", {
        class: "controls",
        children: Object.keys(ACTIONS).map((action) => _jsx(ActionButton, { action: action }, action)),
      }),
      _jsx(Scrubber, {}),
      _jsxs("div", { class: "strip-side", children: [_jsx(Speed, {}), _jsx(Seed, {})] }),
      _jsx("p", { role: "status", class: "status", "data-testid": "status", children: _jsx(StatusText, {}) }),
    ],
  });
}
/** A button that cannot act keeps its focus, so that a keyboard never loses its place. */
function ActionButton({ action }) {
  const { hints } = words.value;
  const canAct = useComputed(() => enabled[action]()).value;
  const isPausing = action === "play" && isPlaying.value;
  const icon = isPausing ? "pause" : action;
  return _jsxs("button", {
    type: "button",
    class: action === "run" ? "button primary" : "button",
    "data-testid": action,
    title: hints[action],
    "aria-disabled": !canAct,
    "aria-pressed": action === "play" ? isPlaying.value : undefined,
    "aria-keyshortcuts": SHORTCUTS[action],
    onClick: () => canAct && ACTIONS[action](),
    children: [_jsx(Icon, { name: icon }), _jsx("span", { children: words.value[action] })],
  });
}
function obeyShortcut(event) {
  if (document.querySelector("dialog[open]")) {
    return;
  }
  if (event.key === "F10" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (canRun.value) {
      runToLine(cursorLine.value);
    }
    return;
  }
  const action = shortcutOf(event);
  if (action && enabled[action]()) {
    event.preventDefault();
    ACTIONS[action]();
  }
}
function shortcutOf({ key, ctrlKey, metaKey }) {
  if (key === "Enter" && (ctrlKey || metaKey)) {
    return "run";
  }
  const plain = { F10: "step", F9: "back", Escape: "stop" };
  return plain[key];
}
/** The whole run as a line to drag along, with marks where something happened. */
function Scrubber() {
  const { strip } = words.value;
  const { position } = run.value;
  const total = Math.max(
    1,
    isStale.value ? reading.value.commands : run.value.total || reading.value.commands,
  );
  const count = eventCount.value;
  const shown = useMemo(() => thinned(count, total), [count, total]);
  const here = isStale.value ? 0 : position;
  return _jsxs("div", {
    class: "scrubber",
    children: [
      _jsx("svg", {
        class: "marks",
        viewBox: `0 0 ${MARK_PLACES} 8`,
        preserveAspectRatio: "none",
        "aria-hidden": "true",
        children: shown.map(({ step, kind }) =>
          _jsx(
            "rect",
            {
              class: `mark-${kind}`,
              x: ((step + 1) / total) * MARK_PLACES - 0.6,
              y: "0",
              width: "1.2",
              height: "8",
            },
            `${kind}${step}`,
          ),
        ),
      }),
      _jsx("input", {
        type: "range",
        "data-testid": "scrubber",
        min: "0",
        max: total,
        value: here,
        "aria-label": strip.scrubber,
        "aria-valuetext": strip.place(formatNumber(here), formatNumber(total)),
        title: strip.scrubberHelp,
        onInput: ({ currentTarget }) => {
          isPlaying.value = false;
          goTo(Number(currentTarget.value));
        },
      }),
      _jsxs("span", {
        class: "place",
        "aria-hidden": "true",
        children: [
          formatNumber(here),
          _jsxs("span", { class: "quiet", children: [" / ", formatNumber(total)] }),
        ],
      }),
    ],
  });
}
/** At each place of the strip the gravest mark only. `count` is the number of events: the marks grow in place. */
function thinned(count, total) {
  const places = new Map();
  const grave = { gone: 0, fault: 1, broken: 2 };
  for (const mark of count === 0 ? [] : marks) {
    const place = Math.floor((mark.step / total) * MARK_PLACES);
    const there = places.get(place);
    if (!there || grave[mark.kind] > grave[there.kind]) {
      places.set(place, mark);
    }
  }
  return [...places.values()];
}
function Speed() {
  const { strip } = words.value;
  return _jsxs("label", {
    class: "field",
    title: strip.speedHelp,
    children: [
      _jsx("span", { class: "hidden", children: strip.speedHelp }),
      _jsx("select", {
        "data-testid": "speed",
        value: speed.value,
        onChange: ({ currentTarget }) => {
          speed.value = Number(currentTarget.value);
        },
        children: SPEEDS.map((each) =>
          _jsx("option", { value: each, children: strip.speed(formatNumber(each)) }, each),
        ),
      }),
    ],
  });
}
/** Where nothing is random, as in a lesson, there is no seed to choose. */
function Seed() {
  const { seed, seedHelp, seedWrong } = words.value;
  const isGood = isSeed(sheet.value.seed);
  if (lesson.value) {
    return null;
  }
  return _jsxs("label", {
    class: "seed",
    title: isGood ? seedHelp : seedWrong,
    children: [
      seed,
      _jsx("input", {
        "data-testid": "seed",
        inputMode: "numeric",
        autocomplete: "off",
        value: sheet.value.seed,
        "aria-invalid": !isGood,
        onInput: ({ currentTarget }) => edit({ seed: currentTarget.value.trim() }),
      }),
    ],
  });
}
function StatusText() {
  const { status, seedWrong } = words.value;
  const { diagnostics } = reading.value;
  const count = sheet.value.dialect === "lab" ? status.mistakes : status.refused;
  const mistakes = diagnostics.length > 0 ? count(diagnostics.length) : "";
  const stale = isStale.value && run.value.position > 0 ? status.stale : "";
  const empty = isEmpty.value && diagnostics.length === 0 ? status.empty : "";
  const clock = run.value.view && !isStale.value ? run.value.view.clockMs : 0;
  return _jsxs(_Fragment, {
    children: [
      _jsx("span", { children: isSeed(sheet.value.seed) ? empty || stale || _jsx(Place, {}) : seedWrong }),
      clock > 0 &&
        _jsxs("span", {
          class: "clock",
          title: words.value.node.clock,
          children: [
            _jsx(Icon, { name: "clock" }),
            _jsx("span", { class: "hidden", children: words.value.node.clock }),
            " ",
            formatTime(clock),
          ],
        }),
      _jsx(LastAnswer, {}),
      _jsx(Judgements, {}),
      mistakes && _jsx("span", { class: "tone-bad", children: mistakes }),
    ],
  });
}
function Place() {
  const { status } = words.value;
  const { position, total, isDone } = run.value;
  const [here, all] = [formatNumber(position), formatNumber(total)];
  if (!isReady.value) {
    return _jsx(_Fragment, { children: status.loading });
  }
  if (isRunning.value) {
    return _jsx(_Fragment, { children: status.running(here, all) });
  }
  if (position === 0) {
    return _jsx(_Fragment, { children: total === 0 ? status.ready : status.start });
  }
  if (wasStopped.value) {
    return _jsx(_Fragment, { children: status.stopped(here) });
  }
  if (isDone) {
    return _jsx(_Fragment, { children: position === total ? status.done(all) : status.ended(here) });
  }
  return _jsx(_Fragment, { children: status.at(here, all) });
}
/** The latest answer, for ears: eyes have it at its line. */
function LastAnswer() {
  const { position } = run.value;
  const last = eventCount.value > 0 && !isRunning.value ? eventBefore(position) : undefined;
  return last ? _jsx("span", { class: "hidden", children: sayingOf(last).slice(0, SPOKEN_MAX) }) : null;
}
/** How many expectations held and how many did not, as the engine found; of a check's script the reference's do. */
function Judgements() {
  const { status } = words.value;
  const { held, broken } = judgedBefore(eventCount.value > 0 ? run.value.position : 0);
  return _jsxs(_Fragment, {
    children: [
      held > 0 &&
        (sheet.value.origin
          ? _jsx("span", { children: status.heldByReference(held) })
          : _jsx("span", { class: "tone-good", children: status.held(held) })),
      broken > 0 && _jsx("span", { class: "tone-bad", children: status.broken(broken) }),
    ],
  });
}
