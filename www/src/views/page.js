import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { lesson } from "../course";
import { isEmbedded } from "../embed";
import { isOpen } from "../guide";
import { sheet } from "../lab";
import { words } from "../words";
import { Banner } from "./banner";
import { Comparison } from "./comparison";
import { Editor } from "./editor";
import { Guide } from "./guide";
import { Header } from "./header";
import { Mistakes } from "./mistakes";
import { Output } from "./output";
import { Chooser, Tools } from "./script";
import { Strip } from "./strip";
import { Timeline } from "./timeline";
import { World } from "./world";
/** The guide, the script beside the world that it makes, and one strip that moves the run. */
export function Page() {
  return _jsxs(_Fragment, {
    children: [
      _jsx("a", { class: "skip", href: "#script", children: words.value.skip }),
      !isEmbedded && _jsx(Header, {}),
      _jsx(Banner, {}),
      _jsxs("main", {
        class: isOpen.value ? "lab guided" : "lab",
        children: [
          (!isEmbedded || lesson.value) && _jsx(Guide, {}),
          _jsxs("div", {
            class: "column",
            children: [
              _jsxs("section", {
                class: "card script",
                id: "script",
                "aria-labelledby": "script-title",
                tabIndex: -1,
                children: [
                  _jsxs("div", {
                    class: "card-head",
                    children: [
                      _jsx("h2", { id: "script-title", children: words.value.script }),
                      _jsx(Tools, {}),
                      _jsx(Chooser, {}),
                    ],
                  }),
                  _jsx(Editor, {}, sheet.value.id),
                  _jsx(Mistakes, {}),
                  _jsx(Comparison, {}),
                ],
              }),
              _jsx(Output, {}),
            ],
          }),
          _jsxs("div", { class: "column", children: [_jsx(World, {}), _jsx(Timeline, {})] }),
        ],
      }),
      _jsx(Strip, {}),
    ],
  });
}
