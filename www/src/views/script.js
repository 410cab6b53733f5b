import { signal } from "@preact/signals";
import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { huntedBy, lesson } from "../course";
import { DROPPED, takeProgram } from "../dropped";
import {
  canRun,
  chooseSubject,
  cursorLine,
  DIALECTS,
  examples,
  forkHere,
  isRunning,
  isStale,
  openExample,
  openOwn,
  programs,
  run,
  runToLine,
  sheet,
} from "../lab";
import { words } from "../words";
import { Icon } from "./icons";

/** Whether the file that was chosen last is no program. */
const wasRefused = signal(false);
/** Which language, which example, whose answers. */
export function Chooser() {
  const { dialect, dialects, examples: label, chooseExample } = words.value;
  const { id, dialect: chosen } = sheet.value;
  if (lesson.value) {
    return _jsx("div", { class: "chooser", children: _jsx(SubjectChoice, {}) });
  }
  return _jsxs("div", {
    class: "chooser",
    children: [
      _jsx(SubjectChoice, {}),
      _jsxs("label", {
        class: "field",
        children: [
          _jsx("span", { class: "hidden", children: dialect }),
          _jsx("select", {
            "data-testid": "dialect",
            title: dialect,
            value: chosen,
            onChange: ({ currentTarget }) => openOwn(currentTarget.value),
            children: DIALECTS.map((name) => _jsx("option", { value: name, children: dialects[name] }, name)),
          }),
        ],
      }),
      _jsxs("label", {
        class: "field",
        children: [
          _jsx("span", { class: "hidden", children: label }),
          _jsxs("select", {
            "data-testid": "examples",
            title: label,
            value: id.startsWith("example.") ? id : "",
            onChange: ({ currentTarget }) => openExample(currentTarget.value.slice("example.".length)),
            children: [
              _jsx("option", { value: "", disabled: true, children: chooseExample }),
              DIALECTS.map((name) =>
                _jsx(
                  "optgroup",
                  {
                    label: dialects[name],
                    children: examples.value
                      .filter((example) => example.dialect === name)
                      .map(({ id, title }) =>
                        _jsx("option", { value: `example.${id}`, children: title }, id),
                      ),
                  },
                  name,
                ),
              ),
            ],
          }),
        ],
      }),
    ],
  });
}
/** Who obeys: the reference, the program that a lesson hunts, or one that the grader built and the learner opened. */
function SubjectChoice() {
  const { subjects } = words.value;
  const { subject, dialect } = sheet.value;
  const open = lesson.value;
  if (dialect !== "lab" || (open && !open.mutant)) {
    return null;
  }
  const choose = async (value) => {
    wasRefused.value = false;
    if (value === "") {
      chooseSubject(undefined);
    } else if (value === "open") {
      pick();
    } else if (open && value === open.mutant) {
      const isThere = (await huntedBy(open)) !== "unloaded";
      chooseSubject(isThere ? value : undefined);
    } else {
      chooseSubject(value);
    }
  };
  return _jsxs("label", {
    class: "field",
    children: [
      _jsx("span", { class: "hidden", children: subjects.label }),
      wasRefused.value && _jsx("span", { class: "tone-bad", role: "alert", children: subjects.wrong }),
      _jsxs("select", {
        "data-testid": "subject",
        title: subjects.label,
        value: subject ?? "",
        onChange: ({ currentTarget }) => {
          choose(currentTarget.value);
          currentTarget.value = subject ?? "";
        },
        children: [
          _jsx("option", { value: "", children: subjects.reference }),
          open?.mutant && _jsx("option", { value: open.mutant, children: subjects.hunted }),
          (subject === DROPPED || (!open && programs.has(DROPPED))) &&
            _jsx("option", { value: DROPPED, children: subjects.dropped }),
          !open && _jsx("option", { value: "open", children: subjects.open }),
        ],
      }),
    ],
  });
}
/** Asks for a program's file, and has it obey. */
function pick() {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".wasm,application/wasm";
  input.onchange = async () => {
    const [file] = input.files ?? [];
    if (file) {
      wasRefused.value = !(await takeProgram(file));
    }
  };
  input.click();
}
/** Runs to the cursor's line; forks the run where it stands. */
export function Tools() {
  const { tools } = words.value;
  const canFork = !isStale.value && !isRunning.value && run.value.position > 0;
  return _jsxs("div", {
    class: "tools",
    children: [
      _jsx("button", {
        type: "button",
        class: "button small",
        "data-testid": "to-line",
        title: tools.toLine,
        "aria-label": tools.toLine,
        "aria-keyshortcuts": "Control+F10",
        "aria-disabled": !canRun.value,
        onClick: () => canRun.value && runToLine(cursorLine.value),
        children: _jsx(Icon, { name: "toLine" }),
      }),
      _jsx("button", {
        type: "button",
        class: "button small",
        "data-testid": "fork",
        title: tools.fork,
        "aria-label": tools.fork,
        "aria-disabled": !canFork,
        onClick: () => canFork && forkHere(),
        children: _jsx(Icon, { name: "fork" }),
      }),
    ],
  });
}
