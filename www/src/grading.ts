/** A submission's way to the grader that serves this page, if one does, and its report's way back. */
import { signal } from "@preact/signals";
import { compileProgram, DROPPED, isModule, takeIn } from "./dropped";
import type { CheckReport as Check, Report } from "./engine/types";
import type { Dialect } from "./engine/worker";
import { reach } from "./files";
import { type Find, gradeProgram, type Lack, offerProgram, openCheckScript, trouble } from "./lab";
import { decodeLink } from "./link";
import { language } from "./settings";
import { zip } from "./zip";

export type { CheckReport as Check, Report, Verdict } from "./engine/types";

export interface Exercise {
  id: string;
  title: string;
  title_fr: string;
}

/** An exercise's public part, as the page's build has it: read by the engine alone, but for these two. */
interface Brief {
  id: string;
  title: { en: string; fr: string };
}

/** A file of a submission, by its path. */
export interface Source {
  path: string;
  file: File;
}

export type Grading =
  | { state: "idle" }
  | { state: "grading"; here: boolean }
  | Graded
  | { state: "refused"; why: Refusal | { said: string } };

export interface Graded {
  state: "graded";
  report: Report;
  seed: string;
  here: boolean;
  /** The very program that was graded: from the page itself, or built by the server from what was sent. */
  find: Find;
  /** In which language the lost checks' scripts are, where their links say so. */
  dialects: ReadonlyMap<string, Dialect>;
}

type Refusal =
  | "nothing"
  | "tooLarge"
  | "unreachable"
  | "program"
  | "stopped"
  | "endless"
  | "noBrief"
  | "sourceOnly";

/** What a grader that serves this page offers: unknown until asked; nothing where none does. */
export const exercises = signal<Exercise[] | undefined>(undefined);
/** What the page grades by itself, on the public checks: programs that `grader build` made. */
export const briefs = signal<Brief[]>([]);
export const grading = signal<Grading>({ state: "idle" });

/** More is no submission, and the grader would refuse it. */
const BYTES_MAX = 4 << 20;
const FILES_MAX = 256;

let latest = 0;

/** Asks what there is to be graded on: at the server behind this page, and by the page itself. */
export async function findGrader(): Promise<void> {
  await Promise.all([findServer(), findBriefs()]);
}

async function findServer(): Promise<void> {
  try {
    const response = await fetch("api/v1/exercises");
    const offered = response.ok ? await response.json() : {};
    exercises.value = Array.isArray(offered.exercises) ? offered.exercises : [];
  } catch {
    // One that answered before is away: what is handed in then is told so.
    exercises.value ??= [];
  }
}

async function findBriefs(): Promise<void> {
  try {
    const response = await reach("course/exercises.json");
    const found: unknown = response.ok ? await response.json() : [];
    briefs.value = Array.isArray(found) ? found : [];
  } catch {
    briefs.value = [];
  }
}

/**
 * Has these files graded: one file as it is, several in an archive, every byte unread. The latest call's report is the one shown;
 * an earlier one leaves at once, so that nobody takes it for the new one.
 */
export async function grade(sources: Source[], chosen: Promise<string>, seed: string): Promise<void> {
  latest += 1;
  const asked = latest;
  grading.value = { state: "grading", here: false };
  const exercise = await chosen;
  const [first] = sources;
  const here = first && sources.length === 1 && (await isModule(first.file)) ? first : undefined;
  if (asked !== latest) {
    return;
  }
  grading.value = { state: "grading", here: here !== undefined };
  const end = here ? await gradeHere(here, exercise, seed) : await ask(sources, exercise, seed);
  if (asked === latest) {
    grading.value = end;
  }
}

async function ask(sources: Source[], exercise: string, seed: string): Promise<Grading> {
  const handed = sources.filter(({ path }) => !isProduct(path));
  const [only] = handed;
  if (!only) {
    return { state: "refused", why: "nothing" };
  }
  if (handed.length > FILES_MAX || handed.reduce((sum, { file }) => sum + file.size, 0) > BYTES_MAX) {
    return { state: "refused", why: "tooLarge" };
  }
  const wish = new URLSearchParams({ exercise, seed, lang: language.value, format: "json" });
  try {
    // Read once: what is asked for later is what was graded, whatever has become of the files since.
    const isAlone = handed.length === 1 && isWhole(only.path);
    const body = isAlone
      ? new Blob([await only.file.arrayBuffer()], { type: "application/octet-stream" })
      : await packed(handed);
    const response = await post(`api/v1/grade?${wish}`, body);
    const answer = await response.json();
    if (!response.ok) {
      return { state: "refused", why: { said: String(answer.error ?? response.statusText) } };
    }
    const dialects = await dialectsOf(answer);
    return {
      state: "graded",
      report: answer,
      seed,
      here: false,
      find: () => built(body, exercise),
      dialects,
    };
  } catch {
    return { state: "refused", why: "unreachable" };
  }
}

/** The languages of the scripts that the report's links carry. */
async function dialectsOf({ checks }: Report): Promise<ReadonlyMap<string, Dialect>> {
  const found = checks.map(async ({ id, link }): Promise<[string, Dialect][]> => {
    const linked = link && (await decodeLink(link.slice(link.indexOf("#"))));
    return linked && !("fault" in linked) ? [[id, linked.dialect]] : [];
  });
  return new Map((await Promise.all(found)).flat());
}

/** The program of a submission that the server graded, built by it once more. */
async function built(body: Blob, exercise: string): Promise<WebAssembly.Module | Lack> {
  const wish = new URLSearchParams({ exercise, lang: language.value });
  try {
    const response = await post(`api/v1/build?${wish}`, body);
    if (!response.ok) {
      const { error } = await response.json();
      return { said: String(error ?? response.statusText) };
    }
    return (await compileProgram(await response.arrayBuffer())) ?? "unknown";
  } catch {
    return "unreachable";
  }
}

function post(address: string, body: Blob): Promise<Response> {
  return fetch(address, { method: "POST", headers: { "content-type": body.type }, body });
}

/** Whether the program that obeyed last was ended because it never ended by itself. */
function isEndless(): boolean {
  return trouble.value === "endless";
}

/** A program on the public checks, in this page. */
async function gradeHere({ path, file }: Source, exercise: string, seed: string): Promise<Grading> {
  const brief = briefs.value.find(({ id }) => id === exercise);
  if (!brief) {
    return { state: "refused", why: briefs.value.length === 0 ? "noBrief" : "sourceOnly" };
  }
  const program = await takeIn(file);
  if (!program) {
    return { state: "refused", why: "program" };
  }
  if (isEndless()) {
    trouble.value = undefined;
  }
  const report = await gradeProgram(JSON.stringify(brief), seed, program.module, program.bytes, path);
  return report === undefined
    ? { state: "refused", why: isEndless() ? "endless" : "stopped" }
    : {
        state: "graded",
        report: JSON.parse(report),
        seed,
        here: true,
        find: async () => program.module,
        dialects: new Map(),
      };
}

/** Whether one file says by itself what it is: an archive does, and to the grader any other file is `src/lib.rs`. */
function isWhole(path: string): boolean {
  const [, extension] = /\.([^./]+)$/.exec(path) ?? [];
  return extension === undefined || ["rs", "zip", "tar", "gz", "tgz"].includes(extension.toLowerCase());
}

/** What a compiler or a version control made: never part of a submission. */
function isProduct(path: string): boolean {
  return /(^|\/)(target|\.git|__MACOSX)\//.test(path) || /(^|\/)\.DS_Store$/.test(path);
}

/** The files' bytes, unread, in one archive: what they are, and which of them is graded, is the grader's to say. */
async function packed(sources: Source[]): Promise<Blob> {
  const entries = sources.map(async ({ path, file }) => ({
    path,
    bytes: new Uint8Array(await file.arrayBuffer()),
  }));
  return zip(await Promise.all(entries));
}

/** All files that were dropped, those inside folders too. Must be called while the drop is being handled. */
export async function dropped({ items }: DataTransfer): Promise<Source[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  return (await Promise.all(entries.map(walk))).flat();
}

async function walk(entry: FileSystemEntry): Promise<Source[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.slice(1), file }];
  }
  if (entry.name === "target" || entry.name.startsWith(".")) {
    return [];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Source[] = [];
  // A reader gives a folder's entries in parts; an empty part is the end.
  while (found.length <= FILES_MAX) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) {
      break;
    }
    found.push(...(await Promise.all(part.map(walk))).flat());
  }
  return found;
}

/** Whether the graded program is one that obeys scripts in this page: other languages and other exercises run in the grader only. */
export function obeysHere({ report, here }: Graded): boolean {
  const isKnown = briefs.value.length === 0 || briefs.value.some(({ id }) => id === report.exercise);
  return here || (report.grader.backend === "wasm" && isKnown);
}

/**
 * Opens a check's script on a sheet of its own, where the very program obeys that was graded; the reference where that
 * program does not run in the page, which the sheet's banner says.
 */
export function openCheck(check: Check, graded: Graded): void {
  const { title, script = "", actual, expected, id } = check;
  const { seed, find, dialects } = graded;
  const isOwn = obeysHere(graded);
  if (isOwn) {
    offerProgram(DROPPED, find);
  }
  const dialect = dialects.get(id) ?? "lab";
  openCheckScript(
    { text: script, dialect, seed, subject: isOwn ? DROPPED : undefined },
    { title, expected, actual },
  );
}
