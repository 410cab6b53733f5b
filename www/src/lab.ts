/** What the page knows and does: the open sheet, the run, and the actions. The views only show it and call it. */
import { batch, computed, effect, signal } from "@preact/signals";
import { Engine } from "./engine/engine";
import type { Told } from "./engine/event";
import type { Dialect, FromWorker, NamedExample, Script, ToWorker } from "./engine/worker";
import { decodeLink, encodeLink, isSeed, type LinkFault } from "./link";
import { addEvents, clearLog, eventBefore, eventCount, events } from "./log";
import { language, lastDialect } from "./settings";
import {
  checkSheet,
  exampleSheet,
  forgetKept,
  hasRefused,
  holdRefused,
  type Kept,
  keep,
  kept,
  linkSheet,
  type Origin,
  ownSheet,
  refreshed,
  type Sheet,
  save,
} from "./sheets";
import type { CommandHelp, Race, Reading, View } from "./wasm/cachedojo";
import { words } from "./words";

/** A run of one script: where it stands, and all that is known of it. Going back forgets nothing. */
export interface Run {
  script: Script;
  /** How many commands have been obeyed. */
  position: number;
  /** How many commands' events are known. */
  known: number;
  total: number;
  /** Nothing follows: the script is at its end, or its subject is. */
  isDone: boolean;
  view?: View;
  /** The world one command earlier, where the run came from there: what has just changed is told by it. */
  before?: View | undefined;
}

type Text = Pick<Script, "text" | "dialect">;
type Trouble = "failed" | "unloaded" | "unsaved";

const END = 0xffff_ffff;
/** A text that is longer than this is not written to the browser's store at every letter. */
const SAVE_AT_ONCE_MAX = 50_000;
const SAVE_AFTER_MS = 200;

/** In the order in which they are offered. */
export const DIALECTS: Dialect[] = ["lab", "line", "memcached", "rest"];

export const sheet = signal<Sheet>(ownSheet(lastDialect.value, words.value));
export const run = signal<Run>(freshRun(sheet.value));
export const isRunning = signal(false);
/** Whether the run goes on by itself, one command after the other. */
export const isPlaying = signal(false);
/** Commands a second, while it does. */
export const speed = signal(2);
/** Whether the editor is to show the line where the run stands. */
export const shouldFollow = signal(false);
export const wasStopped = signal(false);
export const isReady = signal(false);
/** What the engine read last, and in which text: the script's, or that of a moment ago. */
export const reading = signal<Reading & { of?: Text | undefined }>({ commands: 0, diagnostics: [] });
export const examples = signal<NamedExample[]>([]);
export const commandHelp = signal<CommandHelp[]>([]);
export const linkFault = signal<LinkFault | undefined>(undefined);
export const trouble = signal<Trouble | undefined>(undefined);
/** A key that the learner wants to see on the ring. */
export const soughtKey = signal("");

/** Other texts of the open sheet that this browser holds: see `sheets.kept`. */
export const keptTexts = signal<Kept[]>([]);

/** The line that the editor is to show and put its cursor on; a new object each time. */
export const soughtLine = signal<{ line: number } | undefined>(undefined);

/** Whether the script has been edited since the run that is shown. */
export const isStale = computed(() => !isSame(run.value.script, sheet.value));
/** Whether the script is known to hold no command. Of one that has not been read yet nobody knows. */
export const isEmpty = computed(() => {
  const { text, dialect } = sheet.value;
  const { commands, of } = reading.value;
  return commands === 0 && of?.text === text && of.dialect === dialect;
});
/** Whether the sheet is not as it was before anybody edited it. */
export const isEdited = computed(() => {
  const { text, seed, original } = sheet.value;
  return text !== original.text || seed !== original.seed;
});

/** Who may obey besides the reference, by the name that a script calls it by. */
export const programs = new Map<string, WebAssembly.Module>();

const engine = new Engine(hear);
/** What the engine was asked beside runs and readings, by number, and who waits for the answer. */
const asked = new Map<number, (answer: FromWorker | undefined) => void>();
let askedId = 0;
let runId = 0;
let saveTimer: ReturnType<typeof setTimeout> | undefined;
/** Whether the open sheet has been edited here since it was saved. Only such a sheet is ever written. */
let isUnsaved = false;

/** Starts everything that goes on by itself. Call once. */
export async function start(): Promise<void> {
  effect(() => engine.send({ kind: "speak", language: language.value }));
  effect(() => read(sheet.value, language.value));
  effect(play);
  effect(() => {
    const { starters } = words.value;
    const { id, dialect, text, original } = sheet.peek();
    if (id === `own.${dialect}` && text === original.text && text !== starters[dialect]) {
      open({ ...sheet.peek(), text: starters[dialect], original: { ...original, text: starters[dialect] } });
    }
  });
  addEventListener("hashchange", () => {
    if (hasRefused()) {
      holdRefused();
    }
    openFragment(location.hash);
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
  await openFragment(location.hash);
}

/** Runs to the end; a run that is there already starts over. */
export function runAll(): void {
  isPlaying.value = false;
  shouldFollow.value = false;
  if (run.value.isDone) {
    begin();
  }
  go(END);
}

export function stepForward(): void {
  shouldFollow.value = true;
  go((isStale.value ? 0 : run.value.position) + 1);
}

export function stepBack(): void {
  isPlaying.value = false;
  goTo(run.value.position - 1);
}

/** Stands right after command number `position` of the run that is shown. */
export function goTo(position: number): void {
  shouldFollow.value = true;
  go(Math.max(0, Math.min(position, run.value.total || position)));
}

/** Has the run go on by itself, from its beginning if it is at its end; or no longer. */
export function togglePlay(): void {
  if (!isPlaying.value && run.value.isDone && !isStale.value) {
    goTo(0);
  }
  isPlaying.value = !isPlaying.value;
}

let playTimer: ReturnType<typeof setTimeout> | undefined;

/** The next command's turn, once the last one's effect is shown. */
function play(): void {
  clearTimeout(playTimer);
  if (!isPlaying.value || isRunning.value) {
    return;
  }
  if (run.value.isDone && !isStale.value) {
    isPlaying.value = false;
  } else {
    playTimer = setTimeout(stepForward, 1000 / speed.value);
  }
}

/** Runs until the line has been obeyed, or to the end where it never is. */
export function runToLine(line: number): void {
  const known = isStale.value ? undefined : events.find((event) => event.line >= line);
  if (known) {
    goTo(known.step + 1);
  } else {
    runAll();
  }
}

/** Writes a command below the line where the run stands, and has it obeyed. */
export function insertCommand(command: string): void {
  const lines = sheet.value.text.split("\n");
  const { position, isDone } = run.value;
  const at = isStale.value || isDone ? undefined : eventBefore(position)?.line;
  const isAtEnd = at === undefined && (isStale.value || isDone);
  if (isAtEnd) {
    const text = sheet.value.text.trimEnd();
    edit({ text: `${text}${text ? "\n" : ""}${command}\n` });
    shouldFollow.value = true;
    go(END);
  } else {
    lines.splice(at ?? 0, 0, command);
    edit({ text: lines.join("\n") });
    goTo(position + command.split("\n").length);
  }
}

/** Ends the run at once. What it has shown so far stays. */
export function stop(): void {
  forgetAsked();
  isPlaying.value = false;
  if (isRunning.value) {
    engine.restart();
    batch(() => {
      isRunning.value = false;
      wasStopped.value = true;
    });
    readAgain();
  }
}

/** Back to before the first command. */
export function reset(): void {
  stop();
  begin();
}

export function seek(key: string): void {
  soughtKey.value = key;
  if (!isRunning.value && !isStale.value && run.value.view?.ring) {
    go(run.value.position);
  }
}

export function goToLine(line: number): void {
  soughtLine.value = { line };
}

export function edit(change: { text: string } | { seed: string }): void {
  isPlaying.value = false;
  const edited = { ...sheet.value, ...change };
  if (isSame(edited, sheet.value)) {
    return;
  }
  sheet.value = edited;
  isUnsaved = true;
  clearTimeout(saveTimer);
  if (sheet.value.text.length <= SAVE_AT_ONCE_MAX) {
    saveNow();
  } else {
    saveTimer = setTimeout(saveNow, SAVE_AFTER_MS);
  }
}

/** Has the open sheet go on with a kept text; the one it takes the place of is kept in turn. */
export function takeKept(one: Kept): void {
  const { id, text, seed } = sheet.value;
  try {
    keep(id, { text, seed });
    forgetKept(one);
  } catch {
    // No room to keep both: the editor's undo still has the other.
  }
  edit({ text: one.text });
  edit({ seed: one.seed });
  keptTexts.value = kept(id);
}

export function dropKept(one: Kept): void {
  forgetKept(one);
  keptTexts.value = kept(sheet.value.id);
}

export function openOwn(dialect: Dialect): void {
  leaveFragment();
  lastDialect.value = dialect;
  open(ownSheet(dialect, words.value));
}

/** Has another subject obey the open sheet. */
export function chooseSubject(subject: string | undefined): void {
  sheet.value = { ...sheet.value, subject };
}

/** Opens a sheet that somebody else made. */
export function openSheet(next: Sheet): void {
  leaveFragment();
  open(next);
}

export function openExample(id: string): void {
  const example = examples.value.find((known) => known.id === id);
  if (example) {
    leaveFragment();
    open(exampleSheet(example));
  }
}

/** Opens a lost check's script; see `checkSheet`. */
export function openCheckScript(script: Script, origin: Origin): void {
  leaveFragment();
  open(checkSheet(script, origin));
}

export function showOriginal(): void {
  const { id, text, seed, original } = sheet.value;
  try {
    keep(id, { text, seed });
  } catch {
    // The editor's undo still has it.
  }
  edit({ seed: original.seed });
  edit({ text: original.text });
  keptTexts.value = kept(id);
}

/** After `unloaded`: asks for the engine again. */
export function retry(): void {
  trouble.value = undefined;
  engine.retry();
  engine.send({ kind: "speak", language: language.value });
  readAgain();
}

/** The address of this page with the script in it. */
export async function shareLink(): Promise<string> {
  const { text, dialect, seed, lesson } = sheet.value;
  const step = isStale.value ? 0 : run.value.position;
  return new URL(await encodeLink({ text, dialect, seed, step, lesson }), location.href).href;
}

async function openFragment(fragment: string): Promise<void> {
  const linked = await decodeLink(fragment);
  if (linked === undefined) {
    return;
  }
  if ("fault" in linked) {
    linkFault.value = linked;
    return;
  }
  open(linkSheet(linked, fragment));
  if (linked.step > 0 && !isEdited.value) {
    go(linked.step);
  }
}

function leaveFragment(): void {
  linkFault.value = undefined;
  if (location.hash) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
}

function open(next: Sheet): void {
  saveNow();
  stop();
  batch(() => {
    sheet.value = next;
    keptTexts.value = kept(next.id);
    begin();
  });
}

function saveNow(): void {
  clearTimeout(saveTimer);
  if (!isUnsaved) {
    return;
  }
  const isSaved = save(sheet.value);
  isUnsaved = false;
  keptTexts.value = kept(sheet.value.id);
  if (!isSaved) {
    trouble.value = "unsaved";
  } else if (trouble.value === "unsaved") {
    trouble.value = undefined;
  }
}

/** Another tab may have written this sheet: an untouched one shows what it wrote, an edited one is saved beside it. */
function meetOtherTabs(): void {
  saveNow();
  const latest = refreshed(sheet.value);
  if (latest !== sheet.value) {
    sheet.value = latest;
  }
  keptTexts.value = kept(latest.id);
}

/** A new run of the sheet as it is now. */
function begin(): void {
  runId += 1;
  batch(() => {
    clearLog();
    run.value = freshRun(sheet.value);
    wasStopped.value = false;
    isRunning.value = false;
  });
}

function go(to: number): void {
  if (isStale.value) {
    begin();
  }
  if (!isSeed(sheet.value.seed)) {
    return;
  }
  const { script, known } = run.value;
  const keys = soughtKey.value === "" ? [] : [soughtKey.value];
  batch(() => {
    isRunning.value = true;
    wasStopped.value = false;
    if (trouble.value === "failed") {
      trouble.value = undefined;
    }
  });
  const program = programs.get(script.subject ?? "");
  engine.send({ kind: "go", run: runId, script, program, to, known, keys });
}

function hear(message: FromWorker): void {
  switch (message.kind) {
    case "ready":
      isReady.value = true;
      break;
    case "spoken":
      batch(() => {
        commandHelp.value = message.commands;
        examples.value = [...starters(), ...message.examples];
      });
      break;
    case "read":
      hearReading(message.id, message.reading);
      break;
    case "moved":
      hearMove(message);
      break;
    case "opened":
    case "checked":
    case "raced":
    case "exported":
      asked.get(message.id)?.(message);
      asked.delete(message.id);
      break;
    case "unloaded":
      batch(() => {
        trouble.value = "unloaded";
        isRunning.value = false;
      });
      break;
    case "failed":
      hearFailure();
  }
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

function hearMove({
  run: id,
  position,
  total,
  isDone,
  hasArrived,
  events: told,
  view,
  hasSameRing,
}: Extract<FromWorker, { kind: "moved" }>) {
  if (id !== runId) {
    return;
  }
  for (const json of told) {
    addEvents(JSON.parse(json) as Told[]);
  }
  batch(() => {
    const { script, known, view: before, position: at } = run.value;
    run.value = {
      script,
      position,
      known: Math.max(known, position),
      total,
      isDone,
      // The same ring stays the same object: what draws it need not draw it again.
      view: hasSameRing && before?.ring ? { ...view, ring: before.ring } : view,
      before: position === at + 1 ? before : undefined,
    };
    eventCount.value = events.length;
    isRunning.value = !hasArrived;
  });
}

/** Nobody answers any more what was asked. */
function forgetAsked(): void {
  if (asked.size > 0) {
    engine.restart();
    readAgain();
  }
  for (const hearAnswer of asked.values()) {
    hearAnswer(undefined);
  }
  asked.clear();
}

function ask(question: (id: number) => ToWorker): Promise<FromWorker | undefined> {
  askedId += 1;
  const id = askedId;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    engine.send(question(id));
  });
}

/** What the editor opens with for a lesson, given as the course's file has it; nothing when the engine was ended. */
export async function lessonOpening(lesson: string): Promise<string | undefined> {
  const answer = await ask((id) => ({ kind: "openLesson", id, lesson, language: language.value }));
  return answer?.kind === "opened" ? answer.script : undefined;
}

/** What comes of the script for a lesson, as the engine judges it; nothing when the engine was ended. */
export async function checkLesson(
  lesson: string,
  script: string,
  hunted: [WebAssembly.Module, WebAssembly.Module] | undefined,
): Promise<string | undefined> {
  const answer = await ask((id) => ({
    kind: "check",
    id,
    lesson,
    script,
    language: language.value,
    programs: hunted,
  }));
  return answer?.kind === "checked" ? answer.attempt : undefined;
}

/** The whole run of the open script, as the command line prints it; nothing when the engine was ended. */
export async function exportRun(format: "json" | "text"): Promise<string | undefined> {
  const { text, dialect, seed } = sheet.value;
  const answer = await ask((id) => ({ kind: "export", id, script: { text, dialect, seed }, format }));
  return answer?.kind === "exported" ? answer.text : undefined;
}

/** The script's commands to a node, obeyed by a node of each policy; nothing where there are none. */
export async function race(policies: string[]): Promise<Race | undefined> {
  const { text } = sheet.value;
  const answer = await ask((id) => ({ kind: "race", id, text, policies }));
  return answer?.kind === "raced" ? answer.race : undefined;
}

function hearFailure(): void {
  const waiting = [...asked.values()];
  asked.clear();
  for (const hearAnswer of waiting) {
    hearAnswer(undefined);
  }
  engine.restart();
  batch(() => {
    trouble.value = "failed";
    isRunning.value = false;
  });
  if (examples.value.length === 0) {
    engine.send({ kind: "speak", language: language.value });
  }
  readAgain();
}

// One reading at a time is under way; of those asked for meanwhile only the latest follows.
let readingId = 0;
let isReading = false;
let beingRead: Text | undefined;
let nextToRead: (() => void) | undefined;

function read({ text, dialect }: Text, language: "en" | "fr"): void {
  const ask = () => {
    isReading = true;
    readingId += 1;
    beingRead = { text, dialect };
    engine.send({ kind: "read", id: readingId, text, dialect, language });
  };
  if (isReading) {
    nextToRead = ask;
  } else {
    ask();
  }
}

/** After a restart nobody answers what was asked before. */
function readAgain(): void {
  isReading = false;
  nextToRead = undefined;
  read(sheet.value, language.value);
}

function hearReading(id: number, latest: Reading): void {
  if (id === readingId) {
    isReading = false;
    reading.value = { ...latest, of: beingRead };
    const ask = nextToRead;
    nextToRead = undefined;
    ask?.();
  }
}

function freshRun({ text, dialect, seed, subject }: Script): Run {
  return { script: { text, dialect, seed, subject }, position: 0, known: 0, total: 0, isDone: false };
}

function isSame(a: Script, b: Script): boolean {
  return a.text === b.text && a.dialect === b.dialect && a.seed === b.seed && a.subject === b.subject;
}
