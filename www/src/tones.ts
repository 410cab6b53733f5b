/** How events look: a shape, and a tone that only repeats what the shape says. */
import type { InsideKind, Kind, Told } from "./engine/event";
import type { IconName } from "./views/icons";

export type Tone = "good" | "bad" | "warn" | "world" | "quiet";

const MARKS: Record<Exclude<Kind, "inside" | "world">, [IconName, Tone]> = {
  hit: ["hit", "good"],
  miss: ["miss", "warn"],
  stored: ["stored", "good"],
  refused: ["broken", "warn"],
  deleted: ["gone", "quiet"],
  notFound: ["miss", "warn"],
  touched: ["clock", "quiet"],
  number: ["info", "quiet"],
  removed: ["gone", "quiet"],
  truth: ["info", "quiet"],
  stats: ["info", "quiet"],
  created: ["made", "quiet"],
  joined: ["made", "world"],
  left: ["gone", "world"],
  rebalanced: ["reset", "world"],
  owner: ["owner", "quiet"],
  nodes: ["owner", "quiet"],
  spread: ["info", "quiet"],
  moved: ["owner", "world"],
  marked: ["info", "quiet"],
  parsed: ["info", "quiet"],
  rejected: ["alarm", "warn"],
  wrote: ["said", "quiet"],
  error: ["alarm", "warn"],
  said: ["said", "quiet"],
  keys: ["info", "quiet"],
  notImplemented: ["alarm", "bad"],
  noObject: ["alarm", "bad"],
  crashed: ["alarm", "bad"],
  ticked: ["clock", "world"],
  wallJumped: ["clock", "world"],
  held: ["held", "good"],
  broken: ["broken", "bad"],
};
const INSIDE_MARKS: Record<InsideKind, [IconName, Tone]> = {
  evicted: ["evicted", "warn"],
  expired: ["expired", "warn"],
  refused: ["broken", "warn"],
};

export function markOf(event: Told): [IconName, Tone] {
  if (event.kind === "world") {
    return event.event.sort === "fault" ? ["bolt", "warn"] : ["owner", "world"];
  }
  return event.kind === "inside"
    ? (INSIDE_MARKS[event.event.kind] ?? ["info", "quiet"])
    : (MARKS[event.kind] ?? ["info", "quiet"]);
}

export function toneOf(event: Told): Tone {
  return markOf(event)[1];
}
