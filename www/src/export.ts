/** What a run leaves behind as files: its trace, its answers, its pictures. */
import type { RunFormat } from "./engine/worker";
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
export const PICTURES = { ring: "svg.ring-picture", messages: "svg.space-time" } as const;

export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const FILES = {
  json: ["application/json", "cachedojo-trace.json"],
  text: ["text/plain", "cachedojo-answers.txt"],
  handout: ["text/plain", "cachedojo-commands-and-answers.txt"],
} as const satisfies Record<RunFormat, readonly [string, string]>;

/** The whole run: what `grader run` prints, as JSON or as text, or each command with its answers. */
export async function saveRun(format: RunFormat): Promise<void> {
  const text = await exportRun(format);
  if (text !== undefined) {
    const [type, name] = FILES[format];
    save(new Blob([text], { type }), name);
  }
}

/** A picture as it stands, as a file of its own. */
export function savePicture(name: keyof typeof PICTURES): void {
  const shown = document.querySelector<SVGSVGElement>(PICTURES[name]);
  if (shown) {
    const svg = new XMLSerializer().serializeToString(withStyles(shown));
    save(new Blob([svg], { type: "image/svg+xml" }), `cachedojo-${name}.svg`);
  }
}

function withStyles(shown: SVGSVGElement): SVGSVGElement {
  const copy = shown.cloneNode(true) as SVGSVGElement;
  const copies = [copy, ...copy.querySelectorAll<SVGElement>("*")];
  for (const [i, element] of [shown, ...shown.querySelectorAll<SVGElement>("*")].entries()) {
    const style = getComputedStyle(element);
    for (const property of STYLES) {
      copies[i]?.style.setProperty(property, style.getPropertyValue(property));
    }
  }
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.style.background = getComputedStyle(document.body).getPropertyValue("--surface");
  return copy;
}
