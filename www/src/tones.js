const MARKS = {
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
const INSIDE_MARKS = {
  evicted: ["evicted", "warn"],
  expired: ["expired", "warn"],
  refused: ["broken", "warn"],
};
export function markOf(event) {
  if (event.kind === "world") {
    return event.event.sort === "fault" ? ["bolt", "warn"] : ["owner", "world"];
  }
  return event.kind === "inside"
    ? (INSIDE_MARKS[event.event.kind] ?? ["info", "quiet"])
    : (MARKS[event.kind] ?? ["info", "quiet"]);
}
export function toneOf(event) {
  return markOf(event)[1];
}
