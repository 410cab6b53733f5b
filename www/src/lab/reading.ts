/** Has the engine read the script whenever it changes. One reading at a time is under way; of those asked for meanwhile the latest follows. */

import { batch } from "@preact/signals";
import type { FromWorker } from "../engine/worker";
import { language } from "../settings";
import type { Marked } from "../wasm/cachedojo";
import { colours, reading, sheet, type Text } from "./state";
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

/** How many lines of the script are marked so. */
export function markedLines(wanted: Marked["sort"]): number {
  const marked = reading.value.diagnostics.filter(({ sort }) => sort === wanted);
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
