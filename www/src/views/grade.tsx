import { useSignal } from "@preact/signals";
import { createRef } from "preact";
import {
  briefs,
  type Check,
  dropped,
  type Exercise,
  exercises,
  findGrader,
  type Graded,
  type Grading,
  grade,
  grading,
  obeysHere,
  openCheck,
  type Source,
} from "../grading";
import { stop } from "../lab";
import { language } from "../settings";
import { words } from "../words";
import { Dialog } from "./dialog";
import { Icon } from "./icons";
import { coded } from "./markdown";

/** The only dialog of the page to hand in: whoever opens it need not stand near it. */
const box = createRef<HTMLDialogElement>();

/** Opens the dialog from wherever. */
export function openGrade(): void {
  box.current?.showModal();
  whatIsOffered = findGrader();
}

let whatIsOffered: Promise<void> | undefined;

/** What is graded where nothing is chosen: the grader's own choice (Rust: `pack::DEFAULT_ID`), where it is offered. */
function usual(): Exercise | undefined {
  const all = offers();
  return all.find(({ id }) => id === "distributed-cache") ?? all[0];
}

/** What may be chosen: the server's exercises, else those that the page grades programs on by itself. */
function offers(): Exercise[] {
  const ofPage = briefs.value.map(({ id, title }) => ({ id, title: title.en, title_fr: title.fr }));
  return exercises.value?.length ? exercises.value : ofPage;
}

/** Hand in a submission, and see why each point was lost. Only where a grader serves the page. */
export function Grade() {
  const { grades } = words.value;
  return (
    <>
      <button type="button" class="button" onClick={openGrade}>
        <Icon name="held" />
        <span class="label">{grades.open}</span>
      </button>
      <Dialog box={box} name="grade" title={grades.title} isWide>
        {exercises.value?.length === 0 && <p>{coded(grades.nobody)}</p>}
        {(exercises.value?.length !== 0 || briefs.value.length > 0) && <Drop />}
        <Outcome close={() => box.current?.close()} />
      </Dialog>
    </>
  );
}

function Drop() {
  const { grades } = words.value;
  const isOver = useSignal(false);
  const exercise = useSignal<string | undefined>(undefined);
  const offered = offers();
  // What is dropped before the page knows what it is for waits until it does.
  const chosen = async () => {
    await whatIsOffered;
    return exercise.value ?? usual()?.id ?? "";
  };
  const hand = (sources: Source[]) => grade(sources, chosen(), "0");
  return (
    <fieldset
      class={isOver.value ? "drop over" : "drop"}
      data-testid="submission-drop"
      onDragOver={(event) => {
        event.preventDefault();
        isOver.value = true;
      }}
      onDragLeave={() => {
        isOver.value = false;
      }}
      onDrop={async (event) => {
        event.preventDefault();
        isOver.value = false;
        if (event.dataTransfer) {
          hand(await dropped(event.dataTransfer));
        }
      }}
    >
      <legend>{coded(exercises.value?.length ? grades.hand : grades.program)}</legend>
      {briefs.value.length > 0 && Boolean(exercises.value?.length) && (
        <p class="note">{coded(grades.program)}</p>
      )}
      {offered.length > 1 && (
        <label class="field">
          {grades.exercise}
          <select
            value={exercise.value ?? usual()?.id}
            onChange={({ currentTarget }) => {
              exercise.value = currentTarget.value;
            }}
          >
            {offered.map(({ id, title, title_fr }) => (
              <option key={id} value={id}>
                {language.value === "fr" ? title_fr : title}
              </option>
            ))}
          </select>
        </label>
      )}
      {Boolean(exercises.value?.length) && <p class="note">{coded(grades.begin)}</p>}
      <input
        aria-label={grades.hand}
        type="file"
        multiple
        onChange={({ currentTarget }) => {
          hand([...(currentTarget.files ?? [])].map((file) => ({ path: file.name, file })));
          // The same file, mended, is to be handed in again.
          currentTarget.value = "";
        }}
      />
    </fieldset>
  );
}

function Outcome({ close }: { close: () => void }) {
  const { grades } = words.value;
  const now = grading.value;
  return (
    <div data-testid="grade-report" aria-busy={now.state === "grading"}>
      <p role="status">{coded(summary(now))}</p>
      {now.state === "grading" && <progress aria-hidden="true" />}
      {now.state === "grading" && now.here && (
        <button type="button" class="button" data-testid="grade-stop" onClick={stop}>
          {grades.stop}
        </button>
      )}
      {now.state === "graded" && now.here && <p data-testid="graded-here">{grades.here}</p>}
      {now.state === "graded" && isBare(now) && <p class="tone-warn">{grades.nothingOfIt}</p>}
      {now.state === "graded" && <Findings now={now} close={close} />}
    </div>
  );
}

/** Whether a program that was brought lacks all that the exercise asks for. */
function isBare({ here, report: { checks } }: Graded): boolean {
  const lacks = checks.map(({ verdict }) => verdict === "not_implemented" || verdict === "skipped");
  return here && lacks.length > 0 && lacks.every(Boolean);
}

function summary(now: Grading): string {
  const { grades } = words.value;
  switch (now.state) {
    case "idle":
      return "";
    case "grading":
      return now.here ? grades.gradingHere : grades.grading;
    case "refused":
      return typeof now.why === "string" ? grades.refused[now.why] : now.why.said;
    case "graded": {
      const { verdict, score, max_score, passing_score, passed } = now.report;
      const points = grades.points(score, max_score);
      return verdict === "graded"
        ? `${points} ${passed ? grades.passed : grades.failed(passing_score)}`
        : grades.verdict[verdict];
    }
  }
}

function Findings({ now, close }: { now: Graded; close: () => void }) {
  const { grades } = words.value;
  const { report } = now;
  const met = report.mutants.filter((mutant) => mutant.behaves_like);
  return (
    <>
      {report.submission && (
        <p class="note" data-testid="graded">
          {grades.graded(
            (report.submission.files ?? [report.submission.path]).join(", "),
            report.submission.sha256.slice(0, 12),
          )}
        </p>
      )}
      {report.diagnostics.length > 0 && (
        <ul class="findings">
          {report.diagnostics.map(({ file, line, column, message }) => (
            <li key={`${file}:${line}:${column}:${message}`}>
              <code>{line > 0 ? `${file}:${line}:${column}` : file}</code>
              <pre>{message}</pre>
            </li>
          ))}
        </ul>
      )}
      {met.length > 0 && (
        <section data-testid="mutants" aria-labelledby="mutants-title">
          <h3 id="mutants-title">{grades.behavesLike}</h3>
          <ul>
            {met.map(({ id, message }) => (
              <li key={id}>
                <code>{id}</code>: {coded(message)}
              </li>
            ))}
          </ul>
        </section>
      )}
      {report.checks.map((check) => (
        <Row key={check.id} check={check} now={now} close={close} />
      ))}
    </>
  );
}

function Row({ check, now, close }: { check: Check; now: Graded; close: () => void }) {
  const { grades } = words.value;
  const { title, points, max_points, verdict, expected, actual, message, hint, script, also_fails } = check;
  const isPassed = verdict === "pass";
  return (
    <details class="check" data-testid="grade-check" open={points < max_points}>
      <summary>
        <span class={isPassed ? "tone-good" : "tone-bad"}>
          <Icon name={isPassed ? "held" : "broken"} /> {grades.verdicts[verdict]}
        </span>
        <span>{title}</span>
        <span class="points">{grades.points(points, max_points)}</span>
      </summary>
      {message && <p class="lines">{coded(message)}</p>}
      {(expected || actual) && (
        <dl>
          {expected && <Said label={grades.expected} text={expected} />}
          {actual && <Said label={grades.actual} text={actual} />}
        </dl>
      )}
      {hint && <p>{coded(hint)}</p>}
      {script && <Shown check={check} now={now} close={close} />}
      {also_fails && also_fails.length > 0 && (
        <>
          <p>{grades.alsoFails}</p>
          <ul>
            {also_fails.map((other) => (
              <li key={`${other.message}\n${other.script}`}>
                <span class="lines">{coded(other.message)}</span>
                {other.script && <pre>{other.script}</pre>}
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}

function Said({ label, text }: { label: string; text: string }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>
        <code>{text}</code>
      </dd>
    </>
  );
}

/** The script that shows a failure. Where the program does not run in this page, what it answered is shown in its place. */
function Shown({ check, now, close }: { check: Check; now: Graded; close: () => void }) {
  const { grades } = words.value;
  const isOwn = obeysHere(now);
  const { script, transcript } = check;
  const canOpen = isOwn || now.dialects.get(check.id) === "line";
  return (
    <>
      <pre>{script}</pre>
      {!isOwn && transcript && (
        <>
          <p>{grades.answered}</p>
          <pre data-testid="transcript">{transcript}</pre>
        </>
      )}
      {canOpen && (
        <button
          type="button"
          class="button small"
          onClick={() => {
            close();
            openCheck(check, now);
          }}
        >
          <Icon name="run" />
          {isOwn ? grades.tryOwn : grades.tryReference}
        </button>
      )}
    </>
  );
}
