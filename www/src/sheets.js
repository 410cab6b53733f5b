const PREFIX = "cachedojo.sheet.";
const KEPT = "cachedojo.kept.";
/** Kept texts of one sheet, the latest first. */
const KEPT_MAX = 10;
/** Edited examples and links that are kept, the latest first; own sheets are always kept. */
const BORROWED_MAX = 40;
export function ownSheet(dialect, words) {
  return restore({ id: `own.${dialect}`, dialect, original: { text: words.starters[dialect], seed: "0" } });
}
export function exampleSheet({ id, dialect, script, seed, title }) {
  return restore({
    id: `example.${id}`,
    title,
    dialect: dialect,
    original: { text: script, seed },
  });
}
export function linkSheet({ text, dialect, seed, lesson }, fragment) {
  return restore({ id: `link.${fragment}`, dialect, original: { text, seed }, lesson });
}
/** A learner's script for a lesson. */
export function lessonSheet({ text, dialect, seed }, lesson) {
  return restore({ id: `lesson.${lesson}`, dialect, original: { text, seed }, lesson });
}
/** A lesson's example, to be run and changed beside the learner's script. */
export function lessonExampleSheet({ text, dialect, seed }, lesson, title) {
  const id = `lesson-example.${lesson}`;
  return restore({ id, title, dialect, original: { text, seed }, lesson });
}
/** The script of a check that a submission lost. */
export function checkSheet({ text, dialect, seed, subject }, origin) {
  const id = `check.${origin.title}.${seed}`;
  return { ...restore({ id, dialect, original: { text, seed }, origin }), subject };
}
/** A text in the dialect in which it was meant, from a sheet of another. */
export function pastedSheet({ text, dialect, seed }) {
  return restore({ id: `pasted.${dialect}.${digest(text)}`, dialect, original: { text, seed } });
}
/** A run's script up to where it stood, to go on otherwise. */
export function forkSheet({ text, dialect, seed, subject }, fork, title, lesson) {
  const id = `fork.${dialect}.${digest(text)}`;
  const borrowed = title === undefined ? {} : { title };
  return { ...restore({ id, dialect, original: { text, seed }, fork, ...borrowed }), lesson, subject };
}
/** A short name for a text (FNV-1a): nothing is decided by it but which sheet is taken up again. */
function digest(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return `${text.length.toString(36)}-${hash.toString(36)}`;
}
export function isOwn(sheet) {
  return sheet.id.startsWith("own.");
}
/** What this tab last read or wrote under each key: whatever else stands there is another tab's, and not to be lost. */
const seen = new Map();
/** What the browser's store refused: it stays in the history entry, which a reload keeps. */
const refused = new Map();
/** Saves a sheet's text and seed, or forgets it where they are the original's. `false` when the browser cannot. */
export function save({ id, text, seed, original }) {
  const key = PREFIX + id;
  const saved = { text, seed, at: Date.now() };
  try {
    keepUnseen(id);
    const isOriginal = text === original.text && seed === original.seed;
    write(key, isOriginal ? null : JSON.stringify(saved));
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
/** The sheet as the store has it now: another tab may have written it since. The same object where nothing changed. */
export function refreshed(sheet) {
  const key = PREFIX + sheet.id;
  if (refused.has(key) || read(key) === (seen.get(key) ?? null)) {
    return sheet;
  }
  return restore(sheet);
}
/** Puts a text aside, to be found in `kept`. */
export function keep(id, { text, seed }) {
  const others = kept(id);
  if (others.some((other) => other.text === text && other.seed === seed)) {
    return;
  }
  const at = Math.max(Date.now(), (others[0]?.at ?? 0) + 1);
  localStorage.setItem(`${KEPT}${id}.${at}`, JSON.stringify({ text, seed, at }));
  for (const { key } of kept(id).slice(KEPT_MAX)) {
    localStorage.removeItem(key);
  }
}
/** The other texts of this sheet, the latest first. */
export function kept(id) {
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
export function forgetKept({ key }) {
  localStorage.removeItem(key);
}
/** Keeps what the browser's store refused in the current history entry; a link that is opened makes a new one. */
export function holdRefused() {
  try {
    history.replaceState({ ...history.state, refused: [...refused] }, "");
  } catch {
    // More than a history entry holds, too: the banner has said so.
  }
}
export function hasRefused() {
  return refused.size > 0;
}
/** What stands in the store and was never seen here is put aside before it is written over. */
function keepUnseen(id) {
  const key = PREFIX + id;
  const now = read(key);
  const unseen = now === (seen.get(key) ?? null) ? undefined : parse(now);
  if (unseen) {
    keep(id, unseen);
  }
}
function restore(sheet) {
  const key = PREFIX + sheet.id;
  const stored = read(key);
  seen.set(key, stored);
  const held = heldInHistory().get(key);
  const saved = parse(stored);
  const latest = held && held.at > (saved?.at ?? 0) ? held : saved;
  const { text, seed } = latest ?? sheet.original;
  return { ...sheet, text, seed };
}
function heldInHistory() {
  try {
    return new Map(history.state?.refused ?? []);
  } catch {
    return new Map();
  }
}
function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
function write(key, value) {
  if (value === null) {
    localStorage.removeItem(key);
  } else {
    localStorage.setItem(key, value);
  }
  seen.set(key, value);
}
function parse(json) {
  try {
    const { text, seed, at } = JSON.parse(json ?? "null") ?? {};
    const isWhole = typeof text === "string" && typeof seed === "string" && typeof at === "number";
    return isWhole ? { text, seed, at } : undefined;
  } catch {
    return undefined;
  }
}
function forgetOldest() {
  const borrowed = Object.keys(localStorage).filter(
    (key) =>
      key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}own.`) && !key.startsWith(`${PREFIX}lesson.`),
  );
  if (borrowed.length > BORROWED_MAX) {
    const age = (key) => parse(read(key))?.at ?? 0;
    for (const key of borrowed.toSorted((a, b) => age(b) - age(a)).slice(BORROWED_MAX)) {
      localStorage.removeItem(key);
    }
  }
}
