import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { insertCommand, isStale, run, sheet } from "../lab";
import { words } from "../words";
import { Cache } from "./cache";
import { Cluster } from "./cluster";
import { Faults } from "./faults";
import { Icon } from "./icons";
import { Race } from "./race";
import { Ring } from "./ring";
/** The world as it stands after the last command: what there is of it is drawn, and nothing else. */
export function World() {
  const { world } = words.value;
  const { view, position } = run.value;
  const isBare = !view?.node && !view?.ring && !view?.cluster && !(view && view.pairCount > 0);
  return _jsxs("section", {
    class: isStale.value && position > 0 ? "card world stale" : "card world",
    "aria-labelledby": "world-title",
    children: [
      _jsxs("div", {
        class: "card-head",
        children: [_jsx("h2", { id: "world-title", children: world.title }), _jsx(Race, {})],
      }),
      _jsxs("section", {
        class: "fill",
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard
        tabIndex: 0,
        "aria-labelledby": "world-title",
        children: [
          isBare && _jsx(Bare, { hasRun: position > 0 }),
          _jsxs("div", {
            class: view?.node && view.ring ? "parts two" : "parts",
            hidden: isBare,
            children: [_jsx(Cluster, {}), _jsx(Cache, {}), _jsx(Ring, {})],
          }),
          !isBare && sheet.value.dialect === "lab" && _jsx(Faults, {}),
        ],
      }),
    ],
  });
}
/** Nothing yet: what will be seen here, and the command that makes it. */
function Bare({ hasRun }) {
  const { world } = words.value;
  const isLab = sheet.value.dialect === "lab";
  return _jsxs("div", {
    class: "bare",
    children: [
      _jsxs("svg", {
        viewBox: "0 0 200 120",
        "aria-hidden": "true",
        children: [
          _jsx("path", { class: "ghost", d: "M20 46h34v28H20zM56 46h22v28H56zM80 46h14v28H80z" }),
          _jsx("circle", { class: "ghost", cx: "150", cy: "60", r: "34" }),
          _jsx("circle", { class: "dot", cx: "150", cy: "26", r: "5" }),
          _jsx("circle", { class: "dot", cx: "179", cy: "77", r: "5" }),
          _jsx("circle", { class: "dot", cx: "121", cy: "77", r: "5" }),
        ],
      }),
      _jsx("p", { children: hasRun ? world.bareAfter : world.bare }),
      isLab &&
        sheet.value.lesson === undefined &&
        _jsx("div", {
          class: "offers",
          children: world.offers.map(([label, command]) =>
            _jsxs(
              "button",
              {
                type: "button",
                class: "button",
                onClick: () => insertCommand(command),
                children: [
                  _jsx(Icon, { name: "made" }),
                  label,
                  " ",
                  _jsx("code", { children: command.split("\n")[0] }),
                ],
              },
              command,
            ),
          ),
        }),
    ],
  });
}
