/** The page's end of the engine's worker: who hears what it says, and what was asked of it that has one answer. */
import { Engine } from "../engine/engine";

const hearers = new Map();
/** What was asked, by number, and who waits for the answer. */
const asked = new Map();
let askedId = 0;
const engine = new Engine((message) => {
  if ("id" in message && asked.has(message.id) && message.kind !== "read") {
    asked.get(message.id)?.(message);
    asked.delete(message.id);
  } else {
    hearers.get(message.kind)?.(message);
  }
});
/** From now on this hears messages of that kind. One hears each. */
export function hear(kind, hearer) {
  hearers.set(kind, (message) => hearer(message));
}
export function send(message) {
  engine.send(message);
}
/** One question and its answer; nothing when the engine was ended before it came. */
export function ask(question) {
  askedId += 1;
  const id = askedId;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    engine.send(question(id));
  });
}
export function isAsked() {
  return asked.size > 0;
}
/** Ends whatever the engine is doing; a fresh one stands ready. Nobody answers any more what was asked. */
export function restart() {
  engine.restart();
  const waiting = [...asked.values()];
  asked.clear();
  for (const hearAnswer of waiting) {
    hearAnswer(undefined);
  }
}
/** After `unloaded`: fetches everything again. */
export function fetchAgain() {
  engine.retry();
}
