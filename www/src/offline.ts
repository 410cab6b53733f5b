import { effect } from "@preact/signals";
import { isReady } from "./lab";

/** Has the browser keep the page. `data-offline` of the document says once it does. */
export async function keepOffline(): Promise<void> {
  if (!import.meta.env.PROD) {
    return;
  }
  // Keeping fetches every file: not while the first screen still waits for its own.
  await new Promise<void>((resolve) => effect(() => (isReady.value ? resolve() : undefined)));
  try {
    // Absent where the page does not come over HTTPS or from this machine; refused in some frames.
    await navigator.serviceWorker?.register("sw.js");
    await navigator.serviceWorker?.ready;
    document.documentElement.dataset.offline = navigator.serviceWorker ? "ready" : "never";
  } catch {
    document.documentElement.dataset.offline = "never";
  }
}
