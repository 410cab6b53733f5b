/** Events as the engine writes them (Rust: `event::What`): what the page reads of them. */
export type Told = {
  step: number;
  line: number;
  at_ms: number;
  text: string;
  source?: string;
  /** Told for pictures only: a message of a cluster. */
  isQuiet?: boolean;
} & (
  | { kind: "world"; event: WorldEvent }
  | { kind: "inside"; event: { kind: InsideKind; key?: string } }
  | { kind: Exclude<Kind, "inside" | "world"> }
);

/** What happened in the simulated cluster (Rust: `lab::families::cluster::WorldEvent`). */
export type WorldEvent =
  | {
      sort: "message";
      from: string;
      to: string;
      name: string;
      key?: string | null;
      sentUs: number;
      receivedUs?: number | null;
    }
  | { sort: "node" | "client"; node: string; atUs: number; text: string }
  | { sort: "fault"; node?: string | null; atUs: number; text: string }
  | { sort: "settled" | "checked" };

/** The cluster at one moment (Rust: `ClusterView`). */
export interface ClusterView {
  nowUs: number;
  nodes: {
    id: string;
    status: "up" | "paused" | "down" | "left";
    role: string;
    term: number;
    epoch: number;
    isWhole: boolean;
    keys: { key: string; value?: string | null; version: string }[];
    hints: number;
    wallShiftUs: number;
  }[];
}

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
  | "world"
  | "ticked"
  | "wallJumped"
  | "held"
  | "broken";
