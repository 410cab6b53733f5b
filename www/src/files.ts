/** A file beside the page: from the network, else from what the service worker keeps. */
export async function reach(path: string): Promise<Response> {
  try {
    return await fetch(path);
  } catch (error) {
    const kept = await globalThis.caches?.match(path);
    if (kept) {
      return kept;
    }
    throw error;
  }
}
