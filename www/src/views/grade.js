import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { briefs, dropped, exercises, findGrader, grade, grading, openCheck } from "../grading";
import { stop } from "../lab";
import { language } from "../settings";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";
/** Opens the dialog from wherever. */
export function openGrade() {
  document.querySelector("dialog:has(#grade-title)")?.showModal();
  findGrader();
}
/** Hand in a submission, and see why each point was lost. Only where a grader serves the page. */
export function Grade() {
  const { grades } = words.value;
  const dialog = useRef(null);
  return _jsxs(_Fragment, {
    children: [
      _jsxs("button", {
        type: "button",
        class: "button",
        onClick: openGrade,
        children: [_jsx(Icon, { name: "held" }), _jsx("span", { class: "label", children: grades.open })],
      }),
      _jsxs(Dialog, {
        box: dialog,
        name: "grade",
        title: grades.title,
        isWide: true,
        children: [
          exercises.value?.length === 0 && _jsx("p", { children: grades.nobody }),
          (exercises.value?.length !== 0 || briefs.value.length > 0) && _jsx(Drop, {}),
          _jsx(Outcome, { close: () => dialog.current?.close() }),
        ],
      }),
    ],
  });
}
function Drop() {
  const { grades } = words.value;
  const isOver = useSignal(false);
  const exercise = useSignal(undefined);
  const ofPage = briefs.value.map(({ id, title }) => ({ id, title: title.en, title_fr: title.fr }));
  const offered = exercises.value?.length ? exercises.value : ofPage;
  const hand = (sources) => {
    const id = exercise.value ?? offered[0]?.id;
    if (id) {
      grade(sources, id, "0");
    }
  };
  return _jsxs("fieldset", {
    class: isOver.value ? "drop over" : "drop",
    "data-testid": "submission-drop",
    onDragOver: (event) => {
      event.preventDefault();
      isOver.value = true;
    },
    onDragLeave: () => {
      isOver.value = false;
    },
    onDrop: async (event) => {
      event.preventDefault();
      isOver.value = false;
      if (event.dataTransfer) {
        hand(await dropped(event.dataTransfer));
      }
    },
    children: [
      _jsx("legend", { children: exercises.value?.length ? grades.hand : grades.program }),
      briefs.value.length > 0 &&
        Boolean(exercises.value?.length) &&
        _jsx("p", { class: "note", children: grades.program }),
      offered.length > 1 &&
        _jsxs("label", {
          class: "field",
          children: [
            grades.exercise,
            _jsx("select", {
              value: exercise.value ?? offered[0]?.id,
              onChange: ({ currentTarget }) => {
                exercise.value = currentTarget.value;
              },
              children: offered.map(({ id, title, title_fr }) =>
                _jsx("option", { value: id, children: language.value === "fr" ? title_fr : title }, id),
              ),
            }),
          ],
        }),
      _jsx("input", {
        "aria-label": grades.hand,
        type: "file",
        multiple: true,
        disabled: offered.length === 0,
        onChange: ({ currentTarget }) => {
          hand([...(currentTarget.files ?? [])].map((file) => ({ path: file.name, file })));
          // The same file, mended, is to be handed in again.
          currentTarget.value = "";
        },
      }),
    ],
  });
}
function Outcome({ close }) {
  const now = grading.value;
  return _jsxs("div", {
    "data-testid": "grade-report",
    "aria-busy": now.state === "grading",
    children: [
      _jsx("p", { role: "status", children: summary(now) }),
      now.state === "grading" && _jsx("progress", { "aria-hidden": "true" }),
      now.state === "grading" &&
        now.here &&
        _jsx("button", {
          type: "button",
          class: "button",
          "data-testid": "grade-stop",
          onClick: stop,
          children: grades.stop,
        }),
      now.state === "graded" &&
        now.here &&
        _jsx("p", { "data-testid": "graded-here", children: grades.here }),
      now.state === "graded" && _jsx(Findings, { now: now, close: close }),
    ],
  });
}
function summary(now) {
  const { grades } = words.value;
  switch (now.state) {
    case "idle":
      return "";
    case "grading":
      return grades.grading;
    case "refused":
      return typeof now.why === "string" ? grades.refused[now.why] : now.why.said;
    case "graded": {
      const { verdict, score, max_score, passing_score, passed } = now.report;
      const points = grades.points(score, max_score);
      return verdict === "graded"
        ? `${points} ${passed ? grades.passed : grades.failed(passing_score)}`
        : grades.verdict[verdict];
    }
  }
}
function Findings({ now, close }) {
  const { report } = now;
  const { grades } = words.value;
  const met = report.mutants.filter((mutant) => mutant.behaves_like);
  return _jsxs(_Fragment, {
    children: [
      report.submission &&
        _jsx("p", {
          class: "note",
          "data-testid": "graded",
          children: grades.graded(
            (report.submission.files ?? [report.submission.path]).join(", "),
            report.submission.sha256.slice(0, 12),
          ),
        }),
      report.diagnostics.length > 0 &&
        _jsx("ul", {
          class: "findings",
          children: report.diagnostics.map(({ file, line, column, message }) =>
            _jsxs(
              "li",
              {
                children: [
                  _jsx("code", { children: line > 0 ? `${file}:${line}:${column}` : file }),
                  _jsx("pre", { children: message }),
                ],
              },
              `${file}:${line}:${column}:${message}`,
            ),
          ),
        }),
      met.length > 0 &&
        _jsxs("section", {
          "data-testid": "mutants",
          "aria-labelledby": "mutants-title",
          children: [
            _jsx("h3", { id: "mutants-title", children: grades.behavesLike }),
            _jsx("ul", {
              children: met.map(({ id, message }) =>
                _jsxs("li", { children: [_jsx("code", { children: id }), ": ", message] }, id),
              ),
            }),
          ],
        }),
      report.checks.map((check) => _jsx(Row, { check: check, now: now, close: close }, check.id)),
    ],
  });
}
function Row({ check, now, close }) {
  const { grades } = words.value;
  const { title, points, max_points, verdict, expected, actual, message, hint, script } = check;
  const isPassed = verdict === "pass";
  return _jsxs("details", {
    class: "check",
    "data-testid": "grade-check",
    open: points < max_points,
    children: [
      _jsxs("summary", {
        children: [
          _jsxs("span", {
            class: isPassed ? "tone-good" : "tone-bad",
            children: [_jsx(Icon, { name: isPassed ? "held" : "broken" }), " ", grades.verdicts[verdict]],
          }),
          _jsx("span", { children: title }),
          _jsx("span", { class: "points", children: grades.points(points, max_points) }),
        ],
      }),
      message && _jsx("p", { class: "lines", children: message }),
      (expected || actual) &&
        _jsxs("dl", {
          children: [
            _jsx("dt", { children: grades.expected }),
            _jsx("dd", { children: _jsx("code", { children: expected }) }),
            _jsx("dt", { children: grades.actual }),
            _jsx("dd", { children: _jsx("code", { children: actual }) }),
          ],
        }),
      hint && _jsx("p", { children: hint }),
      script &&
        _jsxs(_Fragment, {
          children: [
            _jsx("pre", { children: script }),
            _jsxs("button", {
              type: "button",
              class: "button small",
              onClick: () => {
                close();
                openCheck(check, now.seed, now.here);
              },
              children: [_jsx(Icon, { name: "run" }), now.here ? grades.tryOwn : grades.tryIt],
            }),
          ],
        }),
    ],
  });
}
