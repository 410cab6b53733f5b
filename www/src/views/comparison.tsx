import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { lesson } from "../course";
import type { Difference } from "../engine/types";
import type { Script } from "../engine/worker";
import { goTo, isRunning, isStale, partingOf, run } from "../lab";
import { language } from "../settings";
import { words } from "../words";

/** Of which script what was found; `null` where the two never part. */
const found = signal<{ of: Script; in: string; parting: Difference | null } | undefined>(undefined);

/**
 * Beside a program's run, where it first parts from the reference. A lesson whose task is to find that out has it told by its
 * own check instead.
 */
export function Comparison() {
  const { subjects } = words.value;
  const { script, isDone } = run.value;
  const isWanted =
    script.subject !== undefined && !lesson.value && isDone && !isRunning.value && !isStale.value;
  const spoken = language.value;
  useEffect(() => {
    if (isWanted && (found.value?.of !== script || found.value.in !== spoken)) {
      partingOf(script).then((json) => {
        if (json !== undefined) {
          found.value = { of: script, in: spoken, parting: JSON.parse(json) };
        }
      });
    }
  }, [isWanted, script, spoken]);
  if (!isWanted || found.value?.of !== script) {
    return null;
  }
  const { parting } = found.value;
  return (
    <section class="comparison" data-testid="comparison" aria-labelledby="comparison-title">
      <h3 id="comparison-title">{parting ? subjects.partAt(parting.line) : subjects.compare}</h3>
      {parting ? <Sides parting={parting} /> : <p role="status">{subjects.never}</p>}
    </section>
  );
}

function Sides({ parting: { step, source, one, other } }: { parting: Difference }) {
  const { subjects } = words.value;
  const shown = (answers: string[]) => (answers.length > 0 ? answers.join("\n") : subjects.silent);
  return (
    <>
      <p>
        <code>{source}</code>{" "}
        <button type="button" class="button small" onClick={() => goTo(step)}>
          {subjects.before}
        </button>
      </p>
      <div class="sides">
        <div>
          <h4>{subjects.theirs}</h4>
          <pre>{shown(one)}</pre>
        </div>
        <div>
          <h4>{subjects.own}</h4>
          <pre class="tone-bad">{shown(other)}</pre>
        </div>
      </div>
    </>
  );
}
