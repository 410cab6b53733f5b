/** What nobody sees on the first screen comes after it. */
import { effect, signal, untracked } from "@preact/signals";
import { isReady } from "./lab";

/** Whether the first screen stands: the engine is ready, and the browser has had a moment without work; or somebody asks for more. */
export const isSettled = signal(false);

/** In so many milliseconds a browser that always has work is taken to have had its moment. */
const BUSY_MAX_MS = 1000;

export function settle(): void {
  isSettled.value = true;
}

/** Call once; `work` is done then. */
export function settleOnceReady(work: () => void): void {
  effect(() => {
    if (isReady.value) {
      // Absent in Safari.
      globalThis.requestIdleCallback?.(settle, { timeout: BUSY_MAX_MS }) ?? setTimeout(settle, BUSY_MAX_MS);
    }
  });
  effect(() => {
    if (isSettled.value) {
      untracked(work);
    }
  });
}
