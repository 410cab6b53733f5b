import { useSignal } from "@preact/signals";
import { memo } from "preact/compat";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { run, seek, soughtKey } from "../lab";
import { type Moved, movedBetween } from "../moved";
import { isWorldOnly } from "../projector";
import type { MemberView, RingView } from "../wasm/cachedojo";
import { formatNumber, words } from "../words";
import { Bar } from "./cache";
import { useUnits } from "./measured";
import { CIRCLE, Glyph, memberColour, RingPicture } from "./ring-picture";

/** Where there is no ring, nothing is said of one. */
export function Ring() {
  const { ring: text } = words.value;
  const { view, before } = run.value;
  const ring = view?.ring;
  // Another one, or nothing: beside the same ring nothing is drawn again.
  const old = before?.ring === ring ? undefined : before?.ring;
  return (
    <section class="part ring" aria-labelledby="ring-title" hidden={!ring}>
      <div class="part-head">
        <h2 id="ring-title">{text.title}</h2>
        {ring && <Finder />}
      </div>
      <div data-testid="ring">{ring && <Shown ring={ring} before={old} />}</div>
    </section>
  );
}

const Shown = memo(({ ring, before }: { ring: RingView; before: RingView | undefined }) => {
  const { ring: text } = words.value;
  const chosen = useSignal<number | undefined>(undefined);
  const near = useSignal<number | undefined>(undefined);
  const look = (place: number | undefined) => {
    near.value = place;
  };
  const frame = useRef<HTMLDivElement>(null);
  const room = useUnits(frame);
  const last = ring.keys.at(-1)?.place;
  useEffect(() => {
    // Who looks from near by looks for the key that was asked for last.
    if (near.peek() !== undefined && last !== undefined) {
      near.value = last;
    }
  }, [last, near]);
  const points = ring.members.reduce((sum, member) => sum + member.points, 0);
  const moved = useMemo(() => before && movedBetween(before, ring), [before, ring]);
  const isDrawn = ring.places.length === points;
  return (
    <div class="ring-body">
      {isDrawn ? (
        <div class="ring-frame" ref={frame}>
          <Zoom near={near.value} look={look} begin={last ?? 0} />
          <RingPicture
            ring={ring}
            chosen={chosen.value}
            moved={moved}
            label={text.picture(ring.members.length, formatNumber(points))}
            near={near.value}
            look={look}
            room={{ ...room, height: room.windowHeight * (isWorldOnly.value ? 0.66 : 0.46) }}
          />
        </div>
      ) : (
        <p class="empty">{text.tooMany}</p>
      )}
      <div class="ring-words">
        {moved && <Move moved={moved} />}
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

/** From near by, along the ring, and back: what a click on the picture does, for the keyboard. */
function Zoom({
  near,
  look,
  begin,
}: {
  near: number | undefined;
  look: (place: number | undefined) => void;
  /** Where it is looked at first. */
  begin: number;
}) {
  const { ring: text } = words.value;
  const along = (part: number) => look(((near ?? 0) + part * CIRCLE + CIRCLE) % CIRCLE);
  return (
    <div class="zoom">
      {near !== undefined && (
        <>
          <button type="button" class="button small" title={text.against} onClick={() => along(-1 / 24)}>
            ↺<span class="hidden">{text.against}</span>
          </button>
          <button type="button" class="button small" title={text.along} onClick={() => along(1 / 24)}>
            ↻<span class="hidden">{text.along}</span>
          </button>
        </>
      )}
      <button
        type="button"
        class="button small"
        data-testid="ring-zoom"
        aria-pressed={near !== undefined}
        onClick={() => look(near === undefined ? begin : undefined)}
      >
        {text.near}
      </button>
    </div>
  );
}

/** What a join or a departure moved, beside what a plain remainder would have. */
function Move({ moved: { share, modulo } }: { moved: Moved }) {
  const { ring: text } = words.value;
  const percent = (part: number) => formatNumber(Math.round(1000 * part) / 10);
  return <p class="moved">{text.moved(percent(share), percent(modulo))}</p>;
}

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
