import { useMemo } from "preact/hooks";
import { Fragment as _Fragment, jsx as _jsx, jsxs as _jsxs } from "preact/jsx-runtime";
import { insertCommand, run } from "../lab";
import { eventCount, messagesOf } from "../log";
import { formatNumber, words } from "../words";
import { Icon } from "./icons";
import { Glyph, memberColour } from "./ring-picture";

/** Keys of a node that are shown; the count says how many there are. */
const KEYS_MAX = 8;
/** Messages of one command that are drawn: more cross each other until nobody sees anything. */
const MESSAGES_MAX = 80;
/** The simulated cluster: each node with what it holds, and the messages that the last command sent. */
export function Cluster() {
  const { cluster: text } = words.value;
  const json = run.value.view?.cluster;
  const view = useMemo(() => (json ? JSON.parse(json) : undefined), [json]);
  if (!view) {
    return null;
  }
  return _jsxs(_Fragment, {
    children: [
      _jsxs("section", {
        class: "part cluster",
        "data-testid": "cluster",
        "aria-labelledby": "cluster-title",
        children: [
          _jsxs("div", {
            class: "part-head",
            children: [
              _jsx("h2", { id: "cluster-title", children: text.title }),
              _jsx("span", {
                class: "quiet",
                children: text.time(formatNumber(Math.round(view.nowUs / 1000))),
              }),
            ],
          }),
          _jsx("ul", {
            class: "nodes",
            children: view.nodes.map((node, i) => _jsx(Node, { node: node, index: i }, node.id)),
          }),
        ],
      }),
      _jsx(Messages, { view: view }),
    ],
  });
}
function Node({ node, index }) {
  const { cluster: text } = words.value;
  const { id, status, role, term, epoch, isWhole, keys, hints, wallShiftUs } = node;
  const isUp = status === "up";
  const acts = isUp
    ? [
        ["bolt", text.kill, `kill ${id}`],
        ["pause", text.pause, `pause ${id}`],
        ["clock", text.skew, `skew ${id} +10s`],
      ]
    : [
        [
          "run",
          status === "paused" ? text.resume : text.restart,
          `${status === "paused" ? "resume" : "restart"} ${id}`,
        ],
      ];
  return _jsxs("li", {
    class: `node ${status}`,
    "data-node": id,
    "data-status": status,
    children: [
      _jsxs("p", {
        class: "node-name",
        children: [
          _jsx(Glyph, { index: index, isHollow: !isUp }),
          _jsx("strong", { children: id }),
          _jsx("span", { class: isUp ? "quiet" : "tone-bad", children: text.status[status] }),
          role === "leader" && _jsx("span", { class: "badge", children: text.leader(term) }),
        ],
      }),
      _jsxs("p", {
        class: "quiet",
        children: [
          text.epoch(epoch),
          isUp && !isWhole ? ` · ${text.behind}` : "",
          hints > 0 ? ` · ${text.hints(hints)}` : "",
          wallShiftUs !== 0 ? ` · ${text.shift(formatNumber(wallShiftUs / 1_000_000))}` : "",
        ],
      }),
      _jsxs("ul", {
        class: "held",
        children: [
          keys
            .slice(0, KEYS_MAX)
            .map(({ key, value, version }) =>
              _jsxs(
                "li",
                {
                  title: version,
                  children: [
                    _jsx("code", { children: key }),
                    " ",
                    value === undefined || value === null
                      ? _jsx("s", { children: text.tombstone })
                      : _jsx("code", { children: value }),
                  ],
                },
                key,
              ),
            ),
          keys.length > KEYS_MAX &&
            _jsx("li", {
              class: "quiet",
              children: words.value.node.more(formatNumber(keys.length - KEYS_MAX)),
            }),
        ],
      }),
      status !== "left" &&
        _jsx("div", {
          class: "node-acts",
          children: acts.map(([icon, label, command]) =>
            _jsxs(
              "button",
              {
                type: "button",
                class: "button small",
                title: command,
                "data-command": command,
                onClick: () => insertCommand(command),
                children: [_jsx(Icon, { name: icon }), label],
              },
              command,
            ),
          ),
        }),
    ],
  });
}
/** Who told whom what, and when: a column for each node, time downwards. The list below says the same in words. */
function Messages({ view }) {
  const { cluster: text } = words.value;
  const { position } = run.value;
  const count = eventCount.value;
  const messages = useMemo(
    () => (position > 0 ? messagesOf(position - 1, MESSAGES_MAX) : []),
    // biome-ignore lint/correctness/useExhaustiveDependencies: what was told grows in place, and `count` with it
    [position, count],
  );
  return _jsxs("section", {
    class: "part messages",
    "data-testid": "messages",
    "aria-labelledby": "messages-title",
    children: [
      _jsxs("div", {
        class: "part-head",
        children: [
          _jsx("h2", { id: "messages-title", children: text.messages }),
          _jsx("span", { class: "quiet", children: text.messageCount(messages.length) }),
        ],
      }),
      messages.length === 0
        ? _jsx("p", { class: "note", children: text.noMessages })
        : _jsxs(_Fragment, {
            children: [
              _jsx(SpaceTime, { nodes: view.nodes.map(({ id }) => id), messages: messages }),
              _jsxs("details", {
                class: "note",
                children: [
                  _jsx("summary", { children: text.inWords }),
                  _jsx("ol", {
                    children: messages.map((message, i) =>
                      _jsx("li", { children: inWords(message) }, `${i}`),
                    ),
                  }),
                ],
              }),
            ],
          }),
    ],
  });
}
function inWords({ from, to, name, sentUs, receivedUs }) {
  const { cluster: text } = words.value;
  const ms = (us) => formatNumber(us / 1000);
  return receivedUs === undefined || receivedUs === null
    ? text.lost(from, to, name, ms(sentUs))
    : text.message(from, to, name, ms(sentUs), ms(receivedUs));
}
const WIDTH = 640;
const TOP = 34;
const ROW = 15;
/** Times are drawn in their order, not to scale: a quorum's answers of a microsecond's difference stay apart. */
function SpaceTime({ nodes, messages }) {
  const ends = nodes.concat(
    [...new Set(messages.flatMap(({ from, to }) => [from, to]))].filter((id) => !nodes.includes(id)),
  );
  const times = [
    ...new Set(messages.flatMap(({ sentUs, receivedUs }) => (receivedUs ? [sentUs, receivedUs] : [sentUs]))),
  ].toSorted((a, b) => a - b);
  const rank = new Map(times.map((time, i) => [time, i]));
  const y = (us) => TOP + 10 + (rank.get(us) ?? 0) * ROW;
  const x = (id) => ((ends.indexOf(id) + 0.5) * WIDTH) / ends.length;
  const height = y(times.at(-1) ?? 0) + 18;
  return _jsxs("svg", {
    class: "space-time",
    viewBox: `0 0 ${WIDTH} ${height}`,
    role: "img",
    "aria-label": words.value.cluster.picture,
    children: [
      ends.map((id, i) =>
        _jsxs(
          "g",
          {
            style: { color: memberColour(i) },
            children: [
              _jsx("text", { x: x(id), y: 18, "text-anchor": "middle", children: id }),
              _jsx("line", { class: "life", x1: x(id), y1: TOP - 6, x2: x(id), y2: height - 4 }),
            ],
          },
          id,
        ),
      ),
      messages.map((message, i) => {
        const { from, to, name, sentUs, receivedUs } = message;
        const isLost = receivedUs === undefined || receivedUs === null;
        const [x1, y1] = [x(from), y(sentUs)];
        const [fullX, fullY] = [x(to), isLost ? y1 + ROW : y(receivedUs)];
        const [x2, y2] = isLost ? [(x1 + fullX) / 2, (y1 + fullY) / 2] : [fullX, fullY];
        return _jsxs(
          "g",
          {
            class: isLost ? "message lost" : "message",
            style: { color: memberColour(ends.indexOf(from)) },
            children: [
              _jsx("title", { children: inWords(message) }),
              _jsx("line", { x1: x1, y1: y1, x2: x2, y2: y2 }),
              isLost
                ? _jsx("path", { d: `M${x2 - 4} ${y2 - 4}l8 8m0-8l-8 8` })
                : _jsx("circle", { cx: x2, cy: y2, r: "3" }),
              messages.length <= 24 &&
                _jsx("text", {
                  x: x1 + (x2 - x1) * 0.3,
                  y: y1 + (y2 - y1) * 0.3 - 3,
                  "text-anchor": "middle",
                  children: name,
                }),
            ],
          },
          `${i}`,
        );
      }),
    ],
  });
}
