/** What the guide beside the script shows: where to begin, the list of lessons, or the open lesson. */
import { effect, signal } from "@preact/signals";
import { course, lesson, loadCourse, openLesson, progress } from "./course";
import { isEmbedded } from "./embed";
import { linkFault, openOwn, openSheet, run, sheet } from "./lab";
import { lastDialect } from "./settings";
import { isOwn, lessonSheetId, ownSheet } from "./sheets";
import { words } from "./words";

export type Place = "welcome" | "lessons" | "lesson";

const KEY = "cachedojo.guide";
/** Windows in which the guide has no column of its own: see `layout.css`. */
const STACKED = "(max-width: 1179px)";

export const place = signal<Place>("welcome");
export const isOpen = signal(true);

/** Call once, before the first sheet is opened by a link. */
export async function startGuide(): Promise<void> {
  isOpen.value = wasOpen() && !isEmbedded;
  effect(() => {
    try {
      localStorage.setItem(KEY, isOpen.value ? "open" : "folded");
    } catch {
      // It is open at the next visit.
    }
  });
  effect(() => {
    if (lesson.value && place.peek() !== "lesson") {
      place.value = "lesson";
      isOpen.value = true;
    }
  });
  effect(() => {
    if (sheet.value.lesson === undefined && place.peek() === "lesson") {
      place.value = "lessons";
    }
  });
  foldOnceRun();
  addEventListener("popstate", () => follow(location.hash));
  await loadCourse();
  await follow(location.hash);
  if (asked) {
    // A lesson that came after somebody asked for the list does not take its place.
    place.value = asked;
  }
}

/** Where the guide stands above the script, the first words make room for the world once there is one to see. */
function foldOnceRun(): void {
  let hasRun = false;
  effect(() => {
    const hasBegun = run.value.position > 0;
    if (hasBegun && !hasRun && place.peek() === "welcome" && matchMedia(STACKED).matches) {
      isOpen.value = false;
    }
    hasRun = hasBegun;
  });
}

/** What a person asked for last. */
let asked: Place | undefined;

export function show(next: Place): void {
  asked = next;
  place.value = next;
  isOpen.value = true;
}

/** Opens a lesson and its text, which may stand behind the list although it is open. */
export async function enter(id: string): Promise<void> {
  if (await openLesson(id)) {
    show("lesson");
  }
}

/** One's own script, with all the room for it. */
export function playFreely(): void {
  openOwn(lastDialect.value);
  isOpen.value = false;
}

/** Whether this learner has been here before. */
export function hasBegun(): boolean {
  return Object.keys(progress.value).length > 0;
}

async function follow(fragment: string): Promise<void> {
  const [, id] = /^#lesson\/([\w-]+)$/.exec(fragment) ?? [];
  if (history.state?.sheet) {
    // It is open already.
  } else if (fragment === "#lessons") {
    show("lessons");
  } else if (fragment === "" && !isOwn(sheet.value)) {
    // Somebody has taken the fragment out of the address.
    openSheet(ownSheet(lastDialect.value, words.value));
  } else if (id !== undefined && course.value !== undefined && sheet.value.id !== lessonSheetId(id)) {
    // Before the course has come nobody knows the lesson: it is followed once it has.
    const isThere = await openLesson(id);
    if (!isThere) {
      show("lessons");
      if (course.value !== "none") {
        linkFault.value = { fault: "lesson", lesson: id };
      }
    }
  }
}

function wasOpen(): boolean {
  try {
    const saved = localStorage.getItem(KEY);
    return saved === null ? true : saved === "open";
  } catch {
    return true;
  }
}
