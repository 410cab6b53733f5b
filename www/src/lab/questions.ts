/** What the engine is asked that has one answer; nothing is answered when the engine was ended before. */
import type { Attempt, Lesson } from "../engine/types";
import type { RunFormat, Script } from "../engine/worker";
import { language } from "../settings";
import type { Race, TraceRaced } from "../wasm/cachedojo";
import { programs, reachProgram } from "./programs";
import { run, sheet, traceDone } from "./state";
import { ask } from "./wire";

/** What the editor opens with for a lesson, given as the course's file has it. */
export async function lessonOpening(lesson: Lesson): Promise<string | undefined> {
  const answer = await ask((id) => ({ kind: "openLesson", id, lesson, language: language.value }));
  return answer?.kind === "opened" ? answer.script : undefined;
}

/** What comes of the script for a lesson, as the engine judges it. */
export async function checkLesson(
  lesson: Lesson,
  script: string,
  hunted: [WebAssembly.Module, WebAssembly.Module] | undefined,
): Promise<Attempt | undefined> {
  const answer = await ask((id) => ({
    kind: "check",
    id,
    lesson,
    script,
    language: language.value,
    programs: hunted,
  }));
  return answer?.kind === "checked" ? answer.attempt : undefined;
}

/** The whole run of the open script as a file; nothing where the program is not here that is to obey. */
export async function exportRun(format: RunFormat): Promise<string | undefined> {
  const { text, dialect, seed, subject } = sheet.value;
  const program = subject === undefined ? undefined : await reachProgram(subject);
  if (subject !== undefined && !program) {
    return undefined;
  }
  const script = { text, dialect, seed, subject };
  const answer = await ask((id) => ({ kind: "export", id, script, program, format }));
  return answer?.kind === "exported" ? answer.text : undefined;
}

/** The script's commands to a node, obeyed by a node of each policy; nothing where there are none. */
export async function race(policies: string[]): Promise<Race | undefined> {
  const { text } = sheet.value;
  const answer = await ask((id) => ({ kind: "race", id, text, policies }));
  return answer?.kind === "raced" ? answer.race : undefined;
}

/** A trace's file, replayed under each policy, or why not; nothing where that was stopped. */
export async function raceTrace(
  file: Blob,
  format: string,
  size: string,
  policies: string[],
): Promise<{ raced?: TraceRaced; refused?: string } | undefined> {
  traceDone.value = 0;
  const answer = await ask((id) => ({
    kind: "trace",
    id,
    file,
    format,
    size,
    policies,
    language: language.value,
  }));
  return answer?.kind === "traced" ? answer : undefined;
}

/** The script that goes as this run went up to command `position`, and no further. */
export async function forkedAt(position: number): Promise<string | undefined> {
  const { text, dialect } = run.value.script;
  const answer = await ask((id) => ({ kind: "fork", id, text, dialect, position }));
  return answer?.kind === "forked" ? answer.text : undefined;
}

/** Where a program first answers otherwise than the reference, as JSON: a `Difference`, or `null`. */
export async function partingOf({ text, dialect, seed, subject }: Script): Promise<string | undefined> {
  const program = programs.value.get(subject ?? "");
  if (!program) {
    return undefined;
  }
  const script = { text, dialect, seed };
  const answer = await ask((id) => ({ kind: "part", id, script, program, language: language.value }));
  return answer?.kind === "parted" ? answer.parting : undefined;
}

/** The report of a program on an exercise's public checks, as JSON (Rust: `judge::report::Report`). */
export async function gradeProgram(
  brief: string,
  seed: string,
  program: WebAssembly.Module,
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<string | undefined> {
  const answer = await ask((id) => ({
    kind: "grade",
    id,
    brief,
    seed,
    program,
    bytes,
    name,
    language: language.value,
  }));
  return answer?.kind === "graded" ? answer.report : undefined;
}
