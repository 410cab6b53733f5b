import { jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { show } from "../guide";
import { language, theme } from "../settings";
import { words } from "../words";
import { Grade } from "./grade";
import { Help } from "./help";
import { Icon } from "./icons";
import { Share } from "./share";

const LANGUAGES = [
  ["en", "English"],
  ["fr", "Français"],
];
export function Header() {
  const { tagline } = words.value;
  return _jsxs("header", {
    class: "top",
    children: [
      _jsxs("div", {
        class: "brand",
        children: [
          _jsxs("svg", {
            class: "mark",
            viewBox: "0 0 32 32",
            "aria-hidden": "true",
            children: [
              _jsx("path", { d: "M22.5 6.2a12 12 0 1 0 4.6 5.3" }),
              _jsx("circle", { cx: "24.6", cy: "8", r: "3.4" }),
            ],
          }),
          _jsx("h1", { children: "Cachedojo" }),
          _jsx("p", { children: tagline }),
        ],
      }),
      _jsxs("div", {
        class: "settings",
        children: [
          _jsx(LanguageChoice, {}),
          _jsx(ThemeChoice, {}),
          _jsxs("button", {
            type: "button",
            class: "button",
            "data-testid": "lessons",
            onClick: () => show("lessons"),
            children: [
              _jsx(Icon, { name: "list" }),
              _jsx("span", { class: "label", children: words.value.guide.lessons }),
            ],
          }),
          _jsx(Grade, {}),
          _jsx(Share, {}),
          _jsx(Help, {}),
        ],
      }),
    ],
  });
}
function LanguageChoice() {
  return _jsxs("fieldset", {
    class: "choice",
    children: [
      _jsx("legend", { class: "hidden", children: words.value.language }),
      LANGUAGES.map(([tag, name]) =>
        _jsxs(
          "button",
          {
            type: "button",
            lang: tag,
            title: name,
            "aria-pressed": language.value === tag,
            onClick: () => {
              language.value = tag;
            },
            children: [
              _jsx("span", { "aria-hidden": "true", children: tag.toUpperCase() }),
              _jsx("span", { class: "hidden", children: name }),
            ],
          },
          tag,
        ),
      ),
    ],
  });
}
function ThemeChoice() {
  const { label, system, light, dark } = words.value.theme;
  return _jsxs("label", {
    class: "field",
    children: [
      _jsx("span", { class: "hidden", children: label }),
      _jsxs("select", {
        title: label,
        value: theme.value ?? "",
        onChange: ({ currentTarget }) => {
          theme.value = currentTarget.value === "" ? undefined : currentTarget.value;
        },
        children: [
          _jsx("option", { value: "", children: system }),
          _jsx("option", { value: "light", children: light }),
          _jsx("option", { value: "dark", children: dark }),
        ],
      }),
    ],
  });
}
