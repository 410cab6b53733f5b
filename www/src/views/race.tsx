import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { goTo, isStale, race, run, sheet } from "../lab";
import type { Race as Raced } from "../wasm/cachedojo";
import { formatNumber, words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

/** Those that a learner meets first; at most five fit side by side. */
const POLICIES = ["lru", "lfu", "fifo", "sieve", "arc"];

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
    dialog.current?.showModal();
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
      </Dialog>
    </>
  );
}

function Lanes({ race: { lanes, parting, reads }, see }: { race: Raced; see: (step: number) => void }) {
  const { races, stats } = words.value;
  const best = Math.max(...lanes.map(({ hits }) => hits));
  return (
    <>
      <table class="table race-lanes">
        <thead>
          <tr>
            <th scope="col">{races.policy}</th>
            <th scope="col">{stats.hitRate}</th>
            <th scope="col">{stats.hits}</th>
            <th scope="col">{stats.misses}</th>
            <th scope="col">{stats.evictions}</th>
            <th scope="col">{stats.overTime}</th>
          </tr>
        </thead>
        <tbody>
          {lanes.map(({ policy, hits, misses, evictions, ratioPerMille }) => (
            <tr key={policy} class={hits === best && reads > 0 ? "best" : undefined}>
              <th scope="row">{policy.toUpperCase()}</th>
              <td class="number">
                {reads > 0 ? `${formatNumber(Math.round((1000 * hits) / reads) / 10)} %` : stats.none}
              </td>
              <td class="number">{formatNumber(hits)}</td>
              <td class="number">{formatNumber(misses)}</td>
              <td class="number">{formatNumber(evictions)}</td>
              <td>
                <svg class="curve" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
                  <polyline points={curve(ratioPerMille)} />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {parting ? (
        <div class="parting">
          <h3>{races.parting(parting.line)}</h3>
          <ul>
            {lanes.map(({ policy }, i) => (
              <li key={policy}>
                <strong>{policy.toUpperCase()}</strong>{" "}
                {parting.victims[i] ? races.letGo(parting.victims[i] ?? "") : races.keptAll}
              </li>
            ))}
          </ul>
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

function curve(perMille: number[]): string {
  const last = Math.max(1, perMille.length - 1);
  return perMille.map((ratio, i) => `${(100 * i) / last},${23 - (22 * ratio) / 1000}`).join(" ");
}
