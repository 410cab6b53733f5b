/** What a run leaves behind as files: its trace, its answers, its pictures. */
import { exportRun } from "./lab";

/** What a picture's elements need to look the same away from the page's style sheet. */
const STYLES = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "stroke-linecap",
  "opacity",
  "font-family",
  "font-size",
  "font-weight",
  "paint-order",
];
/** The pictures that can be saved, by the selector that finds them. */
export const PICTURES = { ring: "svg.ring-picture", messages: "svg.space-time" };
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
/** The events as JSON, as `grader run --format json` prints them, or the answers as text. */
export async function saveRun(format) {
  const text = await exportRun(format);
  if (text !== undefined) {
    const type = format === "json" ? "application/json" : "text/plain";
    save(new Blob([text], { type }), format === "json" ? "cachedojo-trace.json" : "cachedojo-answers.txt");
  }
}
/** A picture as it stands, as a file of its own. */
export function savePicture(name) {
  const shown = document.querySelector(PICTURES[name]);
  if (shown) {
    const svg = new XMLSerializer().serializeToString(withStyles(shown));
    save(new Blob([svg], { type: "image/svg+xml" }), `cachedojo-${name}.svg`);
  }
}
function withStyles(shown) {
  const copy = shown.cloneNode(true);
  const copies = [copy, ...copy.querySelectorAll("*")];
  for (const [i, element] of [shown, ...shown.querySelectorAll("*")].entries()) {
    const style = getComputedStyle(element);
    for (const property of STYLES) {
      copies[i]?.style.setProperty(property, style.getPropertyValue(property));
    }
  }
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.background = getComputedStyle(document.body).getPropertyValue("--surface");
  return copy;
}
