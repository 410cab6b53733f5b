import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { goToLine, reading } from "../lab";
import { words } from "../words";

/** More than these do not fit below the editor; every one is underlined. */
const SHOWN_MAX = 3;
/** The script's first mistakes in words, for those who cannot hover over them. */
export function Mistakes() {
  const { status } = words.value;
  const { diagnostics } = reading.value;
  if (diagnostics.length === 0) {
    return null;
  }
  return _jsx("ul", {
    class: "mistakes",
    children: diagnostics
      .slice(0, SHOWN_MAX)
      .map(({ from, line, message }) =>
        _jsxs(
          "li",
          {
            children: [
              _jsx("button", { type: "button", onClick: () => goToLine(line), children: status.line(line) }),
              message,
            ],
          },
          from,
        ),
      ),
  });
}
