import { useSignal } from "@preact/signals";
import { memo } from "preact/compat";
import { isStale, run, seek, soughtKey } from "../lab";
import type { MemberView, RingView } from "../wasm/cachedojo";
import { formatNumber, words } from "../words";
import { Bar } from "./cache";
import { Glyph, memberColour, RingPicture } from "./ring-picture";
import { ScrollBox } from "./scroll-box";

export function Ring({ isHidden }: { isHidden: boolean }) {
  const { ring: text } = words.value;
  const ring = run.value.view?.ring;
  return (
    <div class={isStale.value ? "card ring stale" : "card ring"} hidden={isHidden}>
      <div class="card-head">
        <h2 id="ring-title">{text.title}</h2>
        {ring && <Finder />}
      </div>
      <ScrollBox testId="ring" labelledBy="ring-title">
        {ring ? <Shown ring={ring} /> : <Unmade />}
      </ScrollBox>
    </div>
  );
}

/** A ring in waiting: one calm circle. */
function Unmade() {
  return (
    <div class="unmade">
      <svg viewBox="0 0 200 200" aria-hidden="true">
        <path d="M146 28a86 86 0 1 0 26 26" />
      </svg>
      <p class="empty">{words.value.ring.empty}</p>
    </div>
  );
}

const Shown = memo(({ ring }: { ring: RingView }) => {
  const { ring: text } = words.value;
  const chosen = useSignal<number | undefined>(undefined);
  const points = ring.members.reduce((sum, member) => sum + member.points, 0);
  const isDrawn = ring.places.length === points;
  return (
    <div class="ring-body">
      {isDrawn ? (
        <RingPicture
          ring={ring}
          chosen={chosen.value}
          label={text.picture(ring.members.length, formatNumber(points))}
        />
      ) : (
        <p class="empty">{text.tooMany}</p>
      )}
      <div class="ring-words">
        <p class="note">{text.summary(ring.members.length, formatNumber(points))}</p>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{text.node}</th>
              <th scope="col">{text.points}</th>
              <th scope="col">{text.share}</th>
            </tr>
          </thead>
          <tbody>
            {ring.members.map((member, i) => (
              <tr
                key={member.id}
                onMouseEnter={() => {
                  chosen.value = i;
                }}
                onMouseLeave={() => {
                  chosen.value = undefined;
                }}
              >
                <Member member={member} index={i} />
              </tr>
            ))}
          </tbody>
        </table>
        <Keys ring={ring} />
      </div>
    </div>
  );
});

function Member({ member, index }: { member: MemberView; index: number }) {
  const { ring: text } = words.value;
  const { id, isAlive, points, sharePpm, weight } = member;
  return (
    <>
      <th scope="row">
        <Glyph index={index} isHollow={!isAlive} />
        <span>{id}</span>
        {!isAlive && <span class="badge">{text.dead}</span>}
        {weight !== 1 && <span class="quiet"> {text.weight(weight)}</span>}
      </th>
      <td class="number">{formatNumber(points)}</td>
      <td class="left">
        {formatNumber(Math.round(sharePpm / 1000) / 10)} %
        <Bar part={sharePpm} of={1_000_000} tone={memberColour(index)} />
      </td>
    </>
  );
}

function Keys({ ring }: { ring: RingView }) {
  const { ring: text } = words.value;
  if (ring.keys.length === 0) {
    return null;
  }
  return (
    <>
      <h3 class="note">{text.keys}</h3>
      <ul class="keys" aria-live="polite">
        {ring.keys.map(({ key, owner, position }) => {
          const member = owner === undefined ? undefined : ring.members[owner];
          return (
            <li key={key} title={position}>
              {owner !== undefined && <Glyph index={owner} />}
              {member ? text.place(key, member.id) : text.placeNone(key)}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Finder() {
  const { ring: text } = words.value;
  return (
    <label class="field">
      <span class="hidden">{text.find}</span>
      <input
        class="find"
        placeholder={text.find}
        title={text.find}
        autocomplete="off"
        spellcheck={false}
        value={soughtKey.value}
        onInput={({ currentTarget }) => seek(currentTarget.value)}
      />
    </label>
  );
}
