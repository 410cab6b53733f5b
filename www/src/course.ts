/** The course: its lessons, the one that is open, and how far this learner has come. */
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { DROPPED } from "./dropped";
import type { Attempt, Bilingual, Lesson, PublicCourse } from "./engine/types";
import { reach } from "./files";
import {
  checkLesson,
  type Found,
  findProgramsBy,
  goOnTo,
  isEdited,
  lessonOpening,
  meetOtherTabs,
  openSheet,
  reachProgram,
  run,
  runAll,
  runOnce,
  sheet,
  untilStopped,
} from "./lab";
import { isBetter, type Progress, readProgress } from "./progress";
import { language } from "./settings";
import { bring, lessonExampleSheet, lessonSheet, lessonSheetId, type Sheet } from "./sheets";

/** A file of progress, as the page exports it. */
export interface ProgressFile {
  schema: typeof SCHEMA;
  lessons: Record<string, Progress>;
}

export type Verdict =
  | { state: "none" }
  | { state: "checking" }
  | { state: "checked"; attempt: Attempt; script: string; diff?: string | undefined }
  | { state: "stopped" }
  | { state: "unloaded" };

const SCHEMA = "cachedojo/progress/v1";
const KEY = "cachedojo.progress";
/** Where the built course stands beside the page. */
const HOME = "course/";
/** A file of progress of more bytes than this holds something else. */
const FILE_BYTES_MAX = 4 << 20;

export const course = signal<PublicCourse | "none" | undefined>(undefined);
export const progress = signal<Record<string, Progress>>(loadProgress());
export const verdict = signal<Verdict>({ state: "none" });
/** Whether the verdict is on another text than the one that the learner's script has now. */
export const isOutdated = computed(
  () => verdict.value.state === "checked" && !isExample.value && verdict.value.script !== sheet.value.text,
);
/** Which check is the latest: what comes of an earlier one is no longer wanted. */
let checkId = 0;
/** The open lesson: the sheet says which. */
export const lesson = computed(() => {
  const id = sheet.value.lesson;
  return id === undefined || typeof course.value !== "object"
    ? undefined
    : course.value.lessons.find((known) => known.id === id);
});
/** How many of the course's lessons are solved; a file of progress may name others. */
export const solvedCount = computed(() =>
  typeof course.value === "object"
    ? course.value.lessons.filter(({ id }) => progress.value[id]?.solved).length
    : 0,
);

export function inLanguage(text: Bilingual): string {
  return text[language.value];
}

/** Loads the course, which is there or not: a page that was built without it has no lessons. */
export async function loadCourse(): Promise<void> {
  try {
    const response = await reach(`${HOME}course.json`);
    const found = response.ok ? await response.json() : undefined;
    course.value = Array.isArray(found?.lessons) ? found : "none";
  } catch {
    course.value = "none";
  }
  addEventListener("popstate", () => {
    if (isExample.value) {
      runAll();
    }
  });
  addEventListener("storage", () => {
    progress.value = loadProgress();
  });
  effect(() => {
    language.value;
    untracked(judgeAgain);
    untracked(openAgain);
  });
  effect(() => {
    if (isOutdated.value && !isEdited.value) {
      // Begun again: nothing has been said of this script.
      untracked(forgetVerdict);
    }
  });
  const openId = computed(() => lesson.value?.id);
  effect(() => {
    openId.value;
    untracked(forgetVerdict);
  });
}

/** The comments of an untouched lesson's script follow the language. */
async function openAgain(): Promise<void> {
  const open = lesson.value;
  const isUntouched = () =>
    sheet.value.id === lessonSheetId(open?.id ?? "") &&
    !isEdited.value &&
    run.value.position === 0 &&
    verdict.value.state === "none";
  if (open && isUntouched()) {
    const opening = await lessonOpening(open);
    if (opening !== undefined && opening !== sheet.value.text && isUntouched()) {
      openSheet(openingOf(open, opening));
    }
  }
}

/** A lesson's sheet as it opens. */
function openingOf({ id, dialect, seed }: Lesson, text: string): Sheet {
  return lessonSheet({ text, dialect, seed: String(seed) }, id);
}

/** A verdict is on the lesson that is open. */
function forgetVerdict(): void {
  checkId += 1;
  verdict.value = { state: "none" };
}

/** The lesson to go on with: the first that is not solved. */
export function nextLesson(): Lesson | undefined {
  return typeof course.value === "object"
    ? course.value.lessons.find(({ id }) => !progress.value[id]?.solved)
    : undefined;
}

/** The lesson after this one, in the course's order. */
export function lessonAfter({ id }: Lesson): Lesson | undefined {
  if (typeof course.value !== "object") {
    return undefined;
  }
  const { lessons } = course.value;
  return lessons[lessons.findIndex((known) => known.id === id) + 1];
}

/** Opens a lesson's script beside its text; `false` where there is no such lesson. */
export async function openLesson(id: string): Promise<boolean> {
  const found = typeof course.value === "object" && course.value.lessons.find((known) => known.id === id);
  if (!found) {
    return false;
  }
  const opening = await lessonOpening(found);
  const fragment = `#lesson/${id}`;
  if (location.hash !== fragment || history.state?.sheet) {
    history.pushState({ ...history.state, sheet: undefined }, "", fragment);
  }
  batch(() => {
    forgetVerdict();
    openSheet(openingOf(found, opening ?? found.script.starter));
  });
  return true;
}

/** From the lesson's example back to the learner's script, from which it was opened. */
export function leaveExample(): void {
  history.back();
}

/** Runs the open lesson's example on a sheet of its own, beside the learner's script. */
export function runExample(): void {
  const open = lesson.value;
  if (open?.script.example) {
    const script = {
      text: open.script.example,
      dialect: open.dialect,
      seed: String(open.seed ?? 0),
    };
    goOnTo(lessonExampleSheet(script, open.id, inLanguage(open.title)), location.hash);
    runAll();
  }
}

/** Whether the open sheet is a lesson's example, not the learner's script. */
export const isExample = computed(() => sheet.value.id.startsWith("lesson-example."));

/** Has the engine judge the open lesson's script, and notes what came of it. */
export async function check(): Promise<void> {
  const open = lesson.value;
  if (!open || isExample.value || verdict.value.state === "checking") {
    return;
  }
  const script = sheet.value.text;
  checkId += 1;
  const asked = checkId;
  verdict.value = { state: "checking" };
  const found = await judged(open, script);
  if (asked !== checkId) {
    return;
  }
  verdict.value = found;
  if (found.state === "checked") {
    note(open.id, found.attempt, script);
    if (sheet.value.text === script) {
      // What was judged is to be seen: the world, the answers, the foot.
      runOnce();
    }
  }
}

/** A verdict is told in the language of now: the one that stands is judged once more. */
async function judgeAgain(): Promise<void> {
  const [open, told] = [lesson.value, verdict.value];
  if (open && told.state === "checked") {
    checkId += 1;
    const asked = checkId;
    const found = await judged(open, told.script);
    if (asked === checkId && found.state === "checked") {
      verdict.value = found;
    }
  }
}

/** What comes of a script for a lesson. */
async function judged(open: Lesson, script: string): Promise<Verdict> {
  const hunted = await untilStopped(huntedBy(open));
  if (hunted === undefined) {
    return { state: "stopped" };
  }
  if (hunted === "unloaded") {
    return { state: "unloaded" };
  }
  const attempt = await checkLesson(open, script, hunted === "nobody" ? undefined : hunted);
  if (attempt === undefined) {
    return { state: "stopped" };
  }
  const diff =
    attempt.solved && open.mutant ? await untilStopped(textOf(`${HOME}m/${open.mutant}.diff`)) : undefined;
  return { state: "checked", attempt, script, diff };
}

/** The next hint of the open lesson is read. */
export function takeHint(): void {
  const open = lesson.value;
  if (open) {
    const { hints, ...rest } = progressOf(open.id);
    saveProgress({
      ...loadProgress(),
      [open.id]: { ...rest, hints: Math.min(hints + 1, open.hints.length) },
    });
  }
}

export function progressOf(id: string): Progress {
  return progress.value[id] ?? { solved: false, score: 0, script: "", hints: 0, checks: 0, at: 0 };
}

/** The programs of a lesson to expose a bug: the sound one and the other. */
async function huntedBy(
  open: Lesson,
): Promise<[WebAssembly.Module, WebAssembly.Module] | "nobody" | "unloaded"> {
  if (open.mutant === undefined || typeof course.value !== "object") {
    return "nobody";
  }
  const { sound } = course.value;
  const [right, other] = await Promise.all([reachProgram(sound), reachProgram(open.mutant)]);
  return right && other ? [right, other] : "unloaded";
}

/** Has programs of the course obey that a sheet names. Call once, before the first link is opened. */
export function offerPrograms(): void {
  findProgramsBy((name) => (name === DROPPED ? Promise.resolve("unknown") : findProgram(name)));
}

async function findProgram(name: string): Promise<Found> {
  try {
    const response = await reach(`${HOME}m/${name}.wasm`);
    return response.ok ? await WebAssembly.compile(await response.arrayBuffer()) : "unknown";
  } catch (error) {
    return error instanceof WebAssembly.CompileError ? "unknown" : "unreachable";
  }
}

export function exportProgress(): Blob {
  const file: ProgressFile = { schema: SCHEMA, lessons: progress.value };
  return new Blob([JSON.stringify(file, null, 2)], { type: "application/json" });
}

/** What a file of progress brought: in how many lessons it says more than this browser knew, and how many scripts. */
export interface Imported {
  lessons: number;
  scripts: number;
}

/** Takes a file of progress in: of each lesson the better one stays, with its script. Nothing when it is no such file. */
export async function importProgress(file: Blob): Promise<Imported | undefined> {
  try {
    const found: ProgressFile = JSON.parse(file.size > FILE_BYTES_MAX ? "" : await file.text());
    if (found.schema !== SCHEMA) {
      return undefined;
    }
    const merged = { ...loadProgress() };
    const brought: Imported = { lessons: 0, scripts: 0 };
    for (const [id, value] of Object.entries(found.lessons)) {
      const [theirs, ours] = [readProgress(value), merged[id]];
      if (theirs && isLesson(id)) {
        const isNews = !ours || isBetter(theirs, ours);
        if (isNews) {
          merged[id] = theirs;
          brought.lessons += 1;
        }
        brought.scripts += bringScript(id, theirs, isNews) ? 1 : 0;
      }
    }
    saveProgress(merged);
    meetOtherTabs();
    return brought;
  } catch {
    return undefined;
  }
}

/** Puts the script of some progress on the lesson's sheet. What was written here stays: a better one comes beside it, another does not. */
function bringScript(id: string, { script }: Progress, isNews: boolean): boolean {
  const lessons = typeof course.value === "object" ? course.value.lessons : [];
  const seed = String(lessons.find((known) => known.id === id)?.seed ?? 0);
  return script !== "" && bring(lessonSheetId(id), { text: script, seed }, isNews);
}

/** Whether a lesson of that name may exist: as long as the course has not come, any may. */
function isLesson(id: string): boolean {
  return typeof course.value !== "object" || course.value.lessons.some((known) => known.id === id);
}

export function resetProgress(): void {
  saveProgress({});
}

function note(id: string, { solved, score }: Attempt, script: string): void {
  const before = progressOf(id);
  const isBest = solved ? !before.solved || score >= before.score : !before.solved;
  const now: Progress = {
    ...before,
    solved: before.solved || solved,
    score: Math.max(before.score, score),
    script: isBest ? script : before.script,
    checks: before.checks + 1,
    at: Date.now(),
  };
  saveProgress({ ...loadProgress(), [id]: now });
}

function saveProgress(all: Record<string, Progress>): void {
  progress.value = all;
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // This visit still knows it, and it can be exported.
  }
}

function loadProgress(): Record<string, Progress> {
  try {
    const found: Record<string, unknown> = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const read = Object.entries(found).map(([id, value]) => [id, readProgress(value)] as const);
    return Object.fromEntries(read.flatMap(([id, value]) => (value ? [[id, value]] : [])));
  } catch {
    return {};
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    const response = await reach(path);
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}
