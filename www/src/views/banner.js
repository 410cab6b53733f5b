import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { lesson, openLesson } from "../course";
import { DROPPED } from "../dropped";
import {
  dropKept,
  isEdited,
  isRead,
  keptTexts,
  linkFault,
  openMeant,
  openOwn,
  reading,
  retry,
  sheet,
  showOriginal,
  takeKept,
  trouble,
} from "../lab";
import { language } from "../settings";
import { isOwn } from "../sheets";
import { formatNumber, words } from "../words";
/** What a person must know about the open sheet, and what went wrong. */
export function Banner() {
  const { banner, status } = words.value;
  const fault = linkFault.value;
  const text = fault?.fault === "version" ? banner.version(fault.version) : banner.damaged;
  return _jsxs("div", {
    class: "banners",
    children: [
      trouble.value &&
        _jsxs("p", {
          class: "banner bad",
          role: "alert",
          children: [
            status[trouble.value],
            trouble.value === "unloaded" &&
              _jsx("button", {
                type: "button",
                class: "button small",
                onClick: retry,
                children: banner.retry,
              }),
          ],
        }),
      fault &&
        _jsxs("p", {
          class: "banner bad",
          role: "alert",
          children: [
            text,
            _jsx("button", {
              type: "button",
              class: "button small",
              onClick: () => {
                linkFault.value = undefined;
              },
              children: banner.close,
            }),
          ],
        }),
      _jsx(Meant, {}),
      !isOwn(sheet.value) && !sheet.value.id.startsWith("lesson.") && _jsx(Borrowed, {}),
      keptTexts.value
        .slice(0, 1)
        .map((one) =>
          _jsxs(
            "p",
            {
              class: "banner",
              role: "note",
              "data-testid": "kept",
              children: [
                _jsx("span", { children: banner.kept(new Date(one.at).toLocaleTimeString(language.value)) }),
                _jsx("button", {
                  type: "button",
                  class: "button small",
                  onClick: () => takeKept(one),
                  children: banner.take,
                }),
                _jsx("button", {
                  type: "button",
                  class: "button small",
                  onClick: () => dropKept(one),
                  children: banner.forget,
                }),
              ],
            },
            one.key,
          ),
        ),
    ],
  });
}
function Borrowed() {
  const { banner } = words.value;
  const { dialect, lesson: of } = sheet.value;
  return _jsxs("p", {
    class: "banner",
    role: "note",
    "data-testid": "borrowed",
    children: [
      _jsx("span", { children: whence(sheet.value) }),
      isEdited.value &&
        _jsx("button", {
          type: "button",
          class: "button small",
          onClick: showOriginal,
          children: banner.original,
        }),
      _jsx("button", {
        type: "button",
        class: "button small",
        onClick: () => (of ? openLesson(of) : openOwn(dialect)),
        children: banner.mine,
      }),
    ],
  });
}
/** Where a sheet comes from that is not the learner's own, and who obeys there. */
function whence({ id, title, origin, fork, subject }) {
  const { banner } = words.value;
  if (origin) {
    return subject === DROPPED
      ? banner.ownCheck(origin.title)
      : banner.check(origin.title, origin.expected, origin.actual);
  }
  if (fork !== undefined) {
    return banner.fork(formatNumber(fork));
  }
  if (id.startsWith("pasted.")) {
    return banner.pasted;
  }
  return title === undefined ? banner.link : banner.example(title);
}
/** A script that was pasted into the wrong language, as the engine recognised it. */
function Meant() {
  const { banner, dialects } = words.value;
  const { meant } = reading.value;
  if (!meant || !isRead.value || lesson.value) {
    return null;
  }
  return _jsxs("p", {
    class: "banner",
    role: "note",
    "data-testid": "meant",
    children: [
      _jsx("span", { children: banner.meant(dialects[meant]) }),
      _jsx("button", {
        type: "button",
        class: "button small",
        onClick: () => openMeant(meant),
        children: banner.takeMeant,
      }),
    ],
  });
}
