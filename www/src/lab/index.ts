/**
 * What the page knows and does; the views only show it and call it.
 *
 * `state` what is known · `programs` who may obey · `wire` the engine's worker · `reading` the script as it is read · `runs` the run ·
 * `questions` what has one answer · `work` the open sheet.
 */
import { batch, effect, untracked } from "@preact/signals";
import type { Language, NamedExample } from "../engine/worker";
import { language } from "../settings";
import { hasRefused, holdRefused, stepTo } from "../sheets";
import { words } from "../words";
import { reachProgram } from "./programs";
import { hearReading, read, readAgain } from "./reading";
import { arrive, goAgain, hearMove, play, tellAgain } from "./runs";
import {
  commandHelp,
  DIALECTS,
  examples,
  isPlaying,
  isReady,
  isRunning,
  sheet,
  traceDone,
  trouble,
  wasStopped,
} from "./state";
import { enlarge, fetchAgain, hear, restart, send } from "./wire";
import { followStarters, meetOtherTabs, openStep, saveNow } from "./work";

export * from "./programs";
export * from "./questions";
export { diagnostics, markedLines } from "./reading";
export {
  goTo,
  reset,
  runAll,
  runOnce,
  runToLine,
  seek,
  stepBack,
  stepForward,
  stop,
  togglePlay,
  untilStopped,
} from "./runs";
export * from "./state";
export {
  chooseSubject,
  dropKept,
  edit,
  forkHere,
  goOnTo,
  goToLine,
  insertCommand,
  meetOtherTabs,
  openCheckScript,
  openExample,
  openForkedFrom,
  openMeant,
  openOwn,
  openSheet,
  openStray,
  shareLink,
  showOriginal,
  takeKept,
} from "./work";

/** Starts everything that goes on by itself. Call once. */
export async function start(): Promise<void> {
  hearAll();
  // The script that is open comes first: it is what somebody sees and may run.
  effect(() => read(sheet.value, language.value));
  effect(() => {
    speak(language.value);
  });
  effect(play);
  effect(() => {
    const { subject } = sheet.value;
    if (subject !== undefined) {
      untracked(() => reachProgram(subject));
    }
  });
  effect(() => {
    const { starters } = words.value;
    untracked(() => followStarters(starters));
  });
  effect(() => {
    language.value;
    untracked(tellAgain);
  });
  if (!location.hash && !history.state?.sheet) {
    // The way back leads here again, whatever is opened then.
    stepTo(sheet.value, "replaceState");
  }
  addEventListener("popstate", () => {
    if (hasRefused()) {
      holdRefused();
    }
    openStep();
  });
  addEventListener("pagehide", saveNow);
  addEventListener("beforeunload", (event) => {
    saveNow();
    if (hasRefused()) {
      event.preventDefault();
    }
  });
  document.addEventListener("visibilitychange", meetOtherTabs);
  addEventListener("pageshow", meetOtherTabs);
  addEventListener("storage", meetOtherTabs);
  meetOtherTabs();
  await openStep();
}

/** After `unloaded`: asks for the engine again. */
export function retry(): void {
  trouble.value = undefined;
  fetchAgain();
  speak(language.value);
  readAgain();
}

function hearAll(): void {
  hear("ready", () => {
    isReady.value = true;
  });
  hear("spoken", ({ commands, examples: scenarios }) => {
    batch(() => {
      commandHelp.value = commands;
      examples.value = [...starters(), ...scenarios];
    });
  });
  hear("read", hearReading);
  hear("moved", hearMove);
  hear("tracing", ({ done }) => {
    traceDone.value = done;
  });
  hear("unloaded", () => {
    batch(() => {
      trouble.value = "unloaded";
      isPlaying.value = false;
      arrive();
    });
  });
  hear("failed", () => hearFailure("failed"));
  hear("endless", () => hearFailure("endless"));
  hear("wanting", ({ size }) => {
    enlarge(size);
    speakAgain();
    readAgain();
    goAgain();
  });
}

/** Asks which commands and examples there are. Without the examples' file there are the commands all the same. */
async function speak(spoken: Language): Promise<void> {
  const { scenarios } = await import("../engine/scenarios").catch(() => ({ scenarios: {} }));
  if (spoken === language.peek()) {
    send({ kind: "speak", language: spoken, scenarios });
  }
}

/** Whoever answers now may not have been asked for the words yet. */
function speakAgain(): void {
  if (examples.value.length === 0) {
    speak(language.value);
  }
}

/** The engine is of no use any more: it failed, or a program never gives it back. */
function hearFailure(why: "failed" | "endless"): void {
  restart();
  batch(() => {
    trouble.value = why;
    wasStopped.value = why === "endless" && isRunning.value;
    isPlaying.value = false;
    arrive();
  });
  speakAgain();
  readAgain();
}

/** The scripts that the page begins with, to come back to when one's own has gone another way. */
function starters(): NamedExample[] {
  const { starter, starters } = words.value;
  return DIALECTS.map((dialect) => ({
    id: `starter-${dialect}`,
    title: starter,
    dialect,
    seed: "0",
    script: starters[dialect],
  }));
}
