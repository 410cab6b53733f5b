import { useSignal } from "@preact/signals";
import { eventCount, events, isStale, run } from "../lab";
import { formatNumber, words } from "../words";
import { Icon } from "./icons";

/** More lines than these nobody reads; the button copies them all. */
const LINES_MAX = 20_000;

/** The answers up to where the run stands: exactly them, one a line, and nothing else inside the element. */
export function Output() {
  const { output, outputEmpty, outputCut } = words.value;
  const all = linesTo(run.value.position, eventCount.value);
  return (
    <section class="card output" aria-labelledby="output-title">
      <div class="card-head">
        <h2 id="output-title">{output}</h2>
        {all > 0 && <CopyAll />}
      </div>
      <pre
        class={isStale.value ? "answers stale" : "answers"}
        data-testid="output"
        data-empty={outputEmpty}
        role="log"
        aria-live="off"
        tabIndex={0}
        aria-labelledby="output-title"
      >
        {text(Math.min(all, LINES_MAX))}
      </pre>
      {all > LINES_MAX && <p class="note">{outputCut(formatNumber(LINES_MAX), formatNumber(all))}</p>}
    </section>
  );
}

function CopyAll() {
  const { copy, copied } = words.value;
  const isCopied = useSignal(false);
  const copyAll = async () => {
    await navigator.clipboard.writeText(text(linesTo(run.value.position, eventCount.value)));
    isCopied.value = true;
  };
  return (
    <button
      type="button"
      class="button small"
      onClick={copyAll}
      onBlur={() => {
        isCopied.value = false;
      }}
    >
      <Icon name="copy" />
      <span role="status">{isCopied.value ? copied : copy}</span>
    </button>
  );
}

/** How many of the known events were told before command `position`: events are in the order of their commands. */
function linesTo(position: number, known: number): number {
  let [low, high] = [0, known];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.step ?? position) < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

function text(lines: number): string {
  return events
    .slice(0, lines)
    .map((event) => event.text)
    .join("\n");
}
