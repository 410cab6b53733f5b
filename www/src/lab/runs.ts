/** The run of the open sheet: forward, back, to a line, by itself, to an end. */
import { batch } from "@preact/signals";
import type { Told } from "../engine/event";
import type { FromWorker } from "../engine/worker";
import { isSeed } from "../link";
import { addEvents, clearLog, eventCount, events } from "../log";
import { language } from "../settings";
import { programs, reachProgram } from "./programs";
import { readAgain } from "./reading";
import {
  canRun,
  freshRun,
  isBusy,
  isPlaying,
  isRunning,
  isStale,
  isWaiting,
  run,
  sheet,
  shouldFollow,
  soughtKey,
  speed,
  trouble,
  wasStopped,
} from "./state";
import { isAsked, restart, send } from "./wire";

/** Right after so many commands, or after all of a line and those above it. */
type Goal = { to: number } | { toLine: number };

const END = 0xffff_ffff;
/** Commands of a way so short that nobody need be told that it takes time, unless it does. */
const SHORT = 50;
/** How long such a way may take unsaid. */
const UNSAID_MS = 80;
let runId = 0;
let goId = 0;
/** Where the engine was asked to go and has not come yet; nothing else is under way. */
let aim: { go: number; goal: Goal; to: number } | undefined;
let unsaidTimer: ReturnType<typeof setTimeout> | undefined;
let playTimer: ReturnType<typeof setTimeout> | undefined;
/** Work outside the engine, such as loading, that Stop ends: one function each. */
const stoppable = new Set<() => void>();

/** Runs to the end; a run that is there already starts over. */
export function runAll(): void {
  isPlaying.value = false;
  shouldFollow.value = false;
  if (run.value.isDone) {
    begin();
  }
  go({ to: END });
}

/** Runs to the end, unless a run of this very script stands somewhere already: nobody's place in it is lost. */
export function runOnce(): void {
  if (canRun.value && (isStale.value || run.value.position === 0)) {
    runAll();
  }
}

/** A step from where the run stands or is about to stand: who presses a key five times goes five steps. */
export function stepForward(): void {
  shouldFollow.value = true;
  go({ to: Math.min(standing() + 1, END) });
}

export function stepBack(): void {
  isPlaying.value = false;
  goTo(standing() - 1);
}

/** Where the run stands once the short way is gone that is under way. */
function standing(): number {
  return isStale.value ? 0 : Math.min(aim?.to ?? run.value.position, run.value.total || END);
}

/** Stands right after command number `position` of the run that is shown. */
export function goTo(position: number): void {
  shouldFollow.value = true;
  go({ to: Math.max(0, Math.min(position, run.value.total || position)) });
}

/** Stands right after all commands of this line and those above it. */
export function runToLine(line: number): void {
  isPlaying.value = false;
  shouldFollow.value = true;
  go({ toLine: line });
}

/** Has the run go on by itself, from its beginning if it is at its end; or no longer. */
export function togglePlay(): void {
  if (!isPlaying.value && run.value.isDone && !isStale.value) {
    goTo(0);
  }
  isPlaying.value = !isPlaying.value;
}

/** The next command's turn, once the last one's effect is shown. */
export function play(): void {
  clearTimeout(playTimer);
  // All are read, whatever comes of it: whatever changes of them wakes this again.
  const isAtEnd = run.value.isDone && !isStale.value;
  const pause = 1000 / speed.value;
  if (!isPlaying.value || isRunning.value || aim) {
    return;
  }
  if (isAtEnd) {
    isPlaying.value = false;
  } else {
    playTimer = setTimeout(stepForward, pause);
  }
}

/** Ends the run at once. What it has shown so far stays. */
export function stop(): void {
  isPlaying.value = false;
  const wasRunning = aim !== undefined;
  for (const end of stoppable) {
    end();
  }
  if (!wasRunning && !isAsked()) {
    return;
  }
  restart();
  arrive();
  if (wasRunning) {
    wasStopped.value = true;
  }
  readAgain();
}

/** The result of some work; undefined if `stop` is called first. */
export function untilStopped<T>(work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = () => {
      stoppable.delete(end);
      resolve(undefined);
    };
    stoppable.add(end);
    work.then(resolve, reject).finally(() => stoppable.delete(end));
  });
}

/** Back to before the first command. */
export function reset(): void {
  stop();
  begin();
}

export function seek(key: string): void {
  soughtKey.value = key;
  if (!isRunning.value && !isStale.value && run.value.view?.ring) {
    go({ to: standing() });
  }
}

/** The same run once more, in the language of now: what has been told already was told in another. */
export function tellAgain(): void {
  const { position, known, language: before } = run.peek();
  if (before === language.value || known === 0 || isStale.peek() || aim) {
    return;
  }
  begin();
  go({ to: position });
}

/** A new run of the sheet as it is now. */
export function begin(): void {
  runId += 1;
  batch(() => {
    clearLog();
    run.value = freshRun(sheet.value);
    wasStopped.value = false;
    arrive();
  });
}

/** Nothing is under way any more. */
export function arrive(): void {
  clearTimeout(unsaidTimer);
  aim = undefined;
  batch(() => {
    isBusy.value = false;
    isRunning.value = false;
    isWaiting.value = false;
  });
}

/** The engine is under way; a short way is only told of when it takes long, so that a step makes nothing flicker. */
function depart(go: number, goal: Goal): void {
  const to = "to" in goal ? goal.to : END;
  aim = { go, goal, to };
  isBusy.value = true;
  clearTimeout(unsaidTimer);
  const { position, known } = run.value;
  if (to <= Math.max(known, position + SHORT)) {
    unsaidTimer = setTimeout(() => {
      isRunning.value = true;
    }, UNSAID_MS);
  } else {
    isRunning.value = true;
  }
}

/** Goes on to where the engine was asked to go that answers no longer. */
export function goAgain(): void {
  const wanted = isStale.value ? undefined : aim?.goal;
  arrive();
  if (wanted) {
    go(wanted);
  }
}

export function go(goal: Goal): void {
  if (isStale.value || (run.value.position === 0 && run.value.language !== language.value)) {
    begin();
  }
  if (!isSeed(sheet.value.seed)) {
    return;
  }
  goId += 1;
  batch(() => {
    depart(goId, goal);
    wasStopped.value = false;
    if (trouble.value === "failed" || trouble.value === "endless") {
      trouble.value = undefined;
    }
  });
  const { subject } = run.value.script;
  const program = programs.value.get(subject ?? "");
  if (subject === undefined || program) {
    follow(program);
  } else {
    followOnceHere(subject, goId);
  }
}

/** Sends the latest wish to the engine. */
function follow(program: WebAssembly.Module | undefined): void {
  if (!aim) {
    return;
  }
  isWaiting.value = false;
  if (run.value.program !== program) {
    run.value = { ...run.value, program };
  }
  const { script, known, language: spoken } = run.value;
  const { go, goal } = aim;
  const keys = soughtKey.value === "" ? [] : [soughtKey.value];
  send({ kind: "go", run: runId, go, script, program, goal, known, keys, language: spoken });
}

/** Sends a wish once its program is loaded; if that is unavailable, nothing runs in its place. */
async function followOnceHere(subject: string, id: number): Promise<void> {
  isWaiting.value = true;
  const program = await reachProgram(subject);
  if (aim?.go !== id) {
    return;
  }
  if (program && !isStale.value) {
    follow(program);
  } else {
    batch(() => {
      isPlaying.value = false;
      arrive();
    });
  }
}

export function hearMove({
  run: id,
  go,
  position,
  total,
  isDone,
  hasArrived,
  events: told,
  view,
  hasSameRing,
}: Extract<FromWorker, { kind: "moved" }>): void {
  if (id !== runId) {
    return;
  }
  for (const json of told) {
    addEvents(JSON.parse(json) as Told[]);
  }
  batch(() => {
    const { known, view: before, position: at, script, program, language: spoken } = run.value;
    run.value = {
      script,
      program,
      language: spoken,
      position,
      known: Math.max(known, position),
      total,
      isDone,
      // The same ring stays the same object: what draws it need not draw it again.
      view: hasSameRing && before?.ring ? { ...view, ring: before.ring } : view,
      before: position === at + 1 ? before : undefined,
    };
    eventCount.value = events.length;
    if (hasArrived && aim?.go === go) {
      arrive();
    }
  });
}
