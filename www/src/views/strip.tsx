import { useComputed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { lesson, verdict } from "../course";
import {
  canRun,
  cursorLine,
  diagnostics,
  edit,
  goTo,
  isEmpty,
  isPlaying,
  isRead,
  isReady,
  isRunning,
  isStale,
  isWaiting,
  lack,
  markedLines,
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
import { eventBefore, eventCount, judgedBefore, type Mark, marks, sayingOf } from "../log";
import { formatNumber, formatTime, words } from "../words";
import { Icon, type IconName } from "./icons";

/** A screen reader is given at most so many characters of an answer. */
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
} as const;
const SHORTCUTS = {
  reset: undefined,
  back: "F9",
  play: undefined,
  step: "F10",
  run: "Control+Enter",
  stop: "Escape",
} as const;
type Action = keyof typeof ACTIONS;

const enabled: Record<Action, () => boolean> = {
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
  return (
    <footer class="strip">
      <div class="controls">
        {(Object.keys(ACTIONS) as Action[]).map((action) => (
          <ActionButton key={action} action={action} />
        ))}
      </div>
      <Scrubber />
      <div class="strip-side">
        <Speed />
        <Seed />
      </div>
      <p role="status" class="status" data-testid="status">
        <StatusText />
      </p>
    </footer>
  );
}

/** A button that cannot act keeps its focus, so that a keyboard never loses its place. */
function ActionButton({ action }: { action: Action }) {
  const { hints } = words.value;
  const canAct = useComputed(() => enabled[action]()).value;
  const isPausing = action === "play" && isPlaying.value;
  const icon: IconName = isPausing ? "pause" : action;
  return (
    <button
      type="button"
      class={action === "run" ? "button primary" : "button"}
      data-testid={action}
      title={hints[action]}
      aria-disabled={!canAct}
      aria-pressed={action === "play" ? isPlaying.value : undefined}
      aria-keyshortcuts={SHORTCUTS[action]}
      onClick={() => canAct && ACTIONS[action]()}
    >
      <Icon name={icon} />
      <span class="label">{isPausing ? words.value.pause : words.value[action]}</span>
    </button>
  );
}

function obeyShortcut(event: KeyboardEvent): void {
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

function shortcutOf({ key, ctrlKey, metaKey }: KeyboardEvent): Action | undefined {
  if (key === "Enter" && (ctrlKey || metaKey)) {
    return "run";
  }
  const plain = { F10: "step", F9: "back", Escape: "stop" } as const;
  return plain[key as keyof typeof plain];
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
  return (
    <div class="scrubber">
      <span class="track">
        <svg class="marks" viewBox={`0 0 ${MARK_PLACES} 8`} preserveAspectRatio="none" aria-hidden="true">
          {shown.map(({ step, kind }) => (
            <rect
              key={`${kind}${step}`}
              class={`mark-${kind}`}
              x={((step + 1) / total) * MARK_PLACES - 0.6}
              y="0"
              width="1.2"
              height="8"
            />
          ))}
        </svg>
        <input
          type="range"
          data-testid="scrubber"
          min="0"
          max={total}
          value={here}
          aria-label={strip.scrubber}
          aria-valuetext={strip.place(formatNumber(here), formatNumber(total))}
          title={strip.scrubberHelp}
          onInput={({ currentTarget }) => {
            isPlaying.value = false;
            goTo(Number(currentTarget.value));
          }}
        />
      </span>
      <span class="place" aria-hidden="true">
        {formatNumber(here)}
        <span class="quiet"> / {formatNumber(total)}</span>
      </span>
    </div>
  );
}

/** At each place of the strip the gravest mark only. `count` is the number of events: the marks grow in place. */
function thinned(count: number, total: number): Mark[] {
  const places = new Map<number, Mark>();
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
  return (
    <label class="field" title={strip.speedHelp}>
      <span class="hidden">{strip.speedHelp}</span>
      <select
        data-testid="speed"
        value={speed.value}
        onChange={({ currentTarget }) => {
          speed.value = Number(currentTarget.value);
        }}
      >
        {SPEEDS.map((each) => (
          <option key={each} value={each}>
            {strip.speed(formatNumber(each))}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Where nothing is random, as in a lesson, there is no seed to choose. */
function Seed() {
  const { seed, seedHelp, seedWrong } = words.value;
  const isGood = isSeed(sheet.value.seed);
  if (lesson.value) {
    return null;
  }
  return (
    <label class="seed" title={isGood ? seedHelp : seedWrong}>
      {seed}
      <input
        data-testid="seed"
        inputMode="numeric"
        autocomplete="off"
        value={sheet.value.seed}
        aria-invalid={!isGood}
        aria-describedby={isGood ? undefined : "seed-wrong"}
        onInput={({ currentTarget }) => edit({ seed: currentTarget.value.trim() })}
      />
      <span id="seed-wrong" hidden>
        {seedWrong}
      </span>
    </label>
  );
}

const TONES = { mistake: "tone-bad", refused: "tone-bad", doubt: "tone-warn", blank: "" };
const SORTS = ["mistake", "refused", "doubt", "blank"] as const;

function StatusText() {
  const { status, seedWrong } = words.value;
  const stale = isStale.value && run.value.position > 0 ? status.stale : "";
  const empty = isEmpty.value && diagnostics.value.length === 0 ? status.empty : "";
  const clock = run.value.view && !isStale.value ? run.value.view.clockMs : 0;
  return (
    <>
      <span>{isSeed(sheet.value.seed) ? empty || stale || <Place /> : seedWrong}</span>
      {clock > 0 && (
        <span class="clock" title={words.value.node.clock}>
          <Icon name="clock" />
          <span class="hidden">{words.value.node.clock}</span> {formatTime(clock)}
        </span>
      )}
      <LastAnswer />
      <Judgements />
      {SORTS.map(
        (sort) =>
          markedLines(sort) > 0 && (
            <span key={sort} class={TONES[sort]}>
              {status.lines[sort](markedLines(sort))}
            </span>
          ),
      )}
    </>
  );
}

function Place() {
  const { status } = words.value;
  const { position, total, isDone } = run.value;
  const [here, all] = [formatNumber(position), formatNumber(total)];
  if (!isReady.value) {
    return <>{status.loading}</>;
  }
  if (isRunning.value) {
    const known = total || (isRead.value ? reading.value.commands : 0);
    const running = known === 0 ? status.checking : status.running(here, formatNumber(known));
    return <>{isWaiting.value ? status.waiting : running}</>;
  }
  if (lack.value) {
    return <>{status.lacking}</>;
  }
  if (wasStopped.value) {
    return <>{position === 0 ? status.stoppedFirst : status.stopped(here)}</>;
  }
  if (position === 0) {
    return <>{total === 0 ? status.ready : status.start}</>;
  }
  if (isDone) {
    // A program may fail at the last command too.
    const hasFailed = eventBefore(position)?.kind === "crashed";
    return <>{position === total && !hasFailed ? status.done(all) : status.ended(here)}</>;
  }
  return <>{status.at(here, all)}</>;
}

/** The latest answer, for ears: eyes have it at its line. */
function LastAnswer() {
  const { position } = run.value;
  const last = eventCount.value > 0 && !isRunning.value ? eventBefore(position) : undefined;
  return last ? <span class="hidden">{sayingOf(last).slice(0, SPOKEN_MAX)}</span> : null;
}

/** How many expectations held and how many did not, as the engine found; of a check's script the reference's do. */
function Judgements() {
  const { status } = words.value;
  const { held, broken } = judgedBefore(eventCount.value > 0 ? run.value.position : 0);
  return (
    <>
      {held > 0 &&
        (sheet.value.origin && sheet.value.subject === undefined ? (
          <span>{status.heldByReference(held)}</span>
        ) : (
          <span class="tone-good">{status.held(held)}</span>
        ))}
      {broken > 0 && <span class="tone-bad">{status.broken(broken)}</span>}
    </>
  );
}
