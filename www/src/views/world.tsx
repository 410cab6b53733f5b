import { insertCommand, isStale, run, sheet } from "../lab";
import { answerOfLine, eventBefore, eventCount, sourceBefore } from "../log";
import { isWorldOnly, toggleWorldOnly } from "../projector";
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
  return (
    <section
      class={isStale.value && position > 0 ? "card world stale" : "card world"}
      aria-labelledby="world-title"
    >
      <div class="card-head">
        <h2 id="world-title">{world.title}</h2>
        {isWorldOnly.value && <Now />}
        <div class="tools">
          <Race />
          <button
            type="button"
            class="button small"
            data-testid="world-only"
            title={world.onlyHelp}
            aria-pressed={isWorldOnly.value}
            onClick={toggleWorldOnly}
          >
            <Icon name={isWorldOnly.value ? "narrow" : "wide"} />
            <span class="label">{isWorldOnly.value ? world.all : world.only}</span>
          </button>
        </div>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a section would be a second landmark of the card's name, and a fieldset is for a form */}
      <div
        class="fill"
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard
        tabIndex={0}
        aria-labelledby="world-title"
      >
        {isBare && <Bare hasRun={position > 0} />}
        <div class={view?.node && view.ring ? "parts two" : "parts"} hidden={isBare}>
          <Cluster />
          <Cache />
          <Ring />
        </div>
        {!isBare && sheet.value.dialect === "lab" && <Faults />}
      </div>
    </section>
  );
}

/** Where the script is out of sight: the command that was obeyed last, and its answer. */
function Now() {
  const { position } = run.value;
  const last = eventCount.value > 0 && !isStale.value ? eventBefore(position) : undefined;
  const answer = last && answerOfLine(last.line, position);
  const source = last && sourceBefore(position);
  return (
    <p class="now" data-testid="now">
      {source !== undefined && <code>{source}</code>}
      {answer && <span class={`tone-${answer.tone}`}> → {answer.whole}</span>}
    </p>
  );
}

/** Nothing yet: what will be seen here, and the command that makes it. */
function Bare({ hasRun }: { hasRun: boolean }) {
  const { world } = words.value;
  const isLab = sheet.value.dialect === "lab";
  return (
    <div class="bare">
      <svg viewBox="0 0 200 120" aria-hidden="true">
        <path class="ghost" d="M20 46h34v28H20zM56 46h22v28H56zM80 46h14v28H80z" />
        <circle class="ghost" cx="150" cy="60" r="34" />
        <circle class="dot" cx="150" cy="26" r="5" />
        <circle class="dot" cx="179" cy="77" r="5" />
        <circle class="dot" cx="121" cy="77" r="5" />
      </svg>
      <p>{hasRun ? world.bareAfter : world.bare}</p>
      {isLab && sheet.value.lesson === undefined && (
        <div class="offers">
          {world.offers.map(([label, command]) => (
            <button key={command} type="button" class="button" onClick={() => insertCommand(command)}>
              <Icon name="made" />
              {label} <code>{command.split("\n")[0]}</code>
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
