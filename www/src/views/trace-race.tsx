import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { raceTrace, stop, traceDone } from "../lab";
import { language } from "../settings";
import type { TraceRaced } from "../wasm/cachedojo";
import { formatNumber, words } from "../words";
import { FileButton } from "./file-button";
import { LaneTable, POLICIES, Victims } from "./lanes";
import { coded } from "./markdown";

/** The formats that `grader trace` reads. */
const FORMATS = ["keys", "csv", "msr", "arc", "lirs", "oracle-general"] as const;
type Format = (typeof FORMATS)[number];
/** Of a trace's file. The engine refuses more too. */
const BYTES_MAX = 32 << 20;
/** How the names of published files end. */
const ENDINGS: [RegExp, Format][] = [
  [/\.csv$/i, "csv"],
  [/\.lis$/i, "arc"],
  [/\.trc$/i, "lirs"],
  [/oracleGeneral/i, "oracle-general"],
];

type Told =
  | { state: "none" | "going" | "stopped" }
  | { state: "refused"; why: string; language: string }
  | { state: "raced"; name: string; raced: TraceRaced };

/** A trace that the learner brings, replayed by a cache of each policy. */
export function TraceRace() {
  const { traces } = words.value;
  const file = useSignal<File | undefined>(undefined);
  const format = useSignal<Format>("keys");
  const size = useSignal("10%");
  const told = useSignal<Told>({ state: "none" });
  const isOver = useSignal(false);
  const isGoing = told.value.state === "going";
  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // It begins below what the dialog shows: who dropped a file would think that nothing came of it.
    if (told.value.state !== "none") {
      outcome.current?.scrollIntoView({ block: "nearest" });
    }
  }, [told.value]);

  const replay = async () => {
    const chosen = file.value;
    if (!chosen || told.value.state === "going") {
      return;
    }
    const refuse = (why: string) => {
      told.value = { state: "refused", why, language: language.value };
    };
    if (chosen.size > BYTES_MAX) {
      refuse(traces.large);
      return;
    }
    told.value = { state: "going" };
    const answer = await raceTrace(chosen, format.value, size.value, POLICIES);
    if (answer?.raced) {
      told.value = { state: "raced", name: chosen.name, raced: answer.raced };
    } else if (answer) {
      refuse(answer.refused ?? traces.lost);
    } else {
      told.value = { state: "stopped" };
    }
  };
  const take = (taken: File | undefined) => {
    if (taken && !isGoing) {
      file.value = taken;
      format.value = ENDINGS.find(([ending]) => ending.test(taken.name))?.[1] ?? format.value;
      replay();
    }
  };
  return (
    <section data-testid="trace-race" data-state={told.value.state} aria-labelledby="trace-race-title">
      <h3 id="trace-race-title">{traces.title}</h3>
      <p>{traces.help}</p>
      <fieldset
        class={isOver.value ? "drop over" : "drop"}
        data-testid="trace-drop"
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => {
          isOver.value = false;
        }}
        onDrop={(event) => {
          event.preventDefault();
          isOver.value = false;
          take(event.dataTransfer?.files[0]);
        }}
      >
        <legend>{traces.drop}</legend>
        <label class="field">
          {traces.format}
          <select
            value={format.value}
            onChange={({ currentTarget }) => {
              format.value = FORMATS.find((one) => one === currentTarget.value) ?? "keys";
            }}
          >
            {FORMATS.map((one) => (
              <option key={one} value={one}>
                {traces.formats[one]}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          {traces.size}
          <input
            value={size.value}
            spellcheck={false}
            onInput={({ currentTarget }) => {
              size.value = currentTarget.value;
            }}
          />
        </label>
        <FileButton text={traces.choose} label={traces.drop} take={([chosen]) => take(chosen)} />
        {file.value && <span class="note">{file.value.name}</span>}
      </fieldset>
      <button
        type="button"
        class="button"
        data-testid="trace-replay"
        aria-disabled={!file.value && !isGoing}
        onClick={isGoing ? stop : replay}
      >
        {isGoing ? traces.stop : traces.replay}
      </button>
      <div ref={outcome} class="outcome">
        <p role="status">{coded(summary(told.value))}</p>
        {isGoing && <progress aria-label={traces.replay} value={traceDone.value} />}
        {told.value.state === "raced" && <Outcome raced={told.value.raced} />}
      </div>
    </section>
  );
}

function Outcome({ raced: { lanes, floor, parting, requests } }: { raced: TraceRaced }) {
  const { traces, races } = words.value;
  return (
    <>
      <LaneTable lanes={lanes} reads={requests} floor={floor} />
      {parting ? (
        <div class="parting">
          <h4>{traces.parting(formatNumber(parting.request), parting.key)}</h4>
          <Victims lanes={lanes} victims={parting.victims} />
        </div>
      ) : (
        <p>{races.together}</p>
      )}
    </>
  );
}

function summary(told: Told): string {
  const { traces } = words.value;
  switch (told.state) {
    case "none":
      return "";
    case "going":
      return traces.going;
    case "stopped":
      return traces.stopped;
    case "refused":
      // In the other language by now: the file is to be replayed to be told again.
      return told.language === language.value
        ? `${told.why.charAt(0).toUpperCase()}${told.why.slice(1)}.`
        : "";
    case "raced": {
      const { requests, objects, workingSetBytes, sizeBytes, emptyRows } = told.raced;
      const [asked, all, size] = [requests, objects, sizeBytes].map(formatNumber);
      const left = emptyRows > 0 ? ` ${traces.empty(formatNumber(emptyRows))}` : "";
      return `${told.name}: ${traces.done(asked ?? "", all ?? "", formatNumber(workingSetBytes), size ?? "")}${left}`;
    }
  }
}
