import { signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { lesson } from "../course";
import { DROPPED, takeProgram } from "../dropped";
import { isEmbedded } from "../embed";
import type { Dialect, NamedExample } from "../engine/worker";
import {
  canRun,
  chooseSubject,
  cursorLine,
  DIALECTS,
  examples,
  forkHere,
  isEdited,
  isRunning,
  isStale,
  lack,
  openExample,
  openOwn,
  openStray,
  programs,
  run,
  runToLine,
  sheet,
  showOriginal,
} from "../lab";
import { language } from "../settings";
import { isOwn, strays as savedStrays } from "../sheets";
import { formatNumber, words } from "../words";
import { Icon } from "./icons";
import { coded } from "./markdown";

/** Whether the file that was chosen last is no program. */
const wasRefused = signal(false);

/** Which language, which example, whose answers. */
export function Chooser() {
  const { dialect, dialects, examples: label, chooseExample, deepExamples, strays } = words.value;
  const { id, dialect: chosen, fork } = sheet.value;
  if (lesson.value) {
    return (
      <div class="chooser">
        <SubjectChoice />
      </div>
    );
  }
  return (
    <div class="chooser">
      <SubjectChoice />
      <label class="field">
        <span class="hidden">{dialect}</span>
        <select
          data-testid="dialect"
          title={dialect}
          value={chosen}
          onChange={({ currentTarget }) => openOwn(currentTarget.value as Dialect)}
        >
          {DIALECTS.map((name) => (
            <option key={name} value={name}>
              {dialects[name]}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="hidden">{label}</span>
        <select
          data-testid="examples"
          title={fork ? strays.forkHelp(formatNumber(fork.after)) : label}
          value={/^(example|fork|pasted)\./.test(id) ? id : ""}
          onChange={({ currentTarget: { value } }) =>
            value.startsWith("example.") ? openExample(value.slice("example.".length)) : openStray(value)
          }
        >
          <option value="" disabled>
            {chooseExample}
          </option>
          {DIALECTS.map((name) => (
            <Group
              key={name}
              label={dialects[name]}
              of={examples.value.filter((example) => example.dialect === name && !isDeep(example))}
            />
          ))}
          <Group label={deepExamples} of={examples.value.filter(isDeep)} />
          <Strays />
        </select>
      </label>
    </div>
  );
}

function Group({ label, of }: { label: string; of: NamedExample[] }) {
  return (
    <optgroup label={label}>
      {of.map(({ id, title }) => (
        <option key={id} value={`example.${id}`}>
          {title}
        </option>
      ))}
    </optgroup>
  );
}

/** Forks and pasted texts that somebody has gone on with: nothing else leads to them. */
function Strays() {
  const { strays: text } = words.value;
  const { id, fork } = sheet.value;
  // Read when another sheet is opened, not at every letter.
  const saved = useMemo(() => savedStrays(), [id]);
  // The open one is in the list as soon as it is open, saved or not.
  const isOpen = /^(fork|pasted)\./.test(id) && !saved.some((one) => one.id === id);
  if (saved.length === 0 && !isOpen) {
    return null;
  }
  const today = new Date().toDateString();
  // The time first, which tells them apart where the list is narrow; of today's no more.
  const when = (at: number) =>
    new Date(at).toDateString() === today
      ? moment(at, { timeStyle: "medium" })
      : `${moment(at, { timeStyle: "short" })}, ${moment(at, { dateStyle: "short" })}`;
  return (
    <optgroup label={text.title}>
      {isOpen && <option value={id}>{fork ? text.fork(formatNumber(fork.after)) : text.pasted}</option>}
      {saved.map(({ id: other, fork: from, at }) => (
        <option key={other} value={other}>
          {when(at)} {from ? text.fork(formatNumber(from.after)) : text.pasted}
        </option>
      ))}
    </optgroup>
  );
}

/** A time as the browser's reader writes it, where that is a reader of the page's language. */
function moment(at: number, style: Intl.DateTimeFormatOptions): string {
  const own = navigator.languages.find((tag) => tag.startsWith(language.value));
  return new Intl.DateTimeFormat(own ?? language.value, style).format(at);
}

/** The engine's own tests of a cluster: of its examples one is for beginners. */
function isDeep({ id }: NamedExample): boolean {
  return id.startsWith("lab_cluster_") && id !== "lab_cluster_story";
}

/** Who obeys: the reference, the program that a lesson hunts, or one that the grader built and the learner opened. */
function SubjectChoice() {
  const { subjects } = words.value;
  const { subject, dialect } = sheet.value;
  const open = lesson.value;
  const isUnknown = lack.value === "unknown";
  if (dialect !== "lab" || (open && !open.mutant)) {
    return null;
  }
  const choose = (value: string) => {
    wasRefused.value = false;
    if (value === "open") {
      pick();
    } else {
      chooseSubject(value === "" ? undefined : value);
    }
  };
  return (
    <>
      {wasRefused.value && (
        <span class="tone-bad" role="alert">
          {coded(subjects.wrong)}
        </span>
      )}
      <label class="field">
        <span class={open ? "" : "hidden"}>{subjects.label}</span>
        <select
          data-testid="subject"
          title={subjects.label}
          value={subject ?? ""}
          onChange={({ currentTarget }) => {
            choose(currentTarget.value);
            currentTarget.value = subject ?? "";
          }}
        >
          <option value="">{subjects.reference}</option>
          {open?.mutant && <option value={open.mutant}>{subjects.hunted}</option>}
          {(subject === DROPPED || (!open && programs.value.has(DROPPED))) && (
            <option value={DROPPED}>{isUnknown ? subjects.absent : subjects.dropped}</option>
          )}
          {subject !== undefined && subject !== DROPPED && subject !== open?.mutant && (
            <option value={subject}>{isUnknown ? subjects.absent : subjects.hunted}</option>
          )}
          {!open && <option value="open">{subjects.open}</option>}
        </select>
      </label>
    </>
  );
}

/** Asks for a program's file, and has it obey. */
function pick(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = ".wasm,application/wasm";
  input.onchange = async () => {
    const [file] = input.files ?? [];
    if (file) {
      wasRefused.value = !(await takeProgram(file));
    }
  };
  input.click();
}

/** Runs to the cursor's line; forks the run where it stands. */
export function Tools() {
  const { tools } = words.value;
  const canFork = !isStale.value && !isRunning.value && run.value.position > 0;
  return (
    <div class="tools">
      <button
        type="button"
        class="button small"
        data-testid="to-line"
        title={tools.toLine}
        aria-label={tools.toLine}
        aria-keyshortcuts="Control+F10"
        aria-disabled={!canRun.value}
        onClick={() => canRun.value && runToLine(cursorLine.value)}
      >
        <Icon name="toLine" />
      </button>
      <button
        type="button"
        class="button small"
        data-testid="fork"
        title={tools.fork}
        aria-label={tools.fork}
        aria-disabled={!canFork}
        onClick={() => canFork && forkHere()}
      >
        <Icon name="fork" />
      </button>
      {/* In a frame there is no banner that has it. */}
      {isEmbedded && isEdited.value && !isOwn(sheet.value) && (
        <button
          type="button"
          class="button small"
          title={words.value.banner.original}
          aria-label={words.value.banner.original}
          onClick={showOriginal}
        >
          <Icon name="reset" />
        </button>
      )}
    </div>
  );
}
