/** The events of the run that is shown, in order, and what is looked up in them. Grows with the run. */
import { signal } from "@preact/signals";
import { toneOf } from "./tones";

/** More marks than pixels show nothing more. */
const MARKS_MAX = 4_000;
/** Of one command's answers, those that stand beside its line. */
const ANSWERS_BESIDE_MAX = 3;
/** Grows in place: read it together with `eventCount`. */
export const events = [];
export const eventCount = signal(0);
export const marks = [];
/** What the cluster's messages and nodes told for pictures only, in order. */
const quiet = [];
const byLine = new Map();
const held = [];
const broken = [];
/** Of each read its command, and how many had been hits by then. */
const reads = { steps: [], hits: [] };
export function clearLog() {
  events.length = 0;
  marks.length = 0;
  quiet.length = 0;
  held.length = 0;
  broken.length = 0;
  reads.steps.length = 0;
  reads.hits.length = 0;
  byLine.clear();
  eventCount.value = 0;
}
/** Adds what the engine told; `eventCount` is the caller's to raise, together with where the run stands. */
export function addEvents(told) {
  for (const event of told) {
    if (event.isQuiet) {
      quiet.push(event);
      continue;
    }
    const ofLine = byLine.get(event.line);
    if (ofLine) {
      ofLine.push(events.length);
    } else {
      byLine.set(event.line, [events.length]);
    }
    events.push(event);
    if (event.kind === "hit" || event.kind === "miss") {
      reads.steps.push(event.step);
      reads.hits.push((reads.hits.at(-1) ?? 0) + (event.kind === "hit" ? 1 : 0));
    }
    if (event.kind === "held") {
      held.push(event.step);
    } else if (event.kind === "broken") {
      broken.push(event.step);
    }
    const kind = markOf(event);
    if (kind && marks.length < MARKS_MAX) {
      marks.push({ step: event.step, kind });
    }
  }
}
/** How many events the first `position` commands made: events are in the order of their commands. O(log n). */
export function countBefore(position) {
  return lowerBound(eventCount.value, (index) => events[index]?.step ?? position, position);
}
/** The last event of the first `position` commands. */
export function eventBefore(position) {
  return events[countBefore(position) - 1];
}
/** How many expectations of the first `position` commands held, and how many did not. */
export function judgedBefore(position) {
  const count = (steps) => lowerBound(steps.length, (index) => steps[index] ?? position, position);
  return { held: count(held), broken: count(broken) };
}
/** What the script's line was answered when it was obeyed last among the first `position` commands. O(log n). */
export function answerOfLine(line, position) {
  const ofLine = byLine.get(line) ?? [];
  const count = lowerBound(ofLine.length, (index) => events[ofLine[index] ?? 0]?.step ?? position, position);
  const last = events[ofLine[count - 1] ?? -1];
  if (!last) {
    return undefined;
  }
  let first = count - 1;
  while (first > 0 && events[ofLine[first - 1] ?? -1]?.step === last.step) {
    first -= 1;
  }
  const answers = ofLine.slice(first, count).flatMap((index) => events[index] ?? []);
  const shown = answers.slice(0, ANSWERS_BESIDE_MAX).map(sayingOf);
  const tones = answers.map(toneOf);
  const tone = ["bad", "warn"].find((worst) => tones.includes(worst)) ?? tones[0] ?? "quiet";
  return { text: shown.join(" · ") + (answers.length > shown.length ? " …" : ""), tone };
}
/** The messages between nodes that this command caused, in order: the first `most` of them. Cost: O(most + log n). */
export function messagesOf(step, most) {
  const found = [];
  const start = lowerBound(quiet.length, (index) => quiet[index]?.step ?? step, step);
  for (let i = start; i < quiet.length && found.length < most; i += 1) {
    const told = quiet[i];
    if (told?.step !== step) {
      break;
    }
    if (told.kind === "world" && told.event.sort === "message") {
      found.push(told.event);
    }
  }
  return found;
}
/** Hits per read after each of at most `places` equal parts of the reads so far. Cost: O(places + log n). */
export function hitRatios(position, places) {
  const all = lowerBound(reads.steps.length, (index) => reads.steps[index] ?? position, position);
  const count = Math.min(places, all);
  return Array.from({ length: count }, (_, place) => {
    const upTo = Math.ceil(((place + 1) * all) / count);
    return (reads.hits[upTo - 1] ?? 0) / upTo;
  });
}
/** What an event says, in the reader's language. */
export function sayingOf({ text, told }) {
  return told ?? text;
}
function markOf(event) {
  switch (event.kind) {
    case "inside":
      return event.event.kind === "refused" ? undefined : "gone";
    case "broken":
    case "crashed":
      return "broken";
    case "left":
    case "wallJumped":
      return "fault";
    case "world":
      return event.event.sort === "fault" ? "fault" : undefined;
    default:
      return undefined;
  }
}
/** The first index of `length` ascending numbers at which one is `limit` or more. */
function lowerBound(length, at, limit) {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(middle) < limit) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
