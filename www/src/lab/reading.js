/** Has the engine read the script whenever it changes. One reading at a time is under way; of those asked for meanwhile the latest follows. */
import { batch } from "@preact/signals";
import { language } from "../settings";
import { colours, reading, sheet } from "./state";
import { send } from "./wire";

let readingId = 0;
let isReading = false;
let beingRead;
let nextToRead;
export function read({ text, dialect }, language) {
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
export function readAgain() {
  isReading = false;
  nextToRead = undefined;
  read(sheet.value, language.value);
}
export function hearReading({ id, reading: latest, words }) {
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
