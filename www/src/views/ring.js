import { useSignal } from "@preact/signals";
import { memo } from "preact/compat";
import { useMemo } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { run, seek, soughtKey } from "../lab";
import { movedBetween } from "../moved";
import { formatNumber, words } from "../words";
import { Bar } from "./cache";
import { Glyph, memberColour, RingPicture } from "./ring-picture";
/** Where there is no ring, nothing is said of one. */
export function Ring() {
  const { ring: text } = words.value;
  const { view, before } = run.value;
  const ring = view?.ring;
  return _jsxs("section", {
    class: "part ring",
    "aria-labelledby": "ring-title",
    hidden: !ring,
    children: [
      _jsxs("div", {
        class: "part-head",
        children: [_jsx("h2", { id: "ring-title", children: text.title }), ring && _jsx(Finder, {})],
      }),
      _jsx("div", {
        "data-testid": "ring",
        children: ring && _jsx(Shown, { ring: ring, before: before?.ring }),
      }),
    ],
  });
}
const Shown = memo(({ ring, before }) => {
  const { ring: text } = words.value;
  const chosen = useSignal(undefined);
  const points = ring.members.reduce((sum, member) => sum + member.points, 0);
  const moved = useMemo(
    () => (before && before !== ring ? movedBetween(before, ring) : undefined),
    [before, ring],
  );
  const isDrawn = ring.places.length === points;
  return _jsxs("div", {
    class: "ring-body",
    children: [
      isDrawn
        ? _jsx(RingPicture, {
            ring: ring,
            chosen: chosen.value,
            moved: moved,
            label: text.picture(ring.members.length, formatNumber(points)),
          })
        : _jsx("p", { class: "empty", children: text.tooMany }),
      _jsxs("div", {
        class: "ring-words",
        children: [
          moved && _jsx(Move, { moved: moved }),
          _jsx("p", { class: "note", children: text.summary(ring.members.length, formatNumber(points)) }),
          _jsxs("table", {
            class: "table",
            children: [
              _jsx("thead", {
                children: _jsxs("tr", {
                  children: [
                    _jsx("th", { scope: "col", children: text.node }),
                    _jsx("th", { scope: "col", children: text.points }),
                    _jsx("th", { scope: "col", children: text.share }),
                  ],
                }),
              }),
              _jsx("tbody", {
                children: ring.members.map((member, i) =>
                  _jsx(
                    "tr",
                    {
                      onMouseEnter: () => {
                        chosen.value = i;
                      },
                      onMouseLeave: () => {
                        chosen.value = undefined;
                      },
                      children: _jsx(Member, { member: member, index: i }),
                    },
                    member.id,
                  ),
                ),
              }),
            ],
          }),
          _jsx(Keys, { ring: ring }),
        ],
      }),
    ],
  });
});
/** What a join or a departure moved, beside what a plain remainder would have. */
function Move({ moved: { share, modulo } }) {
  const { ring: text } = words.value;
  const percent = (part) => formatNumber(Math.round(1000 * part) / 10);
  return _jsx("p", { class: "moved", children: text.moved(percent(share), percent(modulo)) });
}
function Member({ member, index }) {
  const { ring: text } = words.value;
  const { id, isAlive, points, sharePpm, weight } = member;
  return _jsxs(_Fragment, {
    children: [
      _jsxs("th", {
        scope: "row",
        children: [
          _jsx(Glyph, { index: index, isHollow: !isAlive }),
          _jsx("span", { children: id }),
          !isAlive && _jsx("span", { class: "badge", children: text.dead }),
          weight !== 1 && _jsxs("span", { class: "quiet", children: [" ", text.weight(weight)] }),
        ],
      }),
      _jsx("td", { class: "number", children: formatNumber(points) }),
      _jsxs("td", {
        class: "left",
        children: [
          formatNumber(Math.round(sharePpm / 1000) / 10),
          " %",
          _jsx(Bar, { part: sharePpm, of: 1_000_000, tone: memberColour(index) }),
        ],
      }),
    ],
  });
}
function Keys({ ring }) {
  const { ring: text } = words.value;
  if (ring.keys.length === 0) {
    return null;
  }
  return _jsxs(_Fragment, {
    children: [
      _jsx("h3", { class: "note", children: text.keys }),
      _jsx("ul", {
        class: "keys",
        "aria-live": "polite",
        children: ring.keys.map(({ key, owner, position }) => {
          const member = owner === undefined ? undefined : ring.members[owner];
          return _jsxs(
            "li",
            {
              title: position,
              children: [
                owner !== undefined && _jsx(Glyph, { index: owner }),
                member ? text.place(key, member.id) : text.placeNone(key),
              ],
            },
            key,
          );
        }),
      }),
    ],
  });
}
function Finder() {
  const { ring: text } = words.value;
  return _jsxs("label", {
    class: "field",
    children: [
      _jsx("span", { class: "hidden", children: text.find }),
      _jsx("input", {
        class: "find",
        placeholder: text.find,
        title: text.find,
        autocomplete: "off",
        spellcheck: false,
        value: soughtKey.value,
        onInput: ({ currentTarget }) => seek(currentTarget.value),
      }),
    ],
  });
}
