import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { copyText } from "../clipboard";
import { PICTURES, savePicture, saveRun } from "../export";
import { shareLink } from "../lab";
import { formatNumber, words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

/** Links longer than this are cut by some messengers. */
const CHARACTERS_SAFE = 2000;
export function Share() {
  const { share, sharing } = words.value;
  const link = useSignal("");
  const isCopied = useSignal(false);
  const pictures = useSignal([]);
  const dialog = useRef(null);
  const copy = async () => {
    isCopied.value = await copyText(link.value);
  };
  const show = async () => {
    link.value = await shareLink();
    await copy();
    pictures.value = ["ring", "messages"].filter((name) => document.querySelector(PICTURES[name]));
    dialog.current?.showModal();
  };
  return _jsxs(_Fragment, {
    children: [
      _jsxs("button", {
        type: "button",
        class: "button",
        "data-testid": "share",
        onClick: show,
        children: [_jsx(Icon, { name: "share" }), _jsx("span", { class: "label", children: share })],
      }),
      _jsxs(Dialog, {
        box: dialog,
        name: "share",
        title: sharing.title,
        children: [
          _jsx("p", { children: sharing.contains }),
          _jsxs("div", {
            class: "link",
            children: [
              _jsx("input", {
                readOnly: true,
                "aria-label": sharing.title,
                value: link.value,
                onFocus: ({ currentTarget }) => currentTarget.select(),
              }),
              _jsxs("button", {
                type: "button",
                class: "button",
                onClick: copy,
                children: [_jsx(Icon, { name: "copy" }), sharing.copy],
              }),
            ],
          }),
          _jsx("p", { role: "status", children: isCopied.value ? sharing.copied : sharing.manual }),
          link.value.length > CHARACTERS_SAFE &&
            _jsx("p", { children: sharing.long(formatNumber(link.value.length)) }),
          _jsx("h3", { children: sharing.files }),
          _jsxs("div", {
            class: "offers",
            children: [
              _jsx("button", {
                type: "button",
                class: "button",
                "data-testid": "export-json",
                onClick: () => saveRun("json"),
                children: sharing.trace,
              }),
              _jsx("button", {
                type: "button",
                class: "button",
                "data-testid": "export-text",
                onClick: () => saveRun("text"),
                children: sharing.transcript,
              }),
              pictures.value.map((name) =>
                _jsx(
                  "button",
                  {
                    type: "button",
                    class: "button",
                    "data-testid": `export-${name}`,
                    onClick: () => savePicture(name),
                    children: sharing.pictures[name],
                  },
                  name,
                ),
              ),
            ],
          }),
        ],
      }),
    ],
  });
}
