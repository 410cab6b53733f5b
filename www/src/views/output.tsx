import { useSignal } from "@preact/signals";
import { memo } from "preact/compat";
import { useLayoutEffect, useRef } from "preact/hooks";
import { afterwards } from "../afterwards";
import { copyText } from "../clipboard";
import type { Script } from "../engine/worker";
import { isRunning, isStale, run } from "../lab";
import { countBefore, events, sayingOf } from "../log";
import { formatNumber, words } from "../words";
import { Icon } from "./icons";

/** More lines than these nobody reads; the button copies them all. */
const LINES_MAX = 20_000;
/** Lines of a block. */
const BLOCK = 100;
/** While a run goes on, laying out more than these again and again would hold it up. */
const LINES_MAX_RUNNING = 500;

/** The answers up to where the run stands: exactly them, one a line, and nothing else inside the element. */
export function Output() {
  const { output, outputEmpty, outputCut } = words.value;
  const all = countBefore(run.value.position);
  const box = useRef<HTMLPreElement>(null);
  // The latest answer is the one that is looked for.
  useLayoutEffect(() => afterwards(() => box.current?.scrollTo(0, box.current.scrollHeight)));
  return (
    <section class="card output" aria-labelledby="output-title">
      <div class="card-head">
        <h2 id="output-title">{output}</h2>
        {all > 0 && <CopyAll />}
      </div>
      <pre
        ref={box}
        class={isStale.value ? "answers stale" : "answers"}
        data-testid="output"
        data-empty={outputEmpty}
        role="log"
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard
        tabIndex={0}
        aria-labelledby="output-title"
      >
        {blocks(Math.max(0, all - (isRunning.value ? LINES_MAX_RUNNING : LINES_MAX)), all)}
      </pre>
      {all > LINES_MAX && <p class="note">{outputCut(formatNumber(LINES_MAX), formatNumber(all))}</p>}
    </section>
  );
}

function CopyAll() {
  const { copy, copied } = words.value;
  const isCopied = useSignal(false);
  const copyAll = async () => {
    isCopied.value = await copyText(text(0, countBefore(run.value.position)));
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

/** The lines in blocks, of which only the last changes with a step, and only those in sight are laid out. */
function blocks(from: number, to: number) {
  const { script } = run.value;
  const shown = [];
  for (let block = Math.floor(from / BLOCK); block * BLOCK < to; block += 1) {
    const [first, end] = [Math.max(from, block * BLOCK), Math.min(to, (block + 1) * BLOCK)];
    shown.push(<Block key={block} from={first} to={end} isLast={end === to} script={script} />);
  }
  return shown;
}

/** Once told an event stays as it is, so a block of one run is written once. */
const Block = memo(({ from, to, isLast }: { from: number; to: number; isLast: boolean; script: Script }) => (
  <span class="stretch">{isLast ? text(from, to) : `${text(from, to)}\n`}</span>
));

function text(from: number, to: number): string {
  return events.slice(from, to).map(sayingOf).join("\n");
}
