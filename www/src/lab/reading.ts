/** Has the engine read the script whenever it changes. One reading at a time is under way; of those asked for meanwhile the latest follows. */

import { batch, computed } from "@preact/signals";
import type { FromWorker } from "../engine/worker";
import { eventCount, refusalsByLine, refusedBefore } from "../log";
import { language } from "../settings";
import type { Marked } from "../wasm/cachedojo";
import { words } from "../words";
import { colours, isStale, reading, run, sheet, type Text } from "./state";
import { send } from "./wire";

let readingId = 0;
let isReading = false;
let beingRead: Text | undefined;
let nextToRead: (() => void) | undefined;

export function read({ text, dialect }: Text, language: "en" | "fr"): void {
  const ask = () => {
    isReading = true;
    readingId += 1;
    beingRead = { text, dialect };
    send({ kind: "read", id: readingId, text, dialect, language });
  };
  if (isReading) {
    nextToRead = ask;
  } else {
    ask();
  }
}

/** After a restart nobody answers what was asked before. */
export function readAgain(): void {
  isReading = false;
  nextToRead = undefined;
  read(sheet.value, language.value);
}

/** More lines than these are not marked because of their answers. */
const REFUSED_MAX = 200;

/** How many answers so far are errors: as long as that stays, no mark changes. */
const refusedCount = computed(() =>
  isStale.value || eventCount.value === 0 ? 0 : refusedBefore(run.value.position),
);

/** What is marked in the script: what was read in it, and the lines that were answered with an error of theirs. */
export const diagnostics = computed<Marked[]>(() => {
  const { diagnostics: read } = reading.value;
  const count = refusedCount.value;
  if (count === 0) {
    return read;
  }
  const answers = refusalsByLine(count, REFUSED_MAX);
  const told = read.flatMap(({ sort, line }) => (sort === "refused" ? [line] : []));
  let from = 0;
  const refused = sheet.value.text.split("\n").flatMap((text, index): Marked[] => {
    const [start, line] = [from, index + 1];
    from += text.length + 1;
    const refusal = answers.get(line);
    // What was read as wrong may stand in a later line of the command, as a value does.
    if (!refusal || told.some((other) => other >= line && other < Math.max(refusal.nextLine, line + 1))) {
      return [];
    }
    // An answer that has code in it is not code itself.
    const answer = refusal.answer.includes("`") ? refusal.answer : `\`${refusal.answer}\``;
    const message = words.value.status.refusedWith(answer);
    return [{ from: start, to: start + text.length, line, message, sort: "refused" }];
  });
  return [...read, ...refused];
});

/** How many lines of the script are marked so. */
export function markedLines(wanted: Marked["sort"]): number {
  const marked = diagnostics.value.filter(({ sort }) => sort === wanted);
  return new Set(marked.map(({ line }) => line)).size;
}

export function hearReading({ id, reading: latest, words }: Extract<FromWorker, { kind: "read" }>): void {
  if (id !== readingId || !beingRead) {
    return;
  }
  const of = beingRead;
  isReading = false;
  batch(() => {
    reading.value = { ...latest, of };
    colours.value = { of, words };
  });
  const ask = nextToRead;
  nextToRead = undefined;
  ask?.();
}
