/** What the page knows: the open sheet, the run, and what was read of the script. Views show it; only this folder changes it. */
import { computed, signal } from "@preact/signals";
import type { Dialect, NamedExample, Script } from "../engine/worker";
import { isSeed, type LinkFault } from "../link";
import { language, lastDialect } from "../settings";
import { type Kept, ownSheet, type Sheet } from "../sheets";
import type { CommandHelp, Reading, View } from "../wasm/cachedojo";
import { words } from "../words";
import { lacks, programs } from "./programs";

/** A run of one script: where it stands, and all that is known of it. Going back forgets nothing. */
export interface Run {
  script: Script;
  /** In which language its events were told. */
  language: "en" | "fr";
  /** How many commands have been obeyed. */
  position: number;
  /** How many commands' events are known. */
  known: number;
  total: number;
  /** Nothing follows: the script is at its end, or its subject is. */
  isDone: boolean;
  view?: View;
  /** Who has obeyed so far, where that is not the reference. */
  program?: WebAssembly.Module | undefined;
  /** The world one command earlier, where the run came from there: what has just changed is told by it. */
  before?: View | undefined;
}

export type Text = Pick<Script, "text" | "dialect">;
export type Trouble = "failed" | "endless" | "unloaded" | "unsaved";

/** Words of a text as the engine found them: four numbers each (Rust: `colours`). */
export interface Colours {
  of: Text;
  words: Uint32Array;
}

/** In the order in which they are offered. */
export const DIALECTS: Dialect[] = ["lab", "line", "memcached", "rest"];

export const sheet = signal<Sheet>(ownSheet(lastDialect.value, words.value));
export const run = signal<Run>(freshRun(sheet.value));
export const isRunning = signal(false);
/** Whether the engine is under way, however short the way is; `isRunning` is what a person is told of. */
export const isBusy = signal(false);
/** Whether what is under way waits for the program that is to obey. */
export const isWaiting = signal(false);
/** Whether the run goes on by itself, one command after the other. */
export const isPlaying = signal(false);
/** Commands a second, while it does. */
export const speed = signal(2);
/** Whether the editor is to show the line where the run stands. */
export const shouldFollow = signal(false);
export const wasStopped = signal(false);
export const isReady = signal(false);
/** What the engine read last, and in which text: the script's, or that of a moment ago. */
export const reading = signal<Reading & { of?: Text | undefined }>({
  commands: 0,
  diagnostics: [],
});
export const colours = signal<Colours | undefined>(undefined);
export const examples = signal<NamedExample[]>([]);
/** Each dialect's commands. */
export const commandHelp = signal<Record<Dialect, CommandHelp[]>>({
  lab: [],
  line: [],
  memcached: [],
  rest: [],
});
export const linkFault = signal<LinkFault | undefined>(undefined);
export const trouble = signal<Trouble | undefined>(undefined);
/** A key that the learner wants to see on the ring. */
export const soughtKey = signal("");
/** Other texts of the open sheet that this browser holds: see `sheets.kept`. */
export const keptTexts = signal<Kept[]>([]);
/** The line that the editor is to show and put its cursor on; a new object each time. */
export const soughtLine = signal<{ line: number } | undefined>(undefined);
/** The line of the editor's cursor, counted from 1. */
export const cursorLine = signal(1);

/** The line that somebody is writing: what is wrong with it is told once it is left. */
export const typedLine = signal<number | undefined>(undefined);

/** Whether the script has been edited since the run that is shown, or another program goes by its subject's name. */
export const isStale = computed(() => {
  const { script, program } = run.value;
  const isOthers = program !== undefined && programs.value.get(script.subject ?? "") !== program;
  return isOthers || !isSame(script, sheet.value);
});
/** Why the program cannot be had that is to obey the open sheet, where it cannot. */
export const lack = computed(() => lacks.value.get(sheet.value.subject ?? ""));
/** Whether what was read last is what the open sheet holds. */
export const isRead = computed(() => {
  const { text, dialect } = sheet.value;
  const { of } = reading.value;
  return of?.text === text && of.dialect === dialect;
});
/** Whether the script is known to hold no command. Of one that has not been read yet nobody knows. */
export const isEmpty = computed(() => reading.value.commands === 0 && isRead.value);
/** Whether the sheet is not as it was before anybody edited it. */
export const isEdited = computed(() => {
  const { text, seed, original } = sheet.value;
  return text !== original.text || seed !== original.seed;
});
/** Whether a run could be asked for at all. */
export const canRun = computed(
  () => trouble.value !== "unloaded" && !isRunning.value && !isEmpty.value && isSeed(sheet.value.seed),
);

export function freshRun({ text, dialect, seed, subject }: Script): Run {
  const script = { text, dialect, seed, subject };
  return { script, language: language.peek(), position: 0, known: 0, total: 0, isDone: false };
}

export function isSame(a: Script, b: Script): boolean {
  return a.text === b.text && a.dialect === b.dialect && a.seed === b.seed && a.subject === b.subject;
}

/** Which share of a trace has been replayed. */
export const traceDone = signal(0);
