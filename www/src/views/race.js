import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { goTo, isStale, race, run, sheet } from "../lab";
import { formatNumber, words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

/** Those that a learner meets first; at most five fit side by side. */
const POLICIES = ["lru", "lfu", "fifo", "sieve", "arc"];
/** Five policies on the script's commands to its node, side by side, up to where they first part. */
export function Race() {
  const { races } = words.value;
  const dialog = useRef(null);
  const raced = useSignal(undefined);
  const isAsked = useSignal(false);
  if (sheet.value.dialect !== "lab" || !run.value.view?.node) {
    return null;
  }
  const start = async () => {
    isAsked.value = true;
    dialog.current?.showModal();
    raced.value = await race(POLICIES);
    isAsked.value = false;
  };
  return _jsxs(_Fragment, {
    children: [
      _jsxs("button", {
        type: "button",
        class: "button small",
        onClick: start,
        "data-testid": "race",
        children: [_jsx(Icon, { name: "list" }), races.open],
      }),
      _jsx(Dialog, {
        box: dialog,
        name: "race",
        title: races.title,
        isWide: true,
        children: _jsxs("div", {
          "data-testid": "policy-race",
          "aria-busy": isAsked.value,
          children: [
            _jsx("p", { children: races.help }),
            raced.value &&
              _jsx(Lanes, {
                race: raced.value,
                see: (step) => {
                  dialog.current?.close();
                  goTo(step + 1);
                },
              }),
            !raced.value && !isAsked.value && _jsx("p", { children: races.none }),
          ],
        }),
      }),
    ],
  });
}
function Lanes({ race: { lanes, parting, reads }, see }) {
  const { races, stats } = words.value;
  const best = Math.max(...lanes.map(({ hits }) => hits));
  return _jsxs(_Fragment, {
    children: [
      _jsxs("table", {
        class: "table",
        children: [
          _jsx("thead", {
            children: _jsxs("tr", {
              children: [
                _jsx("th", { scope: "col", children: races.policy }),
                _jsx("th", { scope: "col", children: stats.hitRate }),
                _jsx("th", { scope: "col", children: stats.hits }),
                _jsx("th", { scope: "col", children: stats.misses }),
                _jsx("th", { scope: "col", children: stats.evictions }),
                _jsx("th", { scope: "col", children: stats.overTime }),
              ],
            }),
          }),
          _jsx("tbody", {
            children: lanes.map(({ policy, hits, misses, evictions, ratioPerMille }) =>
              _jsxs(
                "tr",
                {
                  class: hits === best && reads > 0 ? "best" : undefined,
                  children: [
                    _jsx("th", { scope: "row", children: policy.toUpperCase() }),
                    _jsx("td", {
                      class: "number",
                      children:
                        reads > 0 ? `${formatNumber(Math.round((1000 * hits) / reads) / 10)} %` : stats.none,
                    }),
                    _jsx("td", { class: "number", children: formatNumber(hits) }),
                    _jsx("td", { class: "number", children: formatNumber(misses) }),
                    _jsx("td", { class: "number", children: formatNumber(evictions) }),
                    _jsx("td", {
                      children: _jsx("svg", {
                        class: "curve",
                        viewBox: "0 0 100 24",
                        preserveAspectRatio: "none",
                        "aria-hidden": "true",
                        children: _jsx("polyline", { points: curve(ratioPerMille) }),
                      }),
                    }),
                  ],
                },
                policy,
              ),
            ),
          }),
        ],
      }),
      parting
        ? _jsxs("div", {
            class: "parting",
            children: [
              _jsx("h3", { children: races.parting(parting.line) }),
              _jsx("ul", {
                children: lanes.map(({ policy }, i) =>
                  _jsxs(
                    "li",
                    {
                      children: [
                        _jsx("strong", { children: policy.toUpperCase() }),
                        " ",
                        parting.victims[i] ? races.letGo(parting.victims[i] ?? "") : races.keptAll,
                      ],
                    },
                    policy,
                  ),
                ),
              }),
              !isStale.value &&
                _jsxs("button", {
                  type: "button",
                  class: "button",
                  "data-testid": "race-jump",
                  onClick: () => see(parting.step),
                  children: [_jsx(Icon, { name: "owner" }), races.jump],
                }),
            ],
          })
        : _jsx("p", { children: races.together }),
    ],
  });
}
function curve(perMille) {
  const last = Math.max(1, perMille.length - 1);
  return perMille.map((ratio, i) => `${(100 * i) / last},${23 - (22 * ratio) / 1000}`).join(" ");
}
