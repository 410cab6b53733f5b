import { useSignal } from "@preact/signals";
import { createRef } from "preact";
import { grade } from "../grading";
import { briefs, choice, chosen, exercises, findGrader, isAway, offers } from "../offers";
import { language } from "../settings";
import { dropped, type Source } from "../sources";
import { words } from "../words";
import { listedCode } from "../words/listed";
import { Dialog, open } from "./dialog";
import { FileButton } from "./file-button";
import { Outcome } from "./grade-report";
import { Task } from "./grade-task";
import { Icon } from "./icons";
import { coded } from "./markdown";

/** The only dialog of the page to hand in: whoever opens it need not stand near it. */
const box = createRef<HTMLDialogElement>();

/** Opens the dialog from wherever. */
export function openGrade(): void {
  open(box.current);
  whatIsOffered = findGrader();
}

let whatIsOffered: Promise<void> | undefined;

/** Hand in a submission, and see why each point was lost. Only where a grader serves the page. */
export function Grade() {
  const { grades } = words.value;
  const isOffered = exercises.value?.length !== 0 || briefs.value.length > 0;
  return (
    <>
      <button type="button" class="button" onClick={openGrade}>
        <Icon name="held" />
        <span class="label">{grades.open}</span>
      </button>
      <Dialog box={box} name="grade" title={grades.title} isWide>
        {exercises.value?.length === 0 && <p>{coded(isAway.value ? grades.away : grades.nobody)}</p>}
        {isOffered && <Choice />}
        {isOffered && <Task />}
        {isOffered && (chosen.value?.is_graded === false ? <NotHere /> : <Drop />)}
        <Outcome close={() => box.current?.close()} />
      </Dialog>
    </>
  );
}

function Choice() {
  const { grades } = words.value;
  return (
    offers.value.length > 1 && (
      <label class="field">
        {grades.exercise}
        <select
          data-testid="grade-exercise"
          value={chosen.value?.id}
          onChange={({ currentTarget }) => {
            choice.value = currentTarget.value;
          }}
        >
          {offers.value.map(({ id, title, title_fr }) => (
            <option key={id} value={id}>
              {language.value === "fr" ? title_fr : title}
            </option>
          ))}
        </select>
      </label>
    )
  );
}

/** Why what the exercise asks for cannot be handed in here. */
function NotHere() {
  return (
    <p class="note" data-testid="grade-not-here">
      {coded(words.value.grades.notHere(chosen.value?.id ?? ""))}
    </p>
  );
}

function Drop() {
  const { grades } = words.value;
  const isOver = useSignal(false);
  // What is dropped before the page knows what it is for waits until it does.
  const known = async () => {
    await whatIsOffered;
    return chosen.value?.id ?? "";
  };
  const roots = listedCode(chosen.value?.roots ?? ["src/lib.rs"], grades.or);
  const wanted = grades.hand(roots, chosen.value?.is_folder === true);
  const hand = (sources: Source[]) => grade(sources, known(), "0");
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
      <legend>{coded(exercises.value?.length ? wanted : grades.program)}</legend>
      {briefs.value.length > 0 && Boolean(exercises.value?.length) && (
        <p class="note">{coded(grades.program)}</p>
      )}
      <FileButton
        text={grades.choose}
        label={wanted.replaceAll("`", "")}
        isMany
        take={(files) => hand(files.map((file) => ({ path: file.name, file })))}
      />
    </fieldset>
  );
}
