/** The page's end of the engine's worker: who hears what it says, and what was asked of it that has one answer. */
import { Engine } from "../engine/engine";
import type { FromWorker, Larger, ToWorker } from "../engine/worker";

type Kind = FromWorker["kind"];
type Message<K extends Kind> = Extract<FromWorker, { kind: K }>;

const hearers = new Map<Kind, (message: FromWorker) => void>();
/** What was asked, by number, and who waits for the answer. */
const asked = new Map<number, { question: ToWorker; hear: (answer: FromWorker | undefined) => void }>();
let askedId = 0;

/** While a program has the engine's thread: ends it when that takes too long. */
let watch: ReturnType<typeof setInterval> | undefined;

const engine = new Engine((message) => {
  if (message.kind === "entered") {
    beginWatch(message.seconds);
  } else if (message.kind === "left") {
    clearInterval(watch);
  } else if ("id" in message && asked.has(message.id) && message.kind !== "read") {
    const { id } = message;
    asked.get(id)?.hear(message);
    asked.delete(id);
  } else {
    hearers.get(message.kind)?.(message);
  }
});

/** Seconds are counted one by one: those that the machine slept through are no time that the program had. */
function beginWatch(seconds: number): void {
  let left = seconds;
  clearInterval(watch);
  watch = setInterval(() => {
    left -= 1;
    if (left <= 0) {
      clearInterval(watch);
      hearers.get("endless")?.({ kind: "endless" });
    }
  }, 1000);
}

/** From now on this hears messages of that kind. One hears each. */
export function hear<K extends Kind>(kind: K, hearer: (message: Message<K>) => void): void {
  hearers.set(kind, (message) => hearer(message as Message<K>));
}

export function send(message: ToWorker): void {
  engine.send(message);
}

/** One question and its answer; nothing when the engine was ended before it came. */
export function ask(question: (id: number) => ToWorker): Promise<FromWorker | undefined> {
  askedId += 1;
  const id = askedId;
  return new Promise((resolve) => {
    asked.set(id, { question: question(id), hear: resolve });
    engine.send(question(id));
  });
}

export function isAsked(): boolean {
  return asked.size > 0;
}

/** Ends whatever the engine is doing; a fresh one stands ready. Nobody answers any more what was asked. */
export function restart(): void {
  clearInterval(watch);
  engine.restart();
  const waiting = [...asked.values()];
  asked.clear();
  for (const { hear } of waiting) {
    hear(undefined);
  }
}

/** Something takes more of the engine: what was asked and not answered yet is asked again of that. */
export function enlarge(size: Larger): void {
  clearInterval(watch);
  engine.enlarge(size);
  for (const { question } of asked.values()) {
    engine.send(question);
  }
}

/** After `unloaded`: fetches everything again. */
export function fetchAgain(): void {
  engine.retry();
}
