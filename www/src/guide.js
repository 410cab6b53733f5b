/** What the guide beside the script shows: where to begin, the list of lessons, or the open lesson. */
import { effect, signal } from "@preact/signals";
import { lesson, loadCourse, openLesson, progress } from "./course";
import { isEmbedded } from "./embed";
import { openOwn, sheet } from "./lab";
import { lastDialect } from "./settings";

const KEY = "cachedojo.guide";
export const place = signal("welcome");
export const isOpen = signal(true);
/** Call once, before the first sheet is opened by a link. */
export async function startGuide() {
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
  addEventListener("hashchange", () => follow(location.hash));
  await loadCourse();
  await follow(location.hash);
}
export function show(next) {
  place.value = next;
  isOpen.value = true;
}
/** One's own script, with all the room for it. */
export function playFreely() {
  openOwn(lastDialect.value);
  isOpen.value = false;
}
/** Whether this learner has been here before. */
export function hasBegun() {
  return Object.keys(progress.value).length > 0;
}
async function follow(fragment) {
  const [, id] = /^#lesson\/([\w-]+)$/.exec(fragment) ?? [];
  if (fragment === "#lessons") {
    show("lessons");
  } else if (id !== undefined && sheet.value.lesson !== id) {
    const isThere = await openLesson(id);
    if (!isThere) {
      show("lessons");
    }
  }
}
function wasOpen() {
  try {
    const saved = localStorage.getItem(KEY);
    return saved === null ? true : saved === "open";
  } catch {
    return true;
  }
}
