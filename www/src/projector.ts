/** The world alone, large enough for a lecture's last row: `?world` in the address, so that a reload keeps it and it can be linked. */
import { effect, signal } from "@preact/signals";

export const isWorldOnly = signal(new URLSearchParams(location.search).has("world"));

/** Call once. */
export function startProjector(): void {
  effect(() => {
    if (isWorldOnly.value) {
      document.documentElement.dataset.world = "only";
    } else {
      delete document.documentElement.dataset.world;
    }
  });
}

export function toggleWorldOnly(): void {
  isWorldOnly.value = !isWorldOnly.value;
  const address = new URL(location.href);
  if (isWorldOnly.value) {
    address.searchParams.set("world", "");
  } else {
    address.searchParams.delete("world");
  }
  history.replaceState(history.state, "", address);
}
