import { useEffect, useRef } from "preact/hooks";
import {
  check,
  inLanguage,
  isExample,
  isOutdated,
  leaveExample,
  lesson,
  lessonAfter,
  openLesson,
  progressOf,
  runExample,
  takeHint,
  verdict,
} from "../course";
import type { Attempt } from "../engine/types";
import { diagnostics, goToLine, isEdited, isEmpty, sheet, showOriginal } from "../lab";
import { words } from "../words";
import { Icon } from "./icons";
import { coded, Markdown } from "./markdown";

/** A lesson beside its script: theory, an example, the task, hints one by one, the check, what there was to learn. */
export function OpenLesson() {
  const { guide } = words.value;
  const open = lesson.value;
  const title = useRef<HTMLHeadingElement>(null);
  const id = open?.id;
  useEffect(() => {
    // The button that opened it has gone, and with it the keyboard's place.
    if (id !== undefined && document.activeElement === document.body) {
      title.current?.focus({ preventScroll: true });
      title.current?.closest(".guide-body")?.scrollTo(0, 0);
    }
  }, [id]);
  if (!open) {
    return <p class="empty">{guide.gone}</p>;
  }
  const { hints: read, solved, score } = progressOf(open.id);
  const isChecking = verdict.value.state === "checking";
  return (
    <article class="lesson" data-testid="exercise" data-lesson={open.id} data-solved={solved}>
      <p class="quiet kind">
        {guide.kinds[open.kind]} · {guide.minutes(open.minutes)}
        {solved && (
          <span class="tone-good">
            {" "}
            <Icon name="held" /> {guide.points(score)}
          </span>
        )}
      </p>
      <h3 ref={title} tabIndex={-1}>
        {inLanguage(open.title)}
      </h3>
      <Markdown text={inLanguage(open.theory)} />
      {open.script.example && (
        <figure class="example">
          <figcaption>{guide.example}</figcaption>
          <pre>{open.script.example.trim()}</pre>
          <button type="button" class="button small" data-testid="run-example" onClick={runExample}>
            <Icon name="run" />
            {guide.runExample}
          </button>
        </figure>
      )}
      <div class="task">
        <h4>{guide.task}</h4>
        <Markdown text={inLanguage(open.task)} />
      </div>
      <ol class="hints">
        {open.hints.slice(0, read).map((hint) => (
          <li key={hint.en}>
            <Markdown text={inLanguage(hint)} />
          </li>
        ))}
      </ol>
      <div class="lesson-actions">
        {isExample.value ? (
          <button type="button" class="button primary" data-testid="to-my-script" onClick={leaveExample}>
            {words.value.banner.mine}
          </button>
        ) : (
          <button
            type="button"
            class="button primary"
            data-testid="exercise-check"
            aria-disabled={isChecking || isEmpty.value}
            onClick={() => !isEmpty.value && check()}
          >
            <Icon name="held" />
            {guide.check}
          </button>
        )}
        {read < open.hints.length && (
          <button type="button" class="button" data-testid="hint" onClick={takeHint}>
            {guide.hint(read + 1, open.hints.length)}
          </button>
        )}
        {isEdited.value && !isExample.value && sheet.value.lesson && (
          <button type="button" class="button" onClick={showOriginal}>
            {guide.again}
          </button>
        )}
      </div>
      {isEmpty.value && !isExample.value && (
        <p class="note">{words.value.status[diagnostics.value.length > 0 ? "unread" : "empty"]}</p>
      )}
      <Outcome />
    </article>
  );
}

function Outcome() {
  const { guide } = words.value;
  const now = verdict.value;
  const open = lesson.value;
  const next = open && lessonAfter(open);
  const isOld = isOutdated.value;
  const isSolved = now.state === "checked" && now.attempt.solved;
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (now.state === "checked") {
      box.current?.scrollIntoView({ block: "nearest" });
    }
  }, [now]);
  return (
    <section
      ref={box}
      class={isSolved && !isOld ? "verdict good" : "verdict"}
      data-testid="hunt-verdict"
      data-state={now.state === "checked" ? (isOld ? "outdated" : isSolved ? "solved" : "failed") : now.state}
      aria-busy={now.state === "checking"}
      aria-label={guide.verdict}
    >
      <p role="status">
        <Summary />
      </p>
      {now.state === "checked" && !isOld && <Findings attempt={now.attempt} />}
      {now.state === "checked" && !isOld && now.diff && (
        <details>
          <summary>{guide.diff}</summary>
          <pre>{now.diff}</pre>
        </details>
      )}
      {isSolved && next && (
        <button
          type="button"
          class="button primary"
          data-testid="next-lesson"
          onClick={() => openLesson(next.id)}
        >
          {guide.next(inLanguage(next.title))}
        </button>
      )}
    </section>
  );
}

function Summary() {
  const { guide } = words.value;
  const now = verdict.value;
  if (now.state !== "checked") {
    return now.state === "none" ? null : <>{guide.states[now.state]}</>;
  }
  if (isOutdated.value) {
    return <>{guide.outdated}</>;
  }
  const { solved, score, length, par } = now.attempt;
  return (
    <strong class={solved ? "tone-good" : "tone-warn"}>
      <Icon name={solved ? "held" : "broken"} /> {solved ? guide.isSolved(score) : guide.notYet}
      {solved && length && par ? ` ${guide.par(length, par)}` : ""}
    </strong>
  );
}

function Findings({ attempt }: { attempt: Attempt }) {
  const { guide } = words.value;
  const { rows, parting, explanation } = attempt;
  return (
    <>
      <ul class="rows-of">
        {lost(rows, attempt.solved).map((row) => (
          <li key={row.id}>
            {row.line ? (
              <button type="button" class="link-button" onClick={() => row.line && goToLine(row.line)}>
                {words.value.status.line(row.line)}
              </button>
            ) : null}{" "}
            {coded(withoutLine(row.message || row.title))}
          </li>
        ))}
      </ul>
      {parting && (
        <table class="table parting">
          <caption>{guide.parting(parting.line)}</caption>
          <tbody>
            <tr>
              <th scope="row">{guide.sound}</th>
              <td>
                <code>{parting.sound}</code>
              </td>
            </tr>
            <tr>
              <th scope="row">{guide.other}</th>
              <td>
                <code>{parting.other}</code>
              </td>
            </tr>
          </tbody>
        </table>
      )}
      {explanation && (
        <div class="explanation">
          <h4>{guide.learned}</h4>
          <Markdown text={explanation} />
        </div>
      )}
    </>
  );
}

/** The rows that lost points; what one mistake says of several is said once, and the par of a solved lesson stands above. */
function lost(rows: Attempt["rows"], isSolved: boolean): Attempt["rows"] {
  const lost = rows.filter(
    ({ id, points, maxPoints }) => points < maxPoints && !(isSolved && id === "short"),
  );
  return lost.filter(({ line, message }, at) => {
    const first = lost.findIndex((row) => row.line === line && row.message === message);
    return message === "" || first === at;
  });
}

/** The sentence without the line that the button before it names already. */
function withoutLine(message: string): string {
  const [, rest] = /^(?:Line|Ligne|La ligne) \d+\s?:?\s(.*)$/s.exec(message) ?? [];
  return rest ?? message;
}
