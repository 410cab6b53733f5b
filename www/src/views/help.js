import { useEffect, useRef } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { commandHelp, sheet } from "../lab";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";
/** The keys, and every command of the lab language from the engine's own table. */
export function Help() {
  const { help, commands, hints, tools } = words.value;
  const dialog = useRef(null);
  useEffect(() => {
    const ask = (event) => {
      const isTyping =
        event.target instanceof HTMLElement && event.target.closest("input, textarea, select, .cm-content");
      if (event.key === "?" && !isTyping && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        dialog.current?.showModal();
      }
    };
    addEventListener("keydown", ask);
    return () => removeEventListener("keydown", ask);
  }, []);
  const keys = [
    ["Ctrl+Enter", hints.run],
    ["F10", hints.step],
    ["F9", hints.back],
    ["Ctrl+F10", tools.toLine],
    ["Esc", hints.stop],
    ["Ctrl+Space", help.complete],
    ["Esc, Tab", help.leave],
    ["?", help.title],
  ];
  return _jsxs(_Fragment, {
    children: [
      _jsx("button", {
        type: "button",
        class: "button",
        "data-testid": "help",
        title: `${help.title} (?)`,
        "aria-label": help.title,
        onClick: () => dialog.current?.showModal(),
        children: _jsx(Icon, { name: "help" }),
      }),
      _jsxs(Dialog, {
        box: dialog,
        name: "help",
        title: help.title,
        isWide: true,
        children: [
          _jsx("h3", { children: help.keys }),
          _jsx("dl", {
            class: "keys-help",
            children: keys.map(([key, what]) =>
              _jsxs(
                "div",
                {
                  children: [
                    _jsx("dt", { children: _jsx("kbd", { children: key }) }),
                    _jsx("dd", { children: what }),
                  ],
                },
                key,
              ),
            ),
          }),
          _jsx("h3", { children: commands.title }),
          _jsx("p", { children: commands.rest }),
          _jsxs("table", {
            class: "table",
            children: [
              _jsx("thead", {
                children: _jsxs("tr", {
                  children: [
                    _jsx("th", { scope: "col", children: commands.usage }),
                    _jsx("th", { scope: "col", children: commands.help }),
                  ],
                }),
              }),
              _jsx("tbody", {
                children: commandHelp.value[sheet.value.dialect].map(({ name, usage, help }) =>
                  _jsxs(
                    "tr",
                    {
                      children: [
                        _jsx("th", { scope: "row", children: _jsx("code", { children: usage }) }),
                        _jsx("td", { children: help }),
                      ],
                    },
                    name,
                  ),
                ),
              }),
            ],
          }),
        ],
      }),
    ],
  });
}
