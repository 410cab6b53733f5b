import { jsx as _jsx } from "preact/jsx-runtime";
/** A card's body that scrolls when it must, from the keyboard too. */
export function ScrollBox({ testId, labelledBy, children }) {
  return _jsx("section", {
    class: "fill",
    "data-testid": testId,
    tabIndex: 0,
    "aria-labelledby": labelledBy,
    children: children,
  });
}
