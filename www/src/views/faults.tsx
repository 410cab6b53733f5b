import { useComputed } from "@preact/signals";
import type { ClusterView } from "../engine/event";
import { insertCommand, run } from "../lab";
import { words } from "../words";
import { Icon } from "./icons";

/** More members than these are removed by writing. */
const MEMBERS_MAX = 12;

/** What a click does to the world: it writes its command below the line where the run stands. */
export function Faults() {
  const { faults } = words.value;
  // Both stay the same from step to step where nothing of them changes: then nothing is drawn again.
  const ring = useComputed(() => run.value.view?.ring).value;
  const json = useComputed(() => run.value.view?.cluster).value;
  // A ring alone reads no clock.
  const hasClocks = useComputed(() => {
    const view = run.value.view;
    return !view?.ring || Boolean(view.node ?? view.cluster) || view.pairCount > 0;
  }).value;
  const members = ring?.members.slice(0, MEMBERS_MAX) ?? [];
  const cluster: ClusterView | undefined = json ? JSON.parse(json) : undefined;
  const nodes = cluster?.nodes.filter(({ status }) => status !== "left").map(({ id }) => id) ?? [];
  const choices: [string, string][] = [
    [faults.second, "tick 1s"],
    [faults.minute, "tick 1m"],
    ...(hasClocks
      ? ([
          [faults.ahead, "wall jump +1h"],
          [faults.back, "wall jump -1h"],
        ] as [string, string][])
      : []),
    ...(nodes.length > 1
      ? ([
          [faults.split, `partition ${nodes[0]} | ${nodes.slice(1).join(" ")}`],
          [faults.heal, "heal"],
          [faults.settle, "settle"],
        ] as [string, string][])
      : []),
    ...(ring
      ? [[faults.add(newName(ring.members)), `ring add ${newName(ring.members)}`] as [string, string]]
      : []),
    ...members.map(({ id }): [string, string] => [faults.remove(id), `ring remove ${id}`]),
  ];
  return (
    <fieldset class="faults" data-testid="fault">
      <legend>{faults.title}</legend>
      {choices.map(([label, command]) => (
        <button
          key={command}
          type="button"
          class="button small"
          title={command}
          data-command={command}
          onClick={() => insertCommand(command)}
        >
          <Icon name={/^(tick|wall|settle)/.test(command) ? "clock" : "bolt"} />
          {label}
        </button>
      ))}
    </fieldset>
  );
}

/** The name after the last member's: node4 after node3, D after C. */
function newName(members: { id: string }[]): string {
  const taken = new Set(members.map(({ id }) => id));
  const [, stem = "node", digits = `${members.length}`] = /^(.*?)(\d+)$/.exec(members.at(-1)?.id ?? "") ?? [];
  const letter = members.map(({ id }) => id).findLast((id) => /^[A-Y]$/.test(id));
  const next = letter && String.fromCharCode(letter.charCodeAt(0) + 1);
  if (next && !taken.has(next)) {
    return next;
  }
  let number = Number(digits) + 1;
  while (taken.has(`${stem}${number}`)) {
    number += 1;
  }
  return `${stem}${number}`;
}
