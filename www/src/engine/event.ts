/** Events as the engine writes them (Rust: `event::What`): what the page reads of them. */
export type Told = { step: number; line: number; at_ms: number; text: string; source?: string } & (
  | { kind: "inside"; event: { kind: InsideKind; key?: string } }
  | { kind: Exclude<Kind, "inside"> }
);

export type InsideKind = "evicted" | "expired" | "refused";

export type Kind =
  | "hit"
  | "miss"
  | "stored"
  | "refused"
  | "deleted"
  | "notFound"
  | "touched"
  | "number"
  | "removed"
  | "truth"
  | "stats"
  | "created"
  | "joined"
  | "left"
  | "rebalanced"
  | "owner"
  | "nodes"
  | "spread"
  | "moved"
  | "marked"
  | "parsed"
  | "rejected"
  | "wrote"
  | "error"
  | "said"
  | "keys"
  | "notImplemented"
  | "noObject"
  | "crashed"
  | "inside"
  | "ticked"
  | "wallJumped"
  | "held"
  | "broken";
