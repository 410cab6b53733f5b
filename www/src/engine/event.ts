import type { CacheEvent, Event, What } from "./types";

export type { ClusterView, WorldEvent } from "./types";

/**
 * An event as the page is told it: with its text, what it says in the reader's language where that is something else, its command
 * beside the first one, a mark where it is for pictures only, and, where it begins a protocol's answer that is an error, the line of the
 * next command.
 */
export type Told = Event & {
  text: string;
  told?: string;
  source?: string;
  isQuiet?: boolean;
  nextLine?: number;
};

export type Kind = What["kind"];

export type InsideKind = CacheEvent["kind"];
