import { useComputed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Dialect } from "../engine/worker";
import {
  countBefore,
  DIALECTS,
  edit,
  eventBefore,
  eventCount,
  events,
  examples,
  isEmpty,
  isReady,
  isRunning,
  isStale,
  openExample,
  openOwn,
  reading,
  reset,
  run,
  runAll,
  sheet,
  stepBack,
  stepForward,
  stop,
  trouble,
  wasStopped,
} from "../lab";
import { isSeed } from "../link";
import { formatNumber, words } from "../words";
import { Commands } from "./commands";
import { Icon, type IconName } from "./icons";

/** Longer answers than this nobody wants to hear. */
const SPOKEN_MAX = 120;

/** Which language, which example. */
export function Chooser() {
  const { dialect, dialects, examples: label, chooseExample } = words.value;
  const { id, dialect: chosen } = sheet.value;
  return (
    <div class="chooser">
      <label class="field">
        <span class="hidden">{dialect}</span>
        <select
          data-testid="dialect"
          title={dialect}
          value={chosen}
          onChange={({ currentTarget }) => openOwn(currentTarget.value as Dialect)}
        >
          {DIALECTS.map((name) => (
            <option key={name} value={name}>
              {dialects[name]}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="hidden">{label}</span>
        <select
          data-testid="examples"
          title={label}
          value={id.startsWith("example.") ? id : ""}
          onChange={({ currentTarget }) => openExample(currentTarget.value.slice("example.".length))}
        >
          <option value="" disabled>
            {chooseExample}
          </option>
          {DIALECTS.map((name) => (
            <optgroup key={name} label={dialects[name]}>
              {examples.value
                .filter((example) => example.dialect === name)
                .map(({ id, title }) => (
                  <option key={id} value={`example.${id}`}>
                    {title}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      </label>
      {chosen === "lab" && <Commands />}
    </div>
  );
}

const ACTIONS = { run: runAll, step: stepForward, back: stepBack, stop, reset } as const;
const SHORTCUTS = {
  run: "Control+Enter",
  step: "F10",
  back: "F9",
  stop: "Escape",
  reset: undefined,
} as const;
type Action = keyof typeof ACTIONS;

const enabled: Record<Action, () => boolean> = {
  // Not only once the engine has come: what is asked of it before waits for it.
  run: () => trouble.value !== "unloaded" && !isRunning.value && !isEmpty.value && isSeed(sheet.value.seed),
  step: () => enabled.run() && (isStale.value || !run.value.isDone),
  back: () => !isRunning.value && !isStale.value && run.value.position > 0,
  stop: () => isRunning.value,
  reset: () => run.value.position > 0 || isRunning.value,
};

/** The buttons that move a run. A button that cannot act keeps its focus, so that a keyboard never loses its place. */
export function Controls() {
  useEffect(() => {
    addEventListener("keydown", obeyShortcut);
    return () => removeEventListener("keydown", obeyShortcut);
  }, []);
  return (
    <div class="controls">
      {(Object.keys(ACTIONS) as Action[]).map((action) => (
        <ActionButton key={action} action={action} />
      ))}
    </div>
  );
}

function ActionButton({ action }: { action: Action }) {
  const { hints } = words.value;
  const canAct = useComputed(() => enabled[action]()).value;
  return (
    <button
      type="button"
      class={action === "run" ? "button primary" : "button"}
      data-testid={action}
      title={hints[action]}
      aria-disabled={!canAct}
      aria-keyshortcuts={SHORTCUTS[action]}
      onClick={() => canAct && ACTIONS[action]()}
    >
      <Icon name={action satisfies IconName} />
      {words.value[action]}
    </button>
  );
}

function obeyShortcut(event: KeyboardEvent): void {
  const action = document.querySelector("dialog[open]") ? undefined : shortcutOf(event);
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

function Seed() {
  const { seed, seedHelp, seedWrong } = words.value;
  const isGood = isSeed(sheet.value.seed);
  return (
    <label class="seed" title={isGood ? seedHelp : seedWrong}>
      {seed}
      <input
        data-testid="seed"
        inputMode="numeric"
        autocomplete="off"
        value={sheet.value.seed}
        aria-invalid={!isGood}
        onInput={({ currentTarget }) => edit({ seed: currentTarget.value.trim() })}
      />
    </label>
  );
}

/** Where the run stands, for eyes and ears. */
export function Status() {
  const { position, total } = run.value;
  return (
    <div class="status">
      <div class="progress" aria-hidden="true">
        <div style={{ width: `${total === 0 ? 0 : (100 * position) / total}%` }} />
      </div>
      <div class="status-row">
        <p role="status" data-testid="status">
          <StatusText />
        </p>
        <Seed />
      </div>
    </div>
  );
}

function StatusText() {
  const { status, seedWrong } = words.value;
  const { diagnostics } = reading.value;
  const count = sheet.value.dialect === "lab" ? status.mistakes : status.refused;
  const mistakes = diagnostics.length > 0 ? count(diagnostics.length) : "";
  const stale = isStale.value && run.value.position > 0 ? status.stale : "";
  const empty = isEmpty.value && diagnostics.length === 0 ? status.empty : "";
  const judged = <Judgements />;
  return (
    <>
      <span>{isSeed(sheet.value.seed) ? empty || stale || <Place /> : seedWrong}</span>
      <LastAnswer />
      {judged}
      {mistakes && <span class="tone-bad">{mistakes}</span>}
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
    return <>{status.running(here, all)}</>;
  }
  if (position === 0) {
    return <>{total === 0 ? status.ready : status.start}</>;
  }
  if (wasStopped.value) {
    return <>{status.stopped(here)}</>;
  }
  if (isDone) {
    return <>{position === total ? status.done(all) : status.ended(here)}</>;
  }
  return <>{status.at(here, all)}</>;
}

/** The latest answer, for ears: eyes have the output. */
function LastAnswer() {
  const { position } = run.value;
  const last = eventCount.value > 0 && !isRunning.value ? eventBefore(position) : undefined;
  return last ? <span class="hidden">{last.text.slice(0, SPOKEN_MAX)}</span> : null;
}

/** How many expectations held and how many did not, as the engine found. */
function Judgements() {
  const { status } = words.value;
  const { position } = run.value;
  const counts = { held: 0, broken: 0 };
  for (const { kind } of events.slice(0, countBefore(position))) {
    if (kind === "held" || kind === "broken") {
      counts[kind] += 1;
    }
  }
  return (
    <>
      {counts.held > 0 &&
        (sheet.value.origin ? (
          <span>{status.heldByReference(counts.held)}</span>
        ) : (
          <span class="tone-good">{status.held(counts.held)}</span>
        ))}
      {counts.broken > 0 && <span class="tone-bad">{status.broken(counts.broken)}</span>}
    </>
  );
}
