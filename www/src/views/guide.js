import { useRef } from "preact/hooks";
import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import {
  course,
  exportProgress,
  importProgress,
  inLanguage,
  nextLesson,
  openLesson,
  progress,
  progressOf,
  resetProgress,
  solvedCount,
} from "../course";
import { hasBegun, isOpen, place, playFreely, show } from "../guide";
import { words } from "../words";
import { Dialog } from "./dialog";
import { openGrade } from "./grade";
import { Icon } from "./icons";
import { OpenLesson } from "./lesson";
/** The column beside the script: where to begin, the lessons, the open one. It folds away. */
export function Guide() {
  const { guide } = words.value;
  const title = place.value === "welcome" ? guide.welcome : guide.lessons;
  return _jsxs("aside", {
    class: isOpen.value ? "card guide" : "card guide folded",
    "aria-labelledby": "guide-title",
    children: [
      _jsxs("div", {
        class: "card-head",
        children: [
          place.value !== "welcome" &&
            isOpen.value &&
            _jsxs("button", {
              type: "button",
              class: "button small plain",
              onClick: () => show(place.value === "lesson" ? "lessons" : "welcome"),
              children: [
                _jsx(Icon, { name: "left" }),
                place.value === "lesson" ? guide.lessons : guide.welcome,
              ],
            }),
          _jsx("h2", {
            id: "guide-title",
            class: place.value === "welcome" || !isOpen.value ? "" : "hidden",
            children: title,
          }),
          _jsxs("button", {
            type: "button",
            class: "button small plain fold",
            "aria-expanded": isOpen.value,
            "aria-controls": "guide-body",
            title: isOpen.value ? guide.fold : guide.unfold,
            onClick: () => {
              isOpen.value = !isOpen.value;
            },
            children: [
              _jsx(Icon, { name: isOpen.value ? "fold" : "unfold" }),
              _jsx("span", { class: "hidden", children: isOpen.value ? guide.fold : guide.unfold }),
            ],
          }),
        ],
      }),
      _jsxs("section", {
        class: "guide-body",
        id: "guide-body",
        hidden: !isOpen.value,
        "aria-labelledby": "guide-title",
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard
        tabIndex: 0,
        children: [
          place.value === "welcome" && _jsx(Welcome, {}),
          place.value === "lessons" && _jsx(Lessons, {}),
          place.value === "lesson" && _jsx(OpenLesson, {}),
        ],
      }),
    ],
  });
}
/** The first screen's four ways on. */
function Welcome() {
  const { guide } = words.value;
  const next = nextLesson();
  const begin =
    next && (hasBegun() ? guide.goOn(inLanguage(next.title)) : guide.first(inLanguage(next.title)));
  return _jsxs("div", {
    class: "welcome",
    children: [
      _jsx("p", { children: guide.hello }),
      _jsxs("ul", {
        class: "ways",
        children: [
          next &&
            begin &&
            _jsx(Way, {
              testId: "begin",
              icon: "run",
              title: begin,
              text: hasBegun() ? guide.goOnHelp : guide.firstHelp(next.minutes),
              isFirst: true,
              go: () => openLesson(next.id),
            }),
          _jsx(Way, {
            testId: "free-play",
            icon: "said",
            title: guide.free,
            text: guide.freeHelp,
            go: playFreely,
          }),
          _jsx(Way, {
            testId: "go-grade",
            icon: "held",
            title: guide.grade,
            text: guide.gradeHelp,
            go: openGrade,
          }),
        ],
      }),
      _jsx("p", { class: "note", children: guide.try }),
      typeof course.value === "object" && _jsx(Lessons, {}),
    ],
  });
}
function Way({ testId, icon, title, text, isFirst = false, go }) {
  return _jsx("li", {
    children: _jsxs("button", {
      type: "button",
      class: isFirst ? "way first" : "way",
      "data-testid": testId,
      onClick: go,
      children: [
        _jsx(Icon, { name: icon }),
        _jsx("strong", { children: title }),
        _jsx("span", { children: text }),
      ],
    }),
  });
}
function Lessons() {
  const { guide } = words.value;
  if (course.value === undefined) {
    return _jsx("p", { class: "empty", children: guide.loading });
  }
  if (course.value === "none") {
    return _jsx("p", { class: "empty", children: guide.none });
  }
  const { chapters, lessons } = course.value;
  return _jsxs("div", {
    "data-testid": "exercises",
    children: [
      _jsx(ProgressBar, { all: lessons.length }),
      chapters.map((chapter) =>
        _jsxs(
          "section",
          {
            class: "chapter",
            "aria-labelledby": `chapter-${chapter.id}`,
            children: [
              _jsx("h3", { id: `chapter-${chapter.id}`, children: inLanguage(chapter.title) }),
              _jsx("p", { class: "quiet", children: inLanguage(chapter.summary) }),
              _jsx("ol", {
                children: chapter.lessons
                  .flatMap((id) => lessons.filter((known) => known.id === id))
                  .map((known) => _jsx(Entry, { lesson: known }, known.id)),
              }),
            ],
          },
          chapter.id,
        ),
      ),
    ],
  });
}
function Entry({ lesson }) {
  const { guide } = words.value;
  const { solved, score } = progressOf(lesson.id);
  return _jsx("li", {
    children: _jsxs("button", {
      type: "button",
      class: solved ? "lesson-link solved" : "lesson-link",
      "data-lesson": lesson.id,
      "data-solved": solved,
      onClick: () => openLesson(lesson.id),
      children: [
        _jsx(Icon, { name: solved ? "held" : "miss" }),
        _jsx("span", { children: inLanguage(lesson.title).replace(/^[^:]{3,12}\s?: /, "") }),
        _jsxs("span", {
          class: "quiet",
          children: [
            guide.kinds[lesson.kind],
            " \u00B7 ",
            solved ? guide.points(score) : guide.minutes(lesson.minutes),
          ],
        }),
      ],
    }),
  });
}
function ProgressBar({ all }) {
  const { guide } = words.value;
  const dialog = useRef(null);
  const file = useRef(null);
  const done = solvedCount.value;
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(exportProgress());
    link.download = "cachedojo-progress.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return _jsxs("div", {
    class: "course-progress",
    "data-testid": "progress",
    "data-solved": done,
    children: [
      _jsx("p", { children: _jsx("strong", { children: guide.solved(done, all) }) }),
      _jsx("div", {
        class: "bar",
        "aria-hidden": "true",
        children: _jsx("span", { style: { width: `${(100 * done) / Math.max(1, all)}%` } }),
      }),
      _jsxs("div", {
        class: "progress-actions",
        children: [
          _jsx("button", {
            type: "button",
            class: "button small",
            "data-testid": "progress-export",
            onClick: save,
            children: guide.export,
          }),
          _jsx("button", {
            type: "button",
            class: "button small",
            "data-testid": "progress-import",
            onClick: () => file.current?.click(),
            children: guide.import,
          }),
          _jsx("input", {
            ref: file,
            type: "file",
            class: "hidden",
            tabIndex: -1,
            accept: ".json,application/json",
            "aria-label": guide.import,
            onChange: async ({ currentTarget }) => {
              const [chosen] = currentTarget.files ?? [];
              const isTaken = chosen ? await importProgress(chosen) : true;
              currentTarget.value = "";
              currentTarget.setCustomValidity(isTaken ? "" : guide.importWrong);
              currentTarget.reportValidity();
            },
          }),
          _jsx("button", {
            type: "button",
            class: "button small",
            "data-testid": "progress-reset",
            "aria-disabled": Object.keys(progress.value).length === 0,
            onClick: () => dialog.current?.showModal(),
            children: guide.reset,
          }),
        ],
      }),
      _jsxs(Dialog, {
        box: dialog,
        name: "forget",
        title: guide.resetTitle,
        children: [
          _jsx("p", { children: guide.resetHelp }),
          _jsx("button", {
            type: "button",
            class: "button",
            "data-testid": "progress-reset-yes",
            onClick: () => {
              resetProgress();
              dialog.current?.close();
            },
            children: guide.resetYes,
          }),
        ],
      }),
    ],
  });
}
