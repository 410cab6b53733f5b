import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { words } from "../words";
/** A dialog under its title: Esc, a click beside it and its last button close it. `name` is the stem of its ids. */
export function Dialog({ box, name, title, isWide = false, children }) {
  return _jsxs("dialog", {
    ref: box,
    class: isWide ? "dialog wide" : "dialog",
    "aria-labelledby": `${name}-title`,
    closedby: "any",
    children: [
      _jsx("h2", { id: `${name}-title`, tabIndex: -1, autofocus: true, children: title }),
      children,
      _jsx("form", {
        method: "dialog",
        children: _jsx("button", {
          type: "submit",
          class: "button primary",
          children: words.value.banner.close,
        }),
      }),
    ],
  });
}
