/** The simulated cluster's place: it is drawn once the engine tells of one. */
export function Cluster() {
  return null;
}
