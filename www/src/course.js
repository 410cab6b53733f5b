/** The course: its lessons, the one that is open, and how far this learner has come. */
import { batch, computed, signal } from "@preact/signals";
import { reach } from "./files";
import { checkLesson, lessonOpening, openSheet, programs, runAll, sheet } from "./lab";
import { language } from "./settings";
import { lessonExampleSheet, lessonSheet } from "./sheets";

const SCHEMA = "cachedojo/progress/v1";
const KEY = "cachedojo.progress";
/** Where the built course stands beside the page. */
const HOME = "course/";
/** A file of progress of more bytes than this holds something else. */
const FILE_BYTES_MAX = 4 << 20;
export const course = signal(undefined);
export const progress = signal(loadProgress());
export const verdict = signal({ state: "none" });
/** The open lesson: the sheet says which. */
export const lesson = computed(() => {
  const id = sheet.value.lesson;
  return id === undefined || typeof course.value !== "object"
    ? undefined
    : course.value.lessons.find((known) => known.id === id);
});
export const solvedCount = computed(
  () => Object.values(progress.value).filter(({ solved }) => solved).length,
);
export function inLanguage(text) {
  return text[language.value];
}
/** Loads the course, which is there or not: a page that was built without it has no lessons. */
export async function loadCourse() {
  try {
    const response = await reach(`${HOME}course.json`);
    const found = response.ok ? await response.json() : undefined;
    course.value = Array.isArray(found?.lessons) ? found : "none";
  } catch {
    course.value = "none";
  }
  addEventListener("storage", () => {
    progress.value = loadProgress();
  });
}
/** The lesson to go on with: the first that is not solved. */
export function nextLesson() {
  return typeof course.value === "object"
    ? course.value.lessons.find(({ id }) => !progress.value[id]?.solved)
    : undefined;
}
/** The lesson after this one, in the course's order. */
export function lessonAfter({ id }) {
  if (typeof course.value !== "object") {
    return undefined;
  }
  const { lessons } = course.value;
  return lessons[lessons.findIndex((known) => known.id === id) + 1];
}
/** Opens a lesson's script beside its text; `false` where there is no such lesson. */
export async function openLesson(id) {
  const found = typeof course.value === "object" && course.value.lessons.find((known) => known.id === id);
  if (!found) {
    return false;
  }
  const opening = await lessonOpening(JSON.stringify(found));
  batch(() => {
    verdict.value = { state: "none" };
    openSheet(
      lessonSheet(
        {
          text: opening ?? found.script.starter ?? "",
          dialect: found.dialect,
          seed: String(found.seed ?? 0),
        },
        id,
      ),
    );
  });
  location.hash = `lesson/${id}`;
  return true;
}
/** Runs the open lesson's example on a sheet of its own, beside the learner's script. */
export function runExample() {
  const open = lesson.value;
  if (open?.script.example) {
    const script = {
      text: open.script.example,
      dialect: open.dialect,
      seed: String(open.seed ?? 0),
    };
    openSheet(lessonExampleSheet(script, open.id, inLanguage(open.title)));
    runAll();
  }
}
/** Whether the open sheet is a lesson's example, not the learner's script. */
export const isExample = computed(() => sheet.value.id.startsWith("lesson-example."));
/** Has the engine judge the open lesson's script, and notes what came of it. */
export async function check() {
  const open = lesson.value;
  if (!open || isExample.value || verdict.value.state === "checking") {
    return;
  }
  const script = sheet.value.text;
  verdict.value = { state: "checking" };
  const hunted = await huntedBy(open);
  if (hunted === "unloaded") {
    verdict.value = { state: "unloaded" };
    return;
  }
  const json = await checkLesson(JSON.stringify(open), script, hunted);
  if (lesson.value?.id !== open.id) {
    return;
  }
  if (json === undefined) {
    verdict.value = { state: "stopped" };
    return;
  }
  const attempt = JSON.parse(json);
  const diff = attempt.solved && open.mutant ? await textOf(`${HOME}m/${open.mutant}.diff`) : undefined;
  verdict.value = { state: "checked", attempt, diff };
  note(open.id, attempt, script);
}
/** The next hint of the open lesson is read. */
export function takeHint() {
  const open = lesson.value;
  if (open) {
    const { hints, ...rest } = progressOf(open.id);
    saveProgress({
      ...loadProgress(),
      [open.id]: { ...rest, hints: Math.min(hints + 1, open.hints.length) },
    });
  }
}
export function progressOf(id) {
  return progress.value[id] ?? { solved: false, score: 0, script: "", hints: 0, checks: 0, at: 0 };
}
/** The programs of a lesson to expose a bug: the sound one and the other, both as subjects too. */
export async function huntedBy(open) {
  if (open.mutant === undefined || typeof course.value !== "object") {
    return undefined;
  }
  try {
    const [sound, other] = await Promise.all([program(course.value.sound ?? "sound"), program(open.mutant)]);
    return [sound, other];
  } catch {
    return "unloaded";
  }
}
/** A compiled program of the course, loaded once. */
async function program(name) {
  const known = programs.get(name);
  if (known) {
    return known;
  }
  const response = await reach(`${HOME}m/${name}.wasm`);
  if (!response.ok) {
    throw new Error(`${name}: ${response.status}`);
  }
  const module = await WebAssembly.compile(await response.arrayBuffer());
  programs.set(name, module);
  return module;
}
export function exportProgress() {
  const file = { schema: SCHEMA, lessons: progress.value };
  return new Blob([JSON.stringify(file, null, 2)], { type: "application/json" });
}
/** Takes a file of progress in: of each lesson the better one stays. `false` when it is no such file. */
export async function importProgress(file) {
  try {
    const found = JSON.parse(file.size > FILE_BYTES_MAX ? "" : await file.text());
    if (found.schema !== SCHEMA) {
      return false;
    }
    const merged = { ...loadProgress() };
    for (const [id, theirs] of Object.entries(found.lessons)) {
      const ours = merged[id];
      if (isProgress(theirs) && (!ours || better(theirs, ours))) {
        merged[id] = theirs;
      }
    }
    saveProgress(merged);
    return true;
  } catch {
    return false;
  }
}
export function resetProgress() {
  saveProgress({});
}
function better(one, other) {
  return Number(one.solved) - Number(other.solved) > 0 || one.score > other.score;
}
function note(id, { solved, score }, script) {
  const before = progressOf(id);
  const isBest = solved ? !before.solved || score >= before.score : !before.solved;
  const now = {
    ...before,
    solved: before.solved || solved,
    score: Math.max(before.score, score),
    script: isBest ? script : before.script,
    checks: before.checks + 1,
    at: Date.now(),
  };
  saveProgress({ ...loadProgress(), [id]: now });
}
function saveProgress(all) {
  progress.value = all;
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    // This visit still knows it, and it can be exported.
  }
}
function loadProgress() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return Object.fromEntries(Object.entries(found).filter((entry) => isProgress(entry[1])));
  } catch {
    return {};
  }
}
function isProgress(value) {
  const { solved, score, script, hints } = value ?? {};
  return (
    typeof solved === "boolean" &&
    typeof score === "number" &&
    typeof script === "string" &&
    typeof hints === "number"
  );
}
async function textOf(path) {
  try {
    const response = await reach(path);
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}
