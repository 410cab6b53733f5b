/**
 * Does work once everything is drawn that is being drawn now. What asks where things stand belongs here: asked while parts of the
 * page are still changing, the browser lays out everything for each part that asks. The function that comes back calls it off.
 */
export function afterwards(work: () => void): () => void {
  let isWanted = true;
  queueMicrotask(() => isWanted && work());
  return () => {
    isWanted = false;
  };
}
