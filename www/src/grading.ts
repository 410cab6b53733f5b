/** A submission's way to the grader that serves this page, if one does, and its report's way back. */
import { signal } from "@preact/signals";
import { compileProgram, DROPPED, isModule, takeIn } from "./dropped";
import type { AlsoFails, CheckReport as Check, Report } from "./engine/types";
import type { Dialect, Language } from "./engine/worker";
import { gradeProgram, type Lack, offerProgram, openCheckScript, runAll, stop, trouble } from "./lab";
import { decodeLink } from "./link";
import { briefs, choice } from "./offers";
import { forget, remember, rememberBegun, remembered } from "./remembered";
import { language } from "./settings";
import { isProduct, isTooMuch, packed, type Source } from "./sources";
import { words } from "./words";

export type { CheckReport as Check, Report, Verdict } from "./engine/types";

export type Grading = { state: "idle" } | Graded | (Handed & (UnderWay | Refused));

/** What was handed in, and the report on it. */
export type Graded = Handed & Marked;

/** What was handed in, and on which exercise. */
interface Handed {
  exercise: string;
  /** Its own name: a file's, a folder's, or those of all files. */
  name: string;
}

interface UnderWay {
  state: "grading";
  here: boolean;
  /** The report on the same, where it is graded once more: it stays until there is another. */
  before?: Graded;
}

interface Refused {
  state: "refused";
  why: NotGraded;
}

interface Marked {
  state: "graded";
  report: Report;
  seed: string;
  here: boolean;
  /** In which language its texts are; nothing where an older page kept it. */
  language: Language | undefined;
  /** The very bytes that were graded; nothing where a reload did not keep them. */
  handed: Blob | undefined;
  /** In which language the failing cases' scripts are, by their links. */
  dialects: ReadonlyMap<string, Dialect>;
  /** Why grading it once more came to nothing, where it did. */
  notAgain?: NotGraded;
}

/** A failing case of a check: that of the row itself, or a further one. */
export type Failing = Check | AlsoFails;

/** A reason of the page's, or what the server said, and whether it said it of what was handed in. */
export type NotGraded = Refusal | { said: string; isOfIt: boolean };

type Refusal =
  | "nothing"
  | "unreadable"
  | "tooLarge"
  | "unreachable"
  | "program"
  | "stopped"
  | "brokenOff"
  | "endless"
  | "noBrief"
  | "sourceOnly";

export const grading = signal<Grading>({ state: "idle" });

let latest = 0;
/** What ends the request that is under way. */
let underWay = new AbortController();

/**
 * Has these files graded: one file as it is, several in an archive, every byte unread. The latest call's report is the one shown;
 * an earlier one leaves at once, so that nobody takes it for the new one.
 */
export async function grade(sources: Source[], chosen: Promise<string>, seed: string): Promise<void> {
  cancel();
  const turn = latest;
  const name = nameOf(sources);
  grading.value = { state: "grading", here: false, exercise: "", name };
  const exercise = await chosen;
  const [first] = sources;
  const here = first && sources.length === 1 && (await isModule(first.file)) ? first : undefined;
  if (turn !== latest) {
    return;
  }
  const work = here ? gradeHere(here.file, name, exercise, seed) : ask(sources, name, exercise, seed);
  await settle(work, { exercise, name, here: here !== undefined });
}

/** Has the very bytes graded once more that were handed in, in the language of now. */
export async function gradeAgain(before: Graded): Promise<void> {
  const { handed, here, exercise, name, seed } = before;
  if (handed) {
    cancel();
    const work = here ? gradeHere(handed, name, exercise, seed) : askServer(handed, name, exercise, seed);
    await settle(work, { exercise, name, here, before });
  }
}

/** Shows that a grading is under way, and then what came of it, unless another has begun since. */
async function settle(
  work: Promise<Marked | Refused>,
  { exercise, name, here, before }: Handed & { here: boolean; before?: Graded },
): Promise<void> {
  const turn = latest;
  grading.value = { state: "grading", here, exercise, name, ...(before && { before }) };
  if (!before) {
    rememberBegun(exercise, name);
  }
  const end = await work;
  if (turn !== latest) {
    return;
  }
  if (before && end.state === "refused") {
    grading.value = { ...before, notAgain: end.why };
    return;
  }
  grading.value = { ...end, exercise, name };
  if (end.state === "graded") {
    remember({ exercise, name, ...end });
  } else {
    forget();
  }
}

/** Shows the report that a reload kept, or that the reload ended a grading; nothing if one has begun since. */
export async function resume(): Promise<void> {
  const kept = remembered();
  if (kept === undefined) {
    return;
  }
  if ("isBrokenOff" in kept) {
    choice.value ??= kept.exercise;
    grading.value = { state: "refused", why: "brokenOff", exercise: kept.exercise, name: kept.name };
    return;
  }
  const dialects = await dialectsOf(kept.report);
  if (grading.value.state === "idle") {
    choice.value ??= kept.exercise;
    grading.value = { ...kept, state: "graded", dialects };
  }
}

/** Ends the grading that is under way: nobody waits for it any more, and its time is free for others. */
export function cancel(): void {
  latest += 1;
  underWay.abort();
  underWay = new AbortController();
  const now = grading.value;
  if (now.state === "grading") {
    const { here, exercise, name } = now;
    if (here) {
      stop();
    }
    if (now.before) {
      grading.value = { ...now.before, notAgain: "stopped" };
      return;
    }
    forget();
    grading.value = { state: "refused", why: "stopped", exercise, name };
  }
}

/** What a learner calls it: the file, the folder that holds all, else each file. */
function nameOf(sources: Source[]): string {
  const paths = sources.map(({ path }) => path);
  const [first = ""] = paths;
  const top = first.slice(0, first.indexOf("/") + 1);
  return top !== "" && paths.every((path) => path.startsWith(top)) ? top.slice(0, -1) : paths.join(", ");
}

async function ask(
  sources: Source[],
  name: string,
  exercise: string,
  seed: string,
): Promise<Marked | Refused> {
  const handed = sources.filter(({ path }) => !isProduct(path));
  const [only] = handed;
  if (!only) {
    return { state: "refused", why: "nothing" };
  }
  if (isTooMuch(handed)) {
    return { state: "refused", why: "tooLarge" };
  }
  let body: Blob;
  try {
    // Read once: what is asked for later is what was graded, whatever has become of the files since.
    const isAlone = handed.length === 1 && !only.path.includes("/");
    body = isAlone
      ? new Blob([await only.file.arrayBuffer()], { type: "application/octet-stream" })
      : await packed(handed);
  } catch {
    return { state: "refused", why: "unreadable" };
  }
  return askServer(body, name, exercise, seed);
}

/** The server's report on these bytes: a file, or an archive of several. */
async function askServer(
  body: Blob,
  name: string,
  exercise: string,
  seed: string,
): Promise<Marked | Refused> {
  const spoken = language.value;
  const wish = asked(exercise, name, { seed, format: "json" });
  try {
    const response = await post(`api/v1/grade?${wish}`, body, underWay.signal);
    const answer = await response.json();
    if (!response.ok) {
      const isOfIt = response.status === 400 || response.status === 413;
      return { state: "refused", why: { said: String(answer.error ?? response.statusText), isOfIt } };
    }
    const dialects = await dialectsOf(answer);
    return {
      state: "graded",
      report: answer,
      seed,
      here: false,
      language: spoken,
      handed: body,
      dialects,
    };
  } catch {
    return { state: "refused", why: "unreachable" };
  }
}

/** The languages of the scripts that the report's links carry. */
async function dialectsOf({ checks }: Report): Promise<ReadonlyMap<string, Dialect>> {
  const links = checks.flatMap(({ link, also_fails }) => [
    link,
    ...(also_fails ?? []).map((also) => also.link),
  ]);
  const found = links.map(async (link): Promise<[string, Dialect][]> => {
    const linked = link && (await decodeLink(link.slice(link.indexOf("#"))));
    return link && linked && !("fault" in linked) ? [[link, linked.dialect]] : [];
  });
  return new Map((await Promise.all(found)).flat());
}

/** The very program that was graded: a module as it was brought, a source built by the server once more. */
async function programOf({ handed, here, name, exercise }: Graded): Promise<WebAssembly.Module | Lack> {
  if (!handed) {
    return { said: words.value.grades.notKept };
  }
  return here
    ? ((await compileProgram(await handed.arrayBuffer())) ?? "unknown")
    : built(handed, name, exercise);
}

/** The program of a submission that the server graded, built by it once more. */
async function built(body: Blob, name: string, exercise: string): Promise<WebAssembly.Module | Lack> {
  const wish = asked(exercise, name);
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

/** The query of a request about a submission. Names of files in folders are no name. */
function asked(exercise: string, name: string, more: Record<string, string> = {}): URLSearchParams {
  const own = name === "" || name.includes("/") ? {} : { name };
  return new URLSearchParams({ exercise, lang: language.value, ...own, ...more });
}

function post(address: string, body: Blob, signal?: AbortSignal): Promise<Response> {
  return fetch(address, {
    method: "POST",
    headers: { "content-type": body.type },
    body,
    ...(signal && { signal }),
  });
}

/** Whether the program that obeyed last was ended because it never ended by itself. */
function isEndless(): boolean {
  return trouble.value === "endless";
}

/** A program on the public checks, in this page. */
async function gradeHere(
  file: Blob,
  name: string,
  exercise: string,
  seed: string,
): Promise<Marked | Refused> {
  const spoken = language.value;
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
  const report = await gradeProgram(JSON.stringify(brief), seed, program.module, program.bytes, name);
  return report === undefined
    ? { state: "refused", why: isEndless() ? "endless" : "stopped" }
    : {
        state: "graded",
        report: JSON.parse(report),
        seed,
        here: true,
        language: spoken,
        handed: new Blob([program.bytes]),
        dialects: new Map(),
      };
}

/** Whether the graded program is one that obeys scripts in this page: other languages and other exercises run in the grader only. */
export function obeysHere({ report, here }: Graded): boolean {
  const isKnown = briefs.value.length === 0 || briefs.value.some(({ id }) => id === report.exercise);
  return here || (report.grader.backend === "wasm" && isKnown);
}

/** Whether the page has a way to show a failing case: on the program that failed it, or on the reference. */
export function canOpen(failing: Failing, graded: Graded): boolean {
  return failing.script !== "" && (obeysHere(graded) || graded.dialects.has(failing.link ?? ""));
}

/**
 * Opens and runs a failing case's script on a sheet of its own, where the very program obeys that was graded; the reference where that
 * program does not run in the page, which the sheet's banner says.
 */
export function openCase(failing: Failing, title: string, graded: Graded): void {
  const { script, actual, expected, link = "" } = failing;
  const { seed, dialects } = graded;
  const isOwn = obeysHere(graded);
  if (isOwn) {
    offerProgram(DROPPED, () => programOf(graded));
  }
  const dialect = dialects.get(link) ?? "lab";
  openCheckScript(
    { text: script, dialect, seed, subject: isOwn ? DROPPED : undefined },
    { title, expected, actual },
  );
  runAll();
}
