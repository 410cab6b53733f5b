import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { lesson } from "../course";
import { goTo, isRunning, isStale, partingOf, run } from "../lab";
import { language } from "../settings";
import { words } from "../words";

/** Of which script what was found; `null` where the two never part. */
const found = signal(undefined);
/**
 * Beside a program's run, where it first parts from the reference. A lesson whose task is to find that out has it told by its
 * own check instead.
 */
export function Comparison() {
  const { subjects } = words.value;
  const { script, isDone } = run.value;
  const isWanted =
    script.subject !== undefined && !lesson.value && isDone && !isRunning.value && !isStale.value;
  const spoken = language.value;
  useEffect(() => {
    if (isWanted && (found.value?.of !== script || found.value.in !== spoken)) {
      partingOf(script).then((json) => {
        if (json !== undefined) {
          found.value = { of: script, in: spoken, parting: JSON.parse(json) };
        }
      });
    }
  }, [isWanted, script, spoken]);
  if (!isWanted || found.value?.of !== script) {
    return null;
  }
  const { parting } = found.value;
  return _jsxs("section", {
    class: "comparison",
    "data-testid": "comparison",
    "aria-labelledby": "comparison-title",
    children: [
      _jsx("h3", {
        id: "comparison-title",
        children: parting ? subjects.partAt(parting.line) : subjects.compare,
      }),
      parting ? _jsx(Sides, { parting: parting }) : _jsx("p", { role: "status", children: subjects.never }),
    ],
  });
}
function Sides({ parting: { step, source, one, other } }) {
  const { subjects } = words.value;
  const shown = (answers) => (answers.length > 0 ? answers.join("\n") : subjects.silent);
  return _jsxs(_Fragment, {
    children: [
      _jsxs("p", {
        children: [
          _jsx("code", { children: source }),
          " ",
          _jsx("button", {
            type: "button",
            class: "button small",
            onClick: () => goTo(step),
            children: subjects.before,
          }),
        ],
      }),
      _jsxs("div", {
        class: "sides",
        children: [
          _jsxs("div", {
            children: [_jsx("h4", { children: subjects.theirs }), _jsx("pre", { children: shown(one) })],
          }),
          _jsxs("div", {
            children: [
              _jsx("h4", { children: subjects.own }),
              _jsx("pre", { class: "tone-bad", children: shown(other) }),
            ],
          }),
        ],
      }),
    ],
  });
}
