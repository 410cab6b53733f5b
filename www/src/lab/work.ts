/** The open sheet: which it is, what is written on it, and that none of it is lost. */
import { batch } from "@preact/signals";
import type { Dialect, Script } from "../engine/worker";
import { decodeLink, encodeLink } from "../link";
import { eventBefore } from "../log";
import { lastDialect } from "../settings";
import {
  checkSheet,
  exampleSheet,
  forgetKept,
  forkSheet,
  isOwn,
  type Kept,
  keep,
  kept,
  linkSheet,
  type Origin,
  ownSheet,
  pastedSheet,
  refreshed,
  type Sheet,
  save,
  steppedTo,
  stepTo,
  stray,
} from "../sheets";
import { words } from "../words";
import { forkedAt } from "./questions";
import { arrive, begin, go, stop } from "./runs";
import {
  DIALECTS,
  examples,
  isEdited,
  isPlaying,
  isSame,
  isStale,
  isWaiting,
  keptTexts,
  linkFault,
  run,
  sheet,
  shouldFollow,
  soughtLine,
  trouble,
} from "./state";

const END = 0xffff_ffff;
/** A text that is longer than this is not written to the browser's store at every letter. */
const SAVE_AT_ONCE_MAX = 50_000;
const SAVE_AFTER_MS = 200;

let saveTimer: ReturnType<typeof setTimeout> | undefined;
/** Sheets that this visit forked, by their id. */
const forkedFrom = new Map<string, Sheet>();
/** Whether the open sheet has been edited here since it was saved. Only such a sheet is ever written. */
let isUnsaved = false;

/** Writes commands below the line where the run stands, and has them obeyed. A first script that nobody has touched gives way to them. */
export function insertCommand(command: string): void {
  const isUntouched = isOwn(sheet.value) && !isEdited.value && run.value.position === 0;
  const lines = isUntouched ? [""] : sheet.value.text.split("\n");
  const { position, isDone } = run.value;
  const at = isStale.value || isDone ? undefined : eventBefore(position)?.line;
  const isAtEnd = at === undefined && (isStale.value || isDone);
  if (isAtEnd) {
    const text = lines.join("\n").trimEnd();
    edit({ text: `${text}${text ? "\n" : ""}${command}\n` });
    shouldFollow.value = true;
    go({ to: END });
  } else {
    lines.splice(at ?? 0, 0, command);
    edit({ text: lines.join("\n") });
    shouldFollow.value = true;
    go({ to: position + command.split("\n").length });
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
  goOnTo(ownSheet(dialect, words.value));
}

/** Opens the sheet's text in the dialect in which it was meant, on a sheet of its own. */
export function openMeant(dialect: Dialect): void {
  const { text, seed } = sheet.value;
  goOnTo(pastedSheet({ text, dialect, seed }));
}

/** Opens a copy of the run as it went up to where it stands, to go on otherwise. `false` when the engine was ended. */
export async function forkHere(): Promise<boolean> {
  const { position, script } = run.value;
  const from = sheet.value;
  const text = await forkedAt(position);
  if (text === undefined || sheet.value.id !== from.id) {
    return false;
  }
  forkedFrom.set(from.id, sheet.value);
  goOnTo(forkSheet({ ...script, text }, position, from));
  // Nothing else leads to it, so it is kept before anything is written on it.
  isUnsaved = true;
  saveNow();
  go({ to: END });
  return true;
}

/** Opens a saved sheet that nothing else leads to. */
export function openStray(id: string): void {
  const saved = id === sheet.value.id ? undefined : stray(id);
  if (saved) {
    goOnTo(saved);
  }
}

/** Opens the sheet that the open one was forked from. `false` where nothing is known of it any more. */
export function openForkedFrom(): boolean {
  const from = sheet.value.fork?.from ?? "";
  const known = forkedFrom.get(from);
  const example = examples.value.find(({ id }) => from === `example.${id}`);
  const dialect = DIALECTS.find((name) => from === `own.${name}`);
  const parent =
    (known && refreshed(known)) ??
    stray(from) ??
    (example && exampleSheet(example)) ??
    (dialect && ownSheet(dialect, words.value));
  if (!parent) {
    return false;
  }
  goOnTo(parent);
  return true;
}

/** Has another subject obey the open sheet. */
export function chooseSubject(subject: string | undefined): void {
  if (sheet.value.subject !== subject && isWaiting.value) {
    // The run waited for the program that was chosen before.
    arrive();
  }
  sheet.value = { ...sheet.value, subject };
  if (history.state?.sheet) {
    stepTo(sheet.value, "replaceState");
  }
}

/** Opens a sheet that somebody else made, where the history stands. */
export function openSheet(next: Sheet): void {
  linkFault.value = undefined;
  open(next);
}

/** Opens a sheet, a step of the browser's history further. The address of the page names nothing then, unless it goes on naming a lesson. */
export function goOnTo(next: Sheet, fragment = ""): void {
  const isThere = next.id === sheet.value.id && location.hash === fragment;
  stepTo(next, isThere ? "replaceState" : "pushState", fragment);
  openSheet(next);
}

/** Opens what the current step of the browser's history shows. */
export async function openStep(): Promise<void> {
  const held = steppedTo(words.value);
  if (!held) {
    await openFragment(location.hash);
  } else if (held.id !== sheet.value.id) {
    openSheet(held);
  }
}

export function openExample(id: string): void {
  const example = examples.value.find((known) => known.id === id);
  if (example) {
    goOnTo(exampleSheet(example));
  }
}

/** Opens a lost check's script; see `checkSheet`. */
export function openCheckScript(script: Script, origin: Origin): void {
  goOnTo(checkSheet(script, origin));
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

/** The address of this page with the script in it. */
export async function shareLink(): Promise<string> {
  const { text, dialect, seed, lesson, subject } = sheet.value;
  const step = isStale.value ? 0 : run.value.position;
  const link = new URL(await encodeLink({ text, dialect, seed, step, lesson, subject }), location.href);
  // Who opens it chooses what to see.
  link.searchParams.delete("world");
  return link.href;
}

async function openFragment(fragment: string): Promise<void> {
  const linked = await decodeLink(fragment);
  if (linked === undefined || location.hash !== fragment) {
    return;
  }
  if ("fault" in linked) {
    linkFault.value = linked;
    return;
  }
  linkFault.value = undefined;
  open(linkSheet(linked, fragment));
  if (linked.step > 0 && !isEdited.value) {
    go({ to: linked.step });
  }
}

/** The words of an untouched first script follow the language. */
export function followStarters(starters: Record<Dialect, string>): void {
  const { id, dialect, text, original } = sheet.peek();
  if (id === `own.${dialect}` && text === original.text && text !== starters[dialect]) {
    open({
      ...sheet.peek(),
      text: starters[dialect],
      original: { ...original, text: starters[dialect] },
    });
  }
}

export function saveNow(): void {
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
export function meetOtherTabs(): void {
  saveNow();
  const latest = refreshed(sheet.value);
  if (latest !== sheet.value) {
    sheet.value = latest;
  }
  keptTexts.value = kept(latest.id);
}

function open(next: Sheet): void {
  saveNow();
  stop();
  batch(() => {
    if (isOwn(next)) {
      lastDialect.value = next.dialect;
    }
    sheet.value = next;
    keptTexts.value = kept(next.id);
    begin();
  });
}
