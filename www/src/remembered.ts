/** The latest report of this tab and what was handed in, or that a grading was under way: kept over a reload in the browser's session store. */
import type { Report } from "./engine/types";
import type { Language } from "./engine/worker";

export interface Remembered {
  exercise: string;
  name: string;
  seed: string;
  /** Whether the page itself graded it. */
  here: boolean;
  report: Report;
  /** In which language its texts are, where that is known. */
  language: Language | undefined;
  /** What was handed in; nothing where the store has no room for it. */
  handed: Blob | undefined;
}

/** A grading that a reload ended. */
export interface BrokenOff {
  exercise: string;
  name: string;
  isBrokenOff: true;
}

const KEY = "cachedojo.report";
/** The store holds some 5 million characters, and the report needs room too. */
const HANDED_MAX = 2 << 20;

/** Keeps a report, and forgets the one before. Where the browser keeps nothing, a reload shows no report. */
export async function remember({ handed, ...rest }: Remembered): Promise<void> {
  forget();
  const url = handed && handed.size <= HANDED_MAX ? await dataUrl(handed) : undefined;
  for (const kept of [{ ...rest, url }, rest]) {
    try {
      sessionStorage.setItem(KEY, JSON.stringify(kept));
      return;
    } catch {
      // Too much: without what was handed in there may be room.
    }
  }
}

/** Keeps that a grading is under way, and forgets the last report. */
export function rememberBegun(exercise: string, name: string): void {
  forget();
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ exercise, name, isBrokenOff: true } satisfies BrokenOff));
  } catch {
    // A browser that keeps nothing: a reload shows no report.
  }
}

/** Whether the page is being left: then its requests end, and what they were about is to be remembered. */
let isLeaving = false;
for (const event of ["beforeunload", "pagehide", "pageshow"]) {
  addEventListener(event, () => {
    isLeaving = event !== "pageshow";
  });
}

export function forget(): void {
  if (isLeaving) {
    return;
  }
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing has nothing to forget.
  }
}

/** What was kept, if it is whole: another version of the page, or anybody, may have written it. */
export function remembered(): Remembered | BrokenOff | undefined {
  try {
    const { exercise, name, seed, here, report, language, url, isBrokenOff } = JSON.parse(
      sessionStorage.getItem(KEY) ?? "{}",
    );
    if (isBrokenOff === true && typeof exercise === "string" && typeof name === "string") {
      return { exercise, name, isBrokenOff };
    }
    const isWhole =
      [exercise, name, seed].every((text) => typeof text === "string") &&
      report?.schema === "cachedojo/report/v1" &&
      [report.checks, report.diagnostics, report.mutants].every(Array.isArray);
    const handed = typeof url === "string" ? blobOf(url) : undefined;
    const spoken = language === "en" || language === "fr" ? language : undefined;
    return isWhole
      ? { exercise, name, seed, here: here === true, report, language: spoken, handed }
      : undefined;
  } catch {
    return undefined;
  }
}

function dataUrl(blob: Blob): Promise<string | undefined> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => resolve(undefined);
    reader.readAsDataURL(blob);
  });
}

/** Not by `fetch`: the server's policy lets no page fetch such addresses. */
function blobOf(url: string): Blob {
  const [head = "", body = ""] = url.split(";base64,");
  const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: head.replace("data:", "") });
}
