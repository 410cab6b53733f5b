import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { insertCommand, run } from "../lab";
import { words } from "../words";
import { Icon } from "./icons";

/** More members than these are removed by writing. */
const MEMBERS_MAX = 12;
/** What a click does to the world: it writes its command below the line where the run stands. */
export function Faults() {
  const { faults } = words.value;
  const view = run.value.view;
  const members = view?.ring?.members.slice(0, MEMBERS_MAX) ?? [];
  const cluster = view?.cluster ? JSON.parse(view.cluster) : undefined;
  const nodes = cluster?.nodes.filter(({ status }) => status !== "left").map(({ id }) => id) ?? [];
  const choices = [
    [faults.second, "tick 1s"],
    [faults.minute, "tick 1m"],
    [faults.ahead, "wall jump +1h"],
    [faults.back, "wall jump -1h"],
    ...(nodes.length > 1
      ? [
          [faults.split, `partition ${nodes[0]} | ${nodes.slice(1).join(" ")}`],
          [faults.heal, "heal"],
          [faults.settle, "settle"],
        ]
      : []),
    ...members.map(({ id }) => [faults.remove(id), `ring remove ${id}`]),
  ];
  return _jsxs("fieldset", {
    class: "faults",
    "data-testid": "fault",
    children: [
      _jsx("legend", { children: faults.title }),
      choices.map(([label, command]) =>
        _jsxs(
          "button",
          {
            type: "button",
            class: "button small",
            title: command,
            "data-command": command,
            onClick: () => insertCommand(command),
            children: [_jsx(Icon, { name: /^(tick|wall|settle)/.test(command) ? "clock" : "bolt" }), label],
          },
          command,
        ),
      ),
    ],
  });
}
