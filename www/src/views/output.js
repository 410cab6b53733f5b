import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { copyText } from "../clipboard";
import { isRunning, isStale, run } from "../lab";
import { countBefore, events } from "../log";
import { formatNumber, words } from "../words";
import { Icon } from "./icons";

/** More lines than these nobody reads; the button copies them all. */
const LINES_MAX = 20_000;
/** While a run goes on, laying out more than these again and again would hold it up. */
const LINES_MAX_RUNNING = 500;
/** The answers up to where the run stands: exactly them, one a line, and nothing else inside the element. */
export function Output() {
  const { output, outputEmpty, outputCut } = words.value;
  const all = countBefore(run.value.position);
  const box = useRef(null);
  // The latest answer is the one that is looked for.
  useLayoutEffect(() => box.current?.scrollTo(0, box.current.scrollHeight));
  return _jsxs("section", {
    class: "card output",
    "aria-labelledby": "output-title",
    children: [
      _jsxs("div", {
        class: "card-head",
        children: [_jsx("h2", { id: "output-title", children: output }), all > 0 && _jsx(CopyAll, {})],
      }),
      _jsx("pre", {
        ref: box,
        class: isStale.value ? "answers stale" : "answers",
        "data-testid": "output",
        "data-empty": outputEmpty,
        role: "log",
        "aria-live": "off",
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard
        tabIndex: 0,
        "aria-labelledby": "output-title",
        children: text(Math.max(0, all - (isRunning.value ? LINES_MAX_RUNNING : LINES_MAX)), all),
      }),
      all > LINES_MAX &&
        _jsx("p", { class: "note", children: outputCut(formatNumber(LINES_MAX), formatNumber(all)) }),
    ],
  });
}
function CopyAll() {
  const { copy, copied } = words.value;
  const isCopied = useSignal(false);
  const copyAll = async () => {
    isCopied.value = await copyText(text(0, countBefore(run.value.position)));
  };
  return _jsxs("button", {
    type: "button",
    class: "button small",
    onClick: copyAll,
    onBlur: () => {
      isCopied.value = false;
    },
    children: [
      _jsx(Icon, { name: "copy" }),
      _jsx("span", { role: "status", children: isCopied.value ? copied : copy }),
    ],
  });
}
function text(from, to) {
  return events
    .slice(from, to)
    .map((event) => event.text)
    .join("\n");
}
