/**
 * Does work just before the next frame is drawn. What asks where things stand belongs here: asked as soon as a part of the page
 * has changed, the browser lays out everything once for each part that asks. The function that comes back calls it off.
 */
export function beforeFrame(work: () => void): () => void {
  const id = requestAnimationFrame(work);
  return () => cancelAnimationFrame(id);
}
