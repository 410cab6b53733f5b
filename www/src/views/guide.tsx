import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import {
  course,
  exportProgress,
  type Imported,
  importProgress,
  inLanguage,
  nextLesson,
  progress,
  progressOf,
  resetProgress,
  solvedCount,
} from "../course";
import type { Lesson } from "../engine/types";
import { enter, hasBegun, isOpen, place, playFreely, show } from "../guide";
import { words } from "../words";
import { Dialog, open } from "./dialog";
import { openGrade } from "./grade";
import { Icon } from "./icons";
import { OpenLesson } from "./lesson";
import { coded } from "./markdown";

/** The column beside the script: where to begin, the lessons, the open one. It folds away. */
export function Guide() {
  const { guide } = words.value;
  const title = place.value === "welcome" ? guide.welcome : guide.lessons;
  return (
    <aside class={isOpen.value ? "card guide" : "card guide folded"} aria-labelledby="guide-title">
      <div class="card-head">
        {place.value !== "welcome" && isOpen.value && (
          <button
            type="button"
            class="button small plain"
            onClick={() => show(place.value === "lesson" ? "lessons" : "welcome")}
          >
            <Icon name="left" />
            {place.value === "lesson" ? guide.lessons : guide.welcome}
          </button>
        )}
        <h2 id="guide-title" class={place.value === "welcome" || !isOpen.value ? "" : "hidden"}>
          {title}
        </h2>
        <button
          type="button"
          class="button small plain fold"
          aria-expanded={isOpen.value}
          aria-controls="guide-body"
          title={isOpen.value ? guide.fold : guide.unfold}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          <Icon name={isOpen.value ? "fold" : "unfold"} />
          <span class="hidden">{isOpen.value ? guide.fold : guide.unfold}</span>
        </button>
      </div>
      <section
        class="guide-body"
        id="guide-body"
        hidden={!isOpen.value}
        aria-labelledby="guide-title"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable from the keyboard
        tabIndex={0}
      >
        {place.value === "welcome" && <Welcome />}
        {place.value === "lessons" && <Lessons />}
        {place.value === "lesson" && <OpenLesson />}
      </section>
    </aside>
  );
}

/** The first screen's four ways on. */
function Welcome() {
  const { guide } = words.value;
  const next = nextLesson();
  const begin =
    next && (hasBegun() ? guide.goOn(inLanguage(next.title)) : guide.first(inLanguage(next.title)));
  return (
    <div class="welcome">
      <p>{guide.hello}</p>
      <ul class="ways">
        {next && begin && (
          <Way
            testId="begin"
            icon="run"
            title={begin}
            text={hasBegun() ? guide.goOnHelp : guide.firstHelp(next.minutes)}
            isFirst
            go={() => enter(next.id)}
          />
        )}
        <Way testId="free-play" icon="said" title={guide.free} text={guide.freeHelp} go={playFreely} />
        <Way testId="go-grade" icon="held" title={guide.grade} text={guide.gradeHelp} go={openGrade} />
      </ul>
      <p class="note">{guide.try}</p>
      {typeof course.value === "object" && <Lessons />}
    </div>
  );
}

interface WayProps {
  testId: string;
  icon: Parameters<typeof Icon>[0]["name"];
  title: string;
  text: string;
  isFirst?: boolean;
  go: () => void;
}

function Way({ testId, icon, title, text, isFirst = false, go }: WayProps) {
  return (
    <li>
      <button type="button" class={isFirst ? "way first" : "way"} data-testid={testId} onClick={go}>
        <Icon name={icon} />
        <strong>{title}</strong>
        <span>{text}</span>
      </button>
    </li>
  );
}

function Lessons() {
  const { guide } = words.value;
  if (course.value === undefined) {
    return <p class="empty">{guide.loading}</p>;
  }
  if (course.value === "none") {
    return <p class="empty">{coded(guide.none)}</p>;
  }
  const { chapters, lessons } = course.value;
  return (
    <div data-testid="exercises">
      <ProgressBar all={lessons.length} />
      {chapters.map((chapter) => (
        <section key={chapter.id} class="chapter" aria-labelledby={`chapter-${chapter.id}`}>
          <h3 id={`chapter-${chapter.id}`}>{inLanguage(chapter.title)}</h3>
          <p class="quiet">{inLanguage(chapter.summary)}</p>
          <ol>
            {chapter.lessons
              .flatMap((id) => lessons.filter((known) => known.id === id))
              .map((known) => (
                <Entry key={known.id} lesson={known} />
              ))}
          </ol>
        </section>
      ))}
    </div>
  );
}

function Entry({ lesson }: { lesson: Lesson }) {
  const { guide } = words.value;
  const { solved, score } = progressOf(lesson.id);
  return (
    <li>
      <button
        type="button"
        class={solved ? "lesson-link solved" : "lesson-link"}
        data-lesson={lesson.id}
        data-solved={solved}
        onClick={() => enter(lesson.id)}
      >
        <Icon name={solved ? "held" : "miss"} />
        <span>{shortTitle(inLanguage(lesson.title))}</span>
        <span class="quiet">
          {guide.kinds[lesson.kind]} · {solved ? guide.points(score) : guide.minutes(lesson.minutes)}
        </span>
      </button>
    </li>
  );
}

/** A title without the kind of lesson before it, which stands below: `Expose: the wrong clock`. */
function shortTitle(title: string): string {
  const rest = title.replace(/^[^:]{3,12}\s?: /, "");
  return rest.charAt(0).toUpperCase() + rest.slice(1);
}

function ProgressBar({ all }: { all: number }) {
  const { guide } = words.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const imported = useSignal<Imported | "wrong" | undefined>(undefined);
  const done = solvedCount.value;
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(exportProgress());
    link.download = "cachedojo-progress.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  return (
    <div class="course-progress" data-testid="progress" data-solved={done}>
      <p>
        <strong>{guide.solved(done, all)}</strong>
      </p>
      <div class="bar" aria-hidden="true">
        <span style={{ width: `${(100 * done) / Math.max(1, all)}%` }} />
      </div>
      <div class="progress-actions">
        <button type="button" class="button small" data-testid="progress-export" onClick={save}>
          {guide.export}
        </button>
        <button
          type="button"
          class="button small"
          data-testid="progress-import"
          onClick={() => file.current?.click()}
        >
          {guide.import}
        </button>
        <input
          ref={file}
          type="file"
          class="hidden"
          tabIndex={-1}
          accept=".json,application/json"
          aria-label={guide.import}
          onChange={async ({ currentTarget }) => {
            const [chosen] = currentTarget.files ?? [];
            const input = currentTarget;
            if (chosen) {
              const brought = await importProgress(chosen);
              input.value = "";
              imported.value = brought ?? "wrong";
            }
          }}
        />
        <button
          type="button"
          class="button small"
          data-testid="progress-reset"
          aria-disabled={Object.keys(progress.value).length === 0}
          onClick={() => open(dialog.current)}
        >
          {guide.reset}
        </button>
      </div>
      <p
        role="status"
        class={imported.value === "wrong" ? "tone-bad" : "note"}
        data-testid="progress-imported"
      >
        {imported.value === "wrong"
          ? guide.importWrong
          : imported.value && guide.imported(imported.value.lessons, imported.value.scripts)}
      </p>
      <Dialog box={dialog} name="forget" title={guide.resetTitle}>
        <p>{guide.resetHelp}</p>
        <button
          type="button"
          class="button"
          data-testid="progress-reset-yes"
          onClick={() => {
            resetProgress();
            imported.value = undefined;
            dialog.current?.close();
          }}
        >
          {guide.resetYes}
        </button>
      </Dialog>
    </div>
  );
}
