import type { Dialect, NamedExample, Script } from "./engine/worker";
import type { Linked } from "./link";
import type { Words } from "./words";

/**
 * A script that somebody works on. There is one of the learner's own for each dialect; an example and a link are sheets
 * of their own, so that opening one never touches the learner's work. Each is saved in this browser once it is edited.
 */
export interface Sheet extends Script {
  /** Where it is saved, and what tells it from the others. */
  id: string;
  /** What it was before anybody edited it. */
  original: { text: string; seed: string };
  /** An example's title; nothing else has one. */
  title?: string;
  /** The id of the lesson that it is written for; nothing else has one. */
  lesson?: string | undefined;
  /** Where it was forked; nothing else has one. */
  fork?: Fork;
  /** Which check of a report it is; nothing else has one. */
  origin?: Origin;
}

/** A check, what it expects, and what the graded submission answered. */
export interface Origin {
  title: string;
  expected: string | undefined;
  actual: string | undefined;
}

/** Where a script left another: after which command of which sheet. */
export interface Fork {
  after: number;
  from: string;
}

/** Another text of a sheet that this browser holds too: what a tab wrote that had not seen the other's. */
export interface Kept extends Saved {
  key: string;
}

type Saved = { text: string; seed: string; at: number; sheet?: Stray };

/** What a saved sheet was that no address, list or menu leads to: without it its text could not be opened again. */
type Stray = Pick<Sheet, "dialect" | "original" | "title" | "lesson" | "fork">;

const PREFIX = "cachedojo.sheet.";
const KEPT = "cachedojo.kept.";
/** Kept texts of one sheet, the latest first. */
const KEPT_MAX = 10;
/** Edited examples and links that are kept, the latest first; own sheets are always kept. */
const BORROWED_MAX = 40;
/** The most forks from one place, of which the last is taken up again. */
const FORKS_MAX = 9;

export function ownSheet(dialect: Dialect, words: Words): Sheet {
  return restore({ id: `own.${dialect}`, dialect, original: { text: words.starters[dialect], seed: "0" } });
}

export function exampleSheet({ id, dialect, script, seed, title }: NamedExample): Sheet {
  return restore({
    id: `example.${id}`,
    title,
    dialect: dialect as Dialect,
    original: { text: script, seed },
  });
}

export function linkSheet({ text, dialect, seed, lesson, subject }: Linked, fragment: string): Sheet {
  return restore({ id: `link.${fragment}`, dialect, original: { text, seed }, lesson, subject });
}

export function lessonSheetId(lesson: string): string {
  return `lesson.${lesson}`;
}

/** A learner's script for a lesson. */
export function lessonSheet({ text, dialect, seed }: Script, lesson: string): Sheet {
  return restore({ id: lessonSheetId(lesson), dialect, original: { text, seed }, lesson });
}

/** A lesson's example, to be run and changed beside the learner's script. */
export function lessonExampleSheet({ text, dialect, seed }: Script, lesson: string, title: string): Sheet {
  const id = `lesson-example.${lesson}`;
  return restore({ id, title, dialect, original: { text, seed }, lesson });
}

/** The script of a check that a submission lost. */
export function checkSheet({ text, dialect, seed, subject }: Script, origin: Origin): Sheet {
  // Another submission's script under the same title is another sheet.
  const id = `check.${dialect}.${digest(text)}.${seed}`;
  return { ...restore({ id, dialect, original: { text, seed }, origin }), subject };
}

/** A text in the dialect in which it was meant, from a sheet of another. */
export function pastedSheet({ text, dialect, seed }: Script): Sheet {
  return restore({ id: `pasted.${dialect}.${digest(text)}`, dialect, original: { text, seed } });
}

/** A run's script up to where it stood, to go on otherwise. */
export function forkSheet({ text, dialect, seed, subject }: Script, after: number, from: Sheet): Sheet {
  const id = freeFork(`fork.${dialect}.${digest(text)}`, from.id);
  const { title, lesson } = from;
  const borrowed = title === undefined ? {} : { title };
  // Forked of itself it goes on to lead back to where it came from.
  const fork = from.id === id && from.fork ? from.fork : { after, from: from.id };
  return { ...restore({ id, dialect, original: { text, seed }, fork, ...borrowed }), lesson, subject };
}

/** The name of a fork: of one from the same place that has been written on since, another one. */
function freeFork(name: string, from: string): string {
  for (let number = 1; number < FORKS_MAX; number += 1) {
    const id = number === 1 ? name : `${name}.${number}`;
    const saved = parse(read(PREFIX + id));
    if (id === from || !saved || saved.text === saved.sheet?.original.text) {
      return id;
    }
  }
  return `${name}.${FORKS_MAX}`;
}

/** The saved sheets that nothing else leads to, forks and pasted texts, the latest first. Reads them for a list only: see `stray`. */
export function strays(): { id: string; fork: Fork | undefined; at: number }[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX) && isStray(key.slice(PREFIX.length)))
      .flatMap((key) => {
        const saved = parse(read(key));
        return saved?.sheet ? [{ id: key.slice(PREFIX.length), fork: saved.sheet.fork, at: saved.at }] : [];
      })
      .toSorted((a, b) => b.at - a.at);
  } catch {
    return [];
  }
}

/** One of `strays`, to be opened. */
export function stray(id: string): Sheet | undefined {
  const saved = isStray(id) ? parse(read(PREFIX + id))?.sheet : undefined;
  return saved && restore({ ...saved, id });
}

/** A step of the browser's history that shows a sheet which has no address of its own. */
export function stepTo(sheet: Sheet, way: "pushState" | "replaceState", fragment = location.hash): void {
  const { text, seed, ...held } = sheet;
  const address = location.pathname + location.search + fragment;
  try {
    history[way]({ ...history.state, sheet: held }, "", address);
  } catch {
    // More than a history entry holds: the way back to it leads to one's own script.
    history[way]({ ...history.state, sheet: undefined }, "", address);
  }
}

/** The sheet of the current step of the history, as it is now; nothing where the address names what is shown. */
export function steppedTo(words: Words): Sheet | undefined {
  const held: (Partial<Stray> & { id: string }) | undefined = history.state?.sheet;
  if (!held || !isStrayWhole(held)) {
    return undefined;
  }
  return held.id === `own.${held.dialect}` ? ownSheet(held.dialect, words) : restore(held);
}

function isStray(id: string): boolean {
  return id.startsWith("fork.") || id.startsWith("pasted.");
}

/** A short name for a text (FNV-1a): nothing is decided by it but which sheet is taken up again. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return `${text.length.toString(36)}-${hash.toString(36)}`;
}

export function isOwn(sheet: Sheet): boolean {
  return sheet.id.startsWith("own.");
}

/** What this tab last read or wrote under each key: whatever else stands there is another tab's, and not to be lost. */
const seen = new Map<string, string | null>();
/** What the browser's store refused: it stays in the history entry, which a reload keeps. */
const refused = new Map<string, Saved>();

/**
 * Saves a sheet's text and seed, or forgets it where they are the original's, but for a fork, which nothing else leads to. `false` when
 * the browser cannot.
 */
export function save(sheet: Sheet): boolean {
  const { id, text, seed, original } = sheet;
  const key = PREFIX + id;
  const saved: Saved = { text, seed, at: Date.now(), ...(isStray(id) && { sheet: strayOf(sheet) }) };
  try {
    keepUnseen(id);
    const isForgotten = !id.startsWith("fork.") && text === original.text && seed === original.seed;
    write(key, isForgotten ? null : JSON.stringify(saved));
    forgetOldest();
    if (refused.delete(key)) {
      holdRefused();
    }
    return true;
  } catch {
    refused.set(key, saved);
    holdRefused();
    return false;
  }
}

function strayOf({ dialect, original, title, lesson, fork }: Sheet): Stray {
  return { dialect, original, lesson, ...(title !== undefined && { title }), ...(fork && { fork }) };
}

/** The sheet as the store has it now: another tab may have written it since. The same object where nothing changed. */
export function refreshed(sheet: Sheet): Sheet {
  const key = PREFIX + sheet.id;
  if (refused.has(key) || read(key) === (seen.get(key) ?? null)) {
    return sheet;
  }
  return restore(sheet);
}

/** Puts a text aside, to be found in `kept`. */
export function keep(id: string, { text, seed }: Pick<Saved, "text" | "seed">): void {
  const others = kept(id);
  if (others.some((other) => other.text === text && other.seed === seed)) {
    return;
  }
  const at = Math.max(Date.now(), (others[0]?.at ?? 0) + 1);
  localStorage.setItem(`${KEPT}${id}.${at}`, JSON.stringify({ text, seed, at } satisfies Saved));
  for (const { key } of kept(id).slice(KEPT_MAX)) {
    localStorage.removeItem(key);
  }
}

/**
 * Puts a text that was written elsewhere on a sheet: as its own where nobody has written on it here, else, if wanted, beside what
 * stands there. `false` where it was not put there: it is there already, or the browser's store takes no more.
 */
export function bring(
  id: string,
  { text, seed }: Pick<Saved, "text" | "seed">,
  isWantedBeside: boolean,
): boolean {
  const key = PREFIX + id;
  const there = parse(read(key));
  if (there?.text === text || kept(id).some((other) => other.text === text)) {
    return false;
  }
  try {
    if (there && !isWantedBeside) {
      return false;
    }
    if (there) {
      keep(id, { text, seed });
    } else {
      // Not as seen: an open sheet is to find it, as what another tab wrote.
      localStorage.setItem(key, JSON.stringify({ text, seed, at: Date.now() } satisfies Saved));
    }
    return true;
  } catch {
    return false;
  }
}

/** The other texts of this sheet, the latest first. */
export function kept(id: string): Kept[] {
  try {
    return Object.keys(localStorage)
      .filter(
        (key) => key.startsWith(`${KEPT}${id}.`) && /^\d+$/.test(key.slice(KEPT.length + id.length + 1)),
      )
      .flatMap((key) => {
        const saved = parse(read(key));
        return saved ? [{ ...saved, key }] : [];
      })
      .toSorted((a, b) => b.at - a.at);
  } catch {
    return [];
  }
}

export function forgetKept({ key }: Kept): void {
  localStorage.removeItem(key);
}

/** Keeps what the browser's store refused in the current history entry; a link that is opened makes a new one. */
export function holdRefused(): void {
  try {
    history.replaceState({ ...history.state, refused: [...refused] }, "");
  } catch {
    // More than a history entry holds, too: the banner has said so.
  }
}

export function hasRefused(): boolean {
  return refused.size > 0;
}

/** What stands in the store and was never seen here is put aside before it is written over. */
function keepUnseen(id: string): void {
  const key = PREFIX + id;
  const now = read(key);
  const unseen = now === (seen.get(key) ?? null) ? undefined : parse(now);
  if (unseen) {
    keep(id, unseen);
  }
}

function restore(sheet: Omit<Sheet, "text" | "seed">): Sheet {
  const key = PREFIX + sheet.id;
  const stored = read(key);
  seen.set(key, stored);
  const held = heldInHistory().get(key);
  const saved = parse(stored);
  const latest = held && held.at > (saved?.at ?? 0) ? held : saved;
  const { text, seed } = latest ?? sheet.original;
  return { ...sheet, text, seed };
}

function heldInHistory(): Map<string, Saved> {
  try {
    return new Map(history.state?.refused ?? []);
  } catch {
    return new Map();
  }
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  if (value === null) {
    localStorage.removeItem(key);
  } else {
    localStorage.setItem(key, value);
  }
  seen.set(key, value);
}

function parse(json: string | null): Saved | undefined {
  try {
    const { text, seed, at, sheet } = JSON.parse(json ?? "null") ?? {};
    const isWhole = typeof text === "string" && typeof seed === "string" && typeof at === "number";
    return isWhole ? { text, seed, at, ...(isStrayWhole(sheet) && { sheet }) } : undefined;
  } catch {
    return undefined;
  }
}

/** Another version of the page, or anybody, may have written it. */
function isStrayWhole<S extends Partial<Stray>>(sheet: S | undefined): sheet is S & Stray {
  const { original, fork, dialect } = sheet ?? {};
  return (
    typeof dialect === "string" &&
    ["lab", "line", "memcached", "rest"].includes(dialect) &&
    typeof original?.text === "string" &&
    typeof original.seed === "string" &&
    (fork === undefined || (typeof fork.after === "number" && typeof fork.from === "string"))
  );
}

function forgetOldest(): void {
  const borrowed = Object.keys(localStorage).filter(
    (key) =>
      key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}own.`) && !key.startsWith(`${PREFIX}lesson.`),
  );
  if (borrowed.length > BORROWED_MAX) {
    const age = (key: string) => parse(read(key))?.at ?? 0;
    for (const key of borrowed.toSorted((a, b) => age(b) - age(a)).slice(BORROWED_MAX)) {
      localStorage.removeItem(key);
    }
  }
}
