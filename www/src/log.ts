/** The events of the run that is shown, in order, and what is looked up in them. Grows with the run. */
import { signal } from "@preact/signals";
import type { Told, WorldEvent } from "./engine/event";
import { type Tone, toneOf } from "./tones";

/** A command that the strip marks: something left, something failed, a promise was broken. */
export interface Mark {
  step: number;
  kind: "gone" | "fault" | "broken";
}

/** What a line of the script was answered last. */
export interface LineAnswer {
  text: string;
  /** What of it stands nowhere else beside the line. */
  whole: string;
  tone: Tone;
}

export type Message = Extract<WorldEvent, { sort: "message" }>;

/** More marks than pixels show nothing more: where there are more, neighbours become one. */
const MARKS_MAX = 4_000;
const GRAVITY = { gone: 0, fault: 1, broken: 2 } as const;
/** Of one command's events, those that stand beside its line. */
const BESIDE_MAX = 3;
/** Letters of the answer beside a line, which the output has whole. */
const ANSWER_MAX = 240;
/** To so many letters what else happened is told beside it. */
const BESIDE_LETTERS_MAX = 60;

/** Grows in place: read it together with `eventCount`. */
export const events: Told[] = [];
export const eventCount = signal(0);
export const marks: Mark[] = [];
/** Marks of so many commands in a row are one. */
let markStride = 1;

/** What the cluster's messages and nodes told for pictures only, in order. */
const quiet: Told[] = [];
const byLine = new Map<number, number[]>();
const held: number[] = [];
const broken: number[] = [];
/** The indices of the events that begin a protocol's answer that is an error. */
const refused: number[] = [];
/** Of each read its command, and how many had been hits by then. */
const reads = { steps: [] as number[], hits: [] as number[] };

export function clearLog(): void {
  events.length = 0;
  marks.length = 0;
  markStride = 1;
  quiet.length = 0;
  held.length = 0;
  broken.length = 0;
  refused.length = 0;
  reads.steps.length = 0;
  reads.hits.length = 0;
  byLine.clear();
  eventCount.value = 0;
}

/** Adds what the engine told; `eventCount` is the caller's to raise, together with where the run stands. */
export function addEvents(told: Told[]): void {
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
    if (event.nextLine !== undefined) {
      refused.push(events.length);
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
    if (kind) {
      addMark({ step: event.step, kind });
    }
  }
}

/** Adds a mark at the end, or makes its neighbour graver. Cost: O(1), amortised. */
function addMark(mark: Mark): void {
  const last = marks.at(-1);
  if (last && Math.floor(last.step / markStride) === Math.floor(mark.step / markStride)) {
    if (GRAVITY[mark.kind] > GRAVITY[last.kind]) {
      marks[marks.length - 1] = mark;
    }
    return;
  }
  marks.push(mark);
  if (marks.length > MARKS_MAX) {
    markStride *= 2;
    for (const each of marks.splice(0)) {
      addMark(each);
    }
  }
}

/** How many events the first `position` commands made: events are in the order of their commands. O(log n). */
export function countBefore(position: number): number {
  return lowerBound(eventCount.value, (index) => events[index]?.step ?? position, position);
}

/** The last event of the first `position` commands. */
export function eventBefore(position: number): Told | undefined {
  return events[countBefore(position) - 1];
}

/** The command that was obeyed last among the first `position`, as a script says it. */
export function sourceBefore(position: number): string | undefined {
  for (let i = countBefore(position) - 1; i >= 0; i -= 1) {
    const { step, source } = events[i] ?? {};
    if (source !== undefined || step !== events[countBefore(position) - 1]?.step) {
      return source;
    }
  }
  return undefined;
}

/** How many expectations of the first `position` commands held, and how many did not. */
export function judgedBefore(position: number): { held: number; broken: number } {
  const count = (steps: number[]) => lowerBound(steps.length, (index) => steps[index] ?? position, position);
  return { held: count(held), broken: count(broken) };
}

/** What the script's line was answered when it was obeyed last among the first `position` commands. O(log n). */
export function answerOfLine(line: number, position: number): LineAnswer | undefined {
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
  const told = ofLine.slice(first, count).flatMap((index) => events[index] ?? []);
  // What was answered comes first, then what happened meanwhile.
  const sorted = told.toSorted((a, b) => Number(isAside(a)) - Number(isAside(b)));
  const answers = sorted.filter((event) => !isAside(event)).slice(0, BESIDE_MAX);
  const shown = sorted.slice(0, BESIDE_MAX).map(sayingOf);
  const whole = shown.join(" · ") + (sorted.length > shown.length ? " …" : "");
  const most = Math.max(answers.map(sayingOf).join(" · ").length, BESIDE_LETTERS_MAX);
  const tones = sorted.map(toneOf);
  const tone = (["bad", "warn"] as const).find((worst) => tones.includes(worst)) ?? tones[0] ?? "quiet";
  return { text: cut(whole, Math.min(most, ANSWER_MAX)), whole, tone };
}

/** Whether an event is no answer, but something that happened meanwhile. */
function isAside({ text }: Told): boolean {
  return text.startsWith("~ ");
}

function cut(text: string, most: number): string {
  return text.length > most + 2 ? `${text.slice(0, most)} …` : text;
}

/** How many of the first `position` commands were answered with an error that is the script's. O(log n). */
export function refusedBefore(position: number): number {
  return lowerBound(refused.length, (index) => events[refused[index] ?? 0]?.step ?? position, position);
}

/** An error of a protocol: what it says, and the line of the next command. */
export interface Refusal {
  answer: string;
  nextLine: number;
}

/** The lines of the first `count` answers that are errors, each with the last one: `most` lines. Cost: O(count). */
export function refusalsByLine(count: number, most: number): ReadonlyMap<number, Refusal> {
  const found = new Map<number, Refusal>();
  for (const index of refused.slice(0, count)) {
    const first = events[index];
    if (first && (found.has(first.line) || found.size < most)) {
      found.set(first.line, refusalFrom(index));
    }
  }
  return found;
}

/** The answer is its first line and its last, which has the reason where there are several. */
function refusalFrom(index: number): Refusal {
  const { step, nextLine = 0 } = events[index] ?? {};
  let last = index;
  while (events[last + 1]?.step === step) {
    last += 1;
  }
  const said = [...new Set([index, last])].flatMap((at) => events[at] ?? []);
  const answer = said.map(sayingOf).join(" ");
  return { answer, nextLine };
}

/** The messages between nodes that this command caused, in order: the first `most` of them. Cost: O(most + log n). */
export function messagesOf(step: number, most: number): Message[] {
  const found: Message[] = [];
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

/** What the command asked the cluster about, and when; nothing where it asked nothing about a key. Cost: O(events of the command). */
export function askedOf(step: number): { key: string; atUs: number } | undefined {
  const start = lowerBound(quiet.length, (index) => quiet[index]?.step ?? step, step);
  for (let i = start; quiet[i]?.step === step; i += 1) {
    const told = quiet[i];
    if (told?.kind === "world" && told.event.sort === "client" && told.event.key !== null) {
      return { key: told.event.key, atUs: told.event.atUs };
    }
  }
  return undefined;
}

/** Hits per read after each of at most `places` equal parts of the reads so far. Cost: O(places + log n). */
export function hitRatios(position: number, places: number): number[] {
  const all = lowerBound(reads.steps.length, (index) => reads.steps[index] ?? position, position);
  const count = Math.min(places, all);
  return Array.from({ length: count }, (_, place) => {
    const upTo = Math.ceil(((place + 1) * all) / count);
    return (reads.hits[upTo - 1] ?? 0) / upTo;
  });
}

/** What an event says, in the reader's language. */
export function sayingOf({ kind, text, told }: Told): string {
  // What a script may expect is shown as a script says it: `expect` knows no other words.
  return told !== undefined && EXPECTED.has(kind) ? `${text} (${told})` : (told ?? text);
}

/** The answers of a word or two that a script repeats after `expect`. */
const EXPECTED: ReadonlySet<Told["kind"]> = new Set<Told["kind"]>([
  "miss",
  "stored",
  "refused",
  "deleted",
  "notFound",
  "touched",
  "number",
  "removed",
  "truth",
  "owner",
  "parsed",
  "rejected",
]);

function markOf(event: Told): Mark["kind"] | undefined {
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
function lowerBound(length: number, at: (index: number) => number, limit: number): number {
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
