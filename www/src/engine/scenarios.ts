/** The scenario files of the engine's own tests, by their paths: the page's examples. A file of its own, which no first screen waits for. */
export const scenarios = import.meta.glob<string>("../../../tests/scenarios/*.txt", {
  query: "?raw",
  import: "default",
  eager: true,
});
