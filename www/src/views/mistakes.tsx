import { diagnostics, goToLine, isStale, run, typedLine } from "../lab";
import type { Marked } from "../wasm/cachedojo";
import { formatNumber, words } from "../words";
import { coded } from "./markdown";

/** More sentences than these do not fit below the editor; every place is underlined. */
const SHOWN_MAX = 3;
/** Of one sentence's lines so many are named. */
const LINES_MAX = 6;

/** The script's first mistakes in words, for those who cannot hover over them: each sentence once, with all its lines. */
export function Mistakes() {
  const { status, node } = words.value;
  // A line that is being written is not complained of yet, unless it has been run as it is.
  const spared = isStale.value || run.value.position === 0 ? typedLine.value : undefined;
  const found = new Map<string, { lines: Set<number>; isDoubt: boolean }>();
  // What is wrong comes before what is doubtful, each from above to below.
  const rank = ({ sort, line }: Marked) => (sort === "doubt" ? 1e9 : 0) + line;
  for (const { sort, line, message } of diagnostics.value.toSorted((a, b) => rank(a) - rank(b))) {
    if (sort !== "blank" && line !== spared) {
      const { lines } = found.get(message) ?? { lines: new Set() };
      found.set(message, { lines: lines.add(line), isDoubt: sort === "doubt" });
    }
  }
  if (found.size === 0) {
    return null;
  }
  return (
    <ul class="mistakes" data-testid="mistakes">
      {[...found].slice(0, SHOWN_MAX).map(([message, { lines, isDoubt }]) => (
        <li key={message} class={isDoubt ? "doubt" : undefined}>
          {lines.size > 1 && <span class={isDoubt ? "tone-warn" : "tone-bad"}>{status.severalLines} </span>}
          {[...lines].slice(0, LINES_MAX).map((line) => (
            <button key={line} type="button" aria-label={status.line(line)} onClick={() => goToLine(line)}>
              {lines.size > 1 ? formatNumber(line) : status.line(line)}
            </button>
          ))}
          {lines.size > LINES_MAX && (
            <span class="quiet">{node.more(formatNumber(lines.size - LINES_MAX))} </span>
          )}
          {coded(message)}
        </li>
      ))}
    </ul>
  );
}
