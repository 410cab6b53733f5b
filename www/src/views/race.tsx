import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { goTo, isStale, race, run, sheet } from "../lab";
import type { Race as Raced } from "../wasm/cachedojo";
import { words } from "../words";
import { Dialog, open } from "./dialog";
import { Icon } from "./icons";
import { LaneTable, POLICIES, Victims } from "./lanes";
import { TraceRace } from "./trace-race";

/** Five policies on the script's commands to its node, side by side, up to where they first part. */
export function Race() {
  const { races } = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const raced = useSignal<Raced | undefined>(undefined);
  const isAsked = useSignal(false);
  if (sheet.value.dialect !== "lab" || !run.value.view?.node) {
    return null;
  }
  const start = async () => {
    isAsked.value = true;
    open(dialog.current);
    raced.value = await race(POLICIES);
    isAsked.value = false;
  };
  return (
    <>
      <button type="button" class="button small" onClick={start} data-testid="race">
        <Icon name="list" />
        {races.open}
      </button>
      <Dialog box={dialog} name="race" title={races.title} isWide>
        <div data-testid="policy-race" aria-busy={isAsked.value}>
          <p>{races.help}</p>
          {raced.value && (
            <Lanes
              race={raced.value}
              see={(step) => {
                dialog.current?.close();
                goTo(step + 1);
              }}
            />
          )}
          {!raced.value && !isAsked.value && <p>{races.none}</p>}
        </div>
        <TraceRace />
      </Dialog>
    </>
  );
}

function Lanes({ race: { lanes, parting, reads }, see }: { race: Raced; see: (step: number) => void }) {
  const { races } = words.value;
  return (
    <>
      <LaneTable lanes={lanes} reads={reads} />
      {parting ? (
        <div class="parting">
          <h3>{races.parting(parting.line)}</h3>
          <Victims lanes={lanes} victims={parting.victims} />
          {!isStale.value && (
            <button type="button" class="button" data-testid="race-jump" onClick={() => see(parting.step)}>
              <Icon name="owner" />
              {races.jump}
            </button>
          )}
        </div>
      ) : (
        <p>{races.together}</p>
      )}
    </>
  );
}
