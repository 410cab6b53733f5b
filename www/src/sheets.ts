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
}

type Saved = { text: string; seed: string; at: number };

const PREFIX = "cachedojo.sheet.";
/** Edited examples and links that are kept, the latest first; own sheets are always kept. */
const BORROWED_MAX = 40;

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

export function linkSheet({ text, dialect, seed }: Linked, fragment: string): Sheet {
  return restore({ id: `link.${fragment}`, dialect, original: { text, seed } });
}

export function isOwn(sheet: Sheet): boolean {
  return sheet.id.startsWith("own.");
}

/** Saves a sheet's text and seed, or forgets it where they are the original's. `false` when the browser cannot. */
export function save({ id, text, seed, original }: Sheet): boolean {
  try {
    if (text === original.text && seed === original.seed) {
      localStorage.removeItem(PREFIX + id);
    } else {
      localStorage.setItem(PREFIX + id, JSON.stringify({ text, seed, at: Date.now() } satisfies Saved));
      forgetOldest();
    }
    return true;
  } catch {
    return false;
  }
}

function restore(sheet: Omit<Sheet, "text" | "seed">): Sheet {
  const { text, seed } = load(PREFIX + sheet.id) ?? sheet.original;
  return { ...sheet, text, seed };
}

function load(key: string): Saved | undefined {
  try {
    const { text, seed, at } = JSON.parse(localStorage.getItem(key) ?? "null") ?? {};
    return typeof text === "string" && typeof seed === "string" ? { text, seed, at } : undefined;
  } catch {
    return undefined;
  }
}

function forgetOldest(): void {
  const borrowed = Object.keys(localStorage).filter(
    (key) => key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}own.`),
  );
  if (borrowed.length > BORROWED_MAX) {
    const byAge = borrowed.toSorted((a, b) => (load(b)?.at ?? 0) - (load(a)?.at ?? 0));
    for (const key of byAge.slice(BORROWED_MAX)) {
      localStorage.removeItem(key);
    }
  }
}
