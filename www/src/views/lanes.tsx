import type { EvictionPolicy } from "../engine/types";
import type { Lane } from "../wasm/cachedojo";
import { formatNumber, words } from "../words";

/** Those that a learner meets first; at most five fit side by side. */
export const POLICIES: EvictionPolicy[] = ["lru", "lfu", "fifo", "sieve", "arc"];

/** Whom each policy let go where they part. */
export function Victims({ lanes, victims }: { lanes: Lane[]; victims: string[] }) {
  const { races } = words.value;
  return (
    <ul>
      {lanes.map(({ policy }, i) => (
        <li key={policy}>
          <strong>{policy.toUpperCase()}</strong> {victims[i] ? races.letGo(victims[i]) : races.keptAll}
        </li>
      ))}
    </ul>
  );
}

/** Each policy's counts, and its hit rate over time; `floor` is a row below them. */
export function LaneTable({ lanes, reads, floor }: { lanes: Lane[]; reads: number; floor?: Lane }) {
  const { races, stats } = words.value;
  const best = Math.max(...lanes.map(({ hits }) => hits));
  return (
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
        {(floor ? [...lanes, floor] : lanes).map(({ policy, hits, misses, evictions, ratioPerMille }) => (
          <tr
            key={policy}
            class={policy !== floor?.policy && hits === best && reads > 0 ? "best" : undefined}
          >
            <th scope="row">{policy.toUpperCase()}</th>
            <td class="number">
              {reads > 0 ? `${formatNumber(Math.round((1000 * hits) / reads) / 10)} %` : stats.none}
            </td>
            <td class="number">{formatNumber(hits)}</td>
            <td class="number">{formatNumber(misses)}</td>
            <td class="number">{policy === floor?.policy ? stats.none : formatNumber(evictions)}</td>
            <td>
              <svg class="curve" viewBox="0 0 100 24" preserveAspectRatio="none" aria-hidden="true">
                <polyline points={curve(ratioPerMille)} />
              </svg>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function curve(perMille: number[]): string {
  const last = Math.max(1, perMille.length - 1);
  return perMille.map((ratio, i) => `${(100 * i) / last},${23 - (22 * ratio) / 1000}`).join(" ");
}
