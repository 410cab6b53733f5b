import {
  type Check,
  cancel,
  canOpen,
  type Failing,
  type Graded,
  type Grading,
  gradeAgain,
  grading,
  type NotGraded,
  obeysHere,
  openCase,
} from "../grading";
import { choice, chosen, offers } from "../offers";
import { language } from "../settings";
import { words } from "../words";
import { Icon } from "./icons";
import { coded } from "./markdown";
import { tellsBoth } from "./written";

/** What came of what was handed in. It is of one exercise: where another is chosen, only that is said. */
export function Outcome({ close }: { close: () => void }) {
  const { grades } = words.value;
  const now = grading.value;
  // Of one that cannot be chosen, as without a network, it stays.
  const isOfAnother =
    (now.state === "graded" || now.state === "refused") &&
    now.exercise !== chosen.value?.id &&
    offers.value.some(({ id }) => id === now.exercise);
  if (isOfAnother) {
    return (
      <p class="note" data-testid="grade-elsewhere">
        {grades.elsewhere(titleOf(now.exercise))}{" "}
        <button
          type="button"
          class="button small"
          onClick={() => {
            choice.value = now.exercise;
          }}
        >
          {grades.showIt}
        </button>
      </p>
    );
  }
  return (
    <div data-testid="grade-report" aria-busy={now.state === "grading"}>
      <p role="status">{coded(summary(now))}</p>
      {now.state === "grading" && (
        <>
          <progress aria-hidden="true" />
          <button type="button" class="button" data-testid="grade-stop" onClick={cancel}>
            {grades.stop}
          </button>
        </>
      )}
      {now.state === "graded" && now.notAgain && (
        <p class="tone-warn" role="alert" data-testid="grade-not-again">
          {coded(refusal(now.notAgain, now.name))}
        </p>
      )}
      {now.state === "graded" && now.here && <p data-testid="graded-here">{grades.here}</p>}
      {now.state === "graded" && <Foreign now={now} />}
      {now.state === "graded" && isBare(now) && <p class="tone-warn">{grades.nothingOfIt}</p>}
      {now.state === "graded" && <Findings now={now} close={close} />}
    </div>
  );
}

/** Why nothing was graded. */
function refusal(why: NotGraded, name: string): string {
  const { grades } = words.value;
  if (typeof why === "string") {
    return grades.refused[why];
  }
  return why.isOfIt ? grades.nothingToGrade(name, why.said) : why.said;
}

/** A report stays in the language in which it was graded: that is said, and how to have it in the other. */
function Foreign({ now }: { now: Graded }) {
  const { grades } = words.value;
  if (now.language === undefined || now.language === language.value) {
    return null;
  }
  return (
    <p class="note" data-testid="grade-language">
      {now.handed ? grades.otherLanguage : grades.otherLanguageAnew}{" "}
      {now.handed && (
        <button type="button" class="button small" onClick={() => gradeAgain(now)}>
          {grades.again}
        </button>
      )}
    </p>
  );
}

/** An exercise's title, where it is offered. */
function titleOf(id: string): string {
  const found = offers.value.find((offer) => offer.id === id);
  return (language.value === "fr" ? found?.title_fr : found?.title) ?? id;
}

/** A sentence of the grader's, in which exercises go by their titles, as they do above it. */
function titled(message: string): string {
  return offers.value.reduce(
    (text, { id }) => text.replaceAll(`\`${id}\``, words.value.grades.quoted(titleOf(id))),
    message,
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
      return now.here ? grades.gradingHere(now.name) : grades.grading(now.name);
    case "refused":
      return refusal(now.why, now.name);
    case "graded": {
      const { verdict, score, max_score, passing_score, passed, diagnostics } = now.report;
      const points = grades.points(score, max_score);
      if (verdict === "graded") {
        return `${points} ${passed ? grades.passed : grades.failed(passing_score)}`;
      }
      // As in the grader's own reports: no compiler has complained of what has no line.
      const isUnseen = verdict === "build_failed" && diagnostics.every(({ line }) => line === 0);
      return isUnseen ? grades.notGradable : grades.verdict[verdict];
    }
  }
}

function Findings({ now, close }: { now: Graded; close: () => void }) {
  const { grades } = words.value;
  const { report } = now;
  const met = report.mutants.filter((mutant) => mutant.behaves_like);
  return (
    <>
      <p class="note" data-testid="graded">
        {grades.of(titleOf(report.exercise))} {report.submission && of(report.submission)}
      </p>
      {report.diagnostics.length > 0 && (
        <ul class="findings">
          {report.diagnostics.map(({ file, line, column, message }) => (
            <li key={`${file}:${line}:${column}:${message}`}>
              {file && <code>{line > 0 ? `${file}:${line}:${column}` : file}</code>}
              {line > 0 ? <pre>{message}</pre> : <p class="lines">{coded(titled(message))}</p>}
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

/** Which files were graded. Nothing was where there is no digest of it. */
function of({ path, files, sha256 }: Graded["report"]["submission"]): string {
  const { grades } = words.value;
  const named = (files?.length ? files : [path]).join(", ");
  return sha256 === "" ? grades.handed(path) : grades.graded(named, sha256.slice(0, 12));
}

function Row({ check, now, close }: { check: Check; now: Graded; close: () => void }) {
  const { grades } = words.value;
  const { title, points, max_points, verdict, hint, also_fails } = check;
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
      <Case failing={check} title={title} now={now} close={close}>
        {hint && <p>{coded(hint)}</p>}
      </Case>
      {also_fails && also_fails.length > 0 && (
        <>
          <p>{grades.alsoFails}</p>
          <ul>
            {also_fails.map((other, at) => (
              <li key={`${other.message}\n${other.script}`} data-testid="also-fails">
                <Case failing={other} title={`${title} (${at + 2})`} now={now} close={close} />
              </li>
            ))}
          </ul>
        </>
      )}
    </details>
  );
}

interface CaseProps {
  failing: Failing;
  /** Under which its script is opened. */
  title: string;
  now: Graded;
  close: () => void;
  children?: preact.ComponentChildren;
}

/**
 * A failing case: what was expected, the script that shows it, and the order of threads if that matters. Where the program does not
 * run in this page, what it answered is shown.
 */
function Case({ failing, title, now, close, children }: CaseProps) {
  const { grades } = words.value;
  const { expected, actual, message, script, transcript, schedule } = failing;
  const isOwn = obeysHere(now);
  // Of services sentences are told, with code between backticks; of all others values, where a backtick is a backtick.
  const isSaid = now.report.grader.backend === "http";
  return (
    <>
      {message && <p class="lines">{coded(message)}</p>}
      {"verdict" in failing && (expected || actual) && !tellsBoth(message, expected, actual) && (
        <dl>
          {expected && <Said label={grades.expected} text={expected} isCoded={isSaid} />}
          {actual && <Said label={grades.actual} text={actual} isCoded={isSaid} />}
        </dl>
      )}
      {children}
      {script && <pre>{script}</pre>}
      {!isOwn && transcript && (
        <>
          <p>{grades.answered}</p>
          <pre data-testid="transcript">{transcript}</pre>
        </>
      )}
      {schedule && <Story schedule={schedule} />}
      {canOpen(failing, now) && (
        <button
          type="button"
          class="button small"
          onClick={() => {
            close();
            openCase(failing, title, now);
          }}
        >
          <Icon name="run" />
          {isOwn ? grades.tryOwn : grades.tryReference}
        </button>
      )}
    </>
  );
}

/** The order of threads under which a case fails: a turn a line, then how to have it again. */
function Story({ schedule }: { schedule: string }) {
  const lines = schedule.split("\n");
  const turns = lines.filter((line) => /^\d+\. /.test(line));
  const rest = lines.filter((line) => !turns.includes(line));
  return (
    <div class="story" data-testid="schedule">
      <p>{words.value.grades.story}</p>
      <ol>
        {turns.map((turn) => (
          <li key={turn}>{coded(turn.replace(/^\d+\. /, ""))}</li>
        ))}
      </ol>
      {rest.length > 0 && <p class="note">{rest.join(" ")}</p>}
    </div>
  );
}

function Said({ label, text, isCoded }: { label: string; text: string; isCoded: boolean }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{isCoded ? <span class="lines">{coded(text)}</span> : <code>{text}</code>}</dd>
    </>
  );
}
