import { unbroken } from "../markdown";

/** The same texts, each mark on one line with what is before it. The scripts to begin with are no texts. */
export function whole<T>(part: T, name?: string): T {
  if (typeof part === "string") {
    return unbroken(part) as T;
  }
  if (typeof part === "function") {
    return ((...args: unknown[]) => whole(part(...args))) as T;
  }
  if (Array.isArray(part)) {
    return part.map((each) => whole(each)) as T;
  }
  if (typeof part === "object" && part !== null && name !== "starters") {
    const each = Object.entries(part).map(([key, value]) => [key, whole(value, key)]);
    return Object.fromEntries(each) as T;
  }
  return part;
}
