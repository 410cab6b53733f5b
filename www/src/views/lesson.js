import { useEffect, useRef } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import {
  check,
  inLanguage,
  isExample,
  lesson,
  lessonAfter,
  openLesson,
  progressOf,
  runExample,
  takeHint,
  verdict,
} from "../course";
import { goToLine, isEdited, isEmpty, sheet, showOriginal } from "../lab";
import { words } from "../words";
import { Icon } from "./icons";
import { Markdown } from "./markdown";
/** A lesson beside its script: theory, an example, the task, hints one by one, the check, what there was to learn. */
export function OpenLesson() {
  const { guide } = words.value;
  const open = lesson.value;
  if (!open) {
    return _jsx("p", { class: "empty", children: guide.gone });
  }
  const { hints: read, solved, score } = progressOf(open.id);
  const isChecking = verdict.value.state === "checking";
  return _jsxs("article", {
    class: "lesson",
    "data-testid": "exercise",
    "data-lesson": open.id,
    "data-solved": solved,
    children: [
      _jsxs("p", {
        class: "quiet kind",
        children: [
          guide.kinds[open.kind],
          " \u00B7 ",
          guide.minutes(open.minutes),
          solved &&
            _jsxs("span", {
              class: "tone-good",
              children: [" ", _jsx(Icon, { name: "held" }), " ", guide.points(score)],
            }),
        ],
      }),
      _jsx("h3", { children: inLanguage(open.title) }),
      _jsx(Markdown, { text: inLanguage(open.theory) }),
      open.script.example &&
        _jsxs("figure", {
          class: "example",
          children: [
            _jsx("figcaption", { children: guide.example }),
            _jsx("pre", { children: open.script.example.trim() }),
            _jsxs("button", {
              type: "button",
              class: "button small",
              "data-testid": "run-example",
              onClick: runExample,
              children: [_jsx(Icon, { name: "run" }), guide.runExample],
            }),
          ],
        }),
      _jsxs("div", {
        class: "task",
        children: [_jsx("h4", { children: guide.task }), _jsx(Markdown, { text: inLanguage(open.task) })],
      }),
      _jsx("ol", {
        class: "hints",
        children: open.hints
          .slice(0, read)
          .map((hint) => _jsx("li", { children: _jsx(Markdown, { text: inLanguage(hint) }) }, hint.en)),
      }),
      _jsxs("div", {
        class: "lesson-actions",
        children: [
          isExample.value
            ? _jsx("button", {
                type: "button",
                class: "button primary",
                "data-testid": "to-my-script",
                onClick: () => openLesson(open.id),
                children: words.value.banner.mine,
              })
            : _jsxs("button", {
                type: "button",
                class: "button primary",
                "data-testid": "exercise-check",
                "aria-disabled": isChecking || isEmpty.value,
                onClick: () => !isEmpty.value && check(),
                children: [_jsx(Icon, { name: "held" }), guide.check],
              }),
          read < open.hints.length &&
            _jsx("button", {
              type: "button",
              class: "button",
              "data-testid": "hint",
              onClick: takeHint,
              children: guide.hint(read + 1, open.hints.length),
            }),
          isEdited.value &&
            !isExample.value &&
            sheet.value.lesson &&
            _jsx("button", { type: "button", class: "button", onClick: showOriginal, children: guide.again }),
        ],
      }),
      _jsx(Outcome, {}),
    ],
  });
}
function Outcome() {
  const { guide } = words.value;
  const now = verdict.value;
  const open = lesson.value;
  const next = open && lessonAfter(open);
  const isSolved = now.state === "checked" && now.attempt.solved;
  const box = useRef(null);
  useEffect(() => {
    if (now.state === "checked") {
      box.current?.scrollIntoView({ block: "nearest" });
    }
  }, [now]);
  return _jsxs("section", {
    ref: box,
    class: isSolved ? "verdict good" : "verdict",
    "data-testid": "hunt-verdict",
    "data-state": now.state === "checked" ? (isSolved ? "solved" : "failed") : now.state,
    "aria-busy": now.state === "checking",
    "aria-label": guide.verdict,
    children: [
      _jsx("p", { role: "status", children: _jsx(Summary, {}) }),
      now.state === "checked" && _jsx(Findings, { attempt: now.attempt }),
      now.state === "checked" &&
        now.diff &&
        _jsxs("details", {
          children: [_jsx("summary", { children: guide.diff }), _jsx("pre", { children: now.diff })],
        }),
      isSolved &&
        next &&
        _jsx("button", {
          type: "button",
          class: "button primary",
          "data-testid": "next-lesson",
          onClick: () => openLesson(next.id),
          children: guide.next(inLanguage(next.title)),
        }),
    ],
  });
}
function Summary() {
  const { guide } = words.value;
  const now = verdict.value;
  if (now.state !== "checked") {
    return now.state === "none" ? null : _jsx(_Fragment, { children: guide.states[now.state] });
  }
  const { solved, score, length, par } = now.attempt;
  return _jsxs("strong", {
    class: solved ? "tone-good" : "tone-warn",
    children: [
      _jsx(Icon, { name: solved ? "held" : "broken" }),
      " ",
      solved ? guide.isSolved(score) : guide.notYet,
      solved && length && par ? ` ${guide.par(length, par)}` : "",
    ],
  });
}
function Findings({ attempt }) {
  const { guide, grades } = words.value;
  const { rows, parting, explanation } = attempt;
  return _jsxs(_Fragment, {
    children: [
      _jsx("ul", {
        class: "rows-of",
        children: rows
          .filter((row) => row.points < row.maxPoints)
          .map((row) =>
            _jsxs(
              "li",
              {
                children: [
                  row.line
                    ? _jsx("button", {
                        type: "button",
                        class: "link-button",
                        onClick: () => row.line && goToLine(row.line),
                        children: words.value.status.line(row.line),
                      })
                    : null,
                  " ",
                  withoutLine(row.message || row.title),
                  row.verdict === "fail" &&
                    row.expected &&
                    row.actual &&
                    !row.message.includes(row.actual) &&
                    _jsxs("span", {
                      class: "quiet",
                      children: [
                        " ",
                        "(",
                        grades.expected,
                        " ",
                        row.expected,
                        ", ",
                        grades.actual,
                        " ",
                        row.actual,
                        ")",
                      ],
                    }),
                ],
              },
              row.id,
            ),
          ),
      }),
      parting &&
        _jsxs("table", {
          class: "table parting",
          children: [
            _jsx("caption", { children: guide.parting(parting.line) }),
            _jsxs("tbody", {
              children: [
                _jsxs("tr", {
                  children: [
                    _jsx("th", { scope: "row", children: guide.sound }),
                    _jsx("td", { children: _jsx("code", { children: parting.sound }) }),
                  ],
                }),
                _jsxs("tr", {
                  children: [
                    _jsx("th", { scope: "row", children: guide.other }),
                    _jsx("td", { children: _jsx("code", { children: parting.other }) }),
                  ],
                }),
              ],
            }),
          ],
        }),
      explanation &&
        _jsxs("div", {
          class: "explanation",
          children: [_jsx("h4", { children: guide.learned }), _jsx(Markdown, { text: explanation })],
        }),
    ],
  });
}
/** The sentence without the line that the button before it names already. */
function withoutLine(message) {
  const [, rest] = /^(?:Line|La ligne) \d+:? (.*)$/s.exec(message) ?? [];
  return rest ?? message;
}
