import { afterEach, expect, test, vi } from "vitest";
import { isBetter, type Progress, readProgress } from "../src/progress";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The settings as a page has them that finds this text in the browser's store. */
async function settingsWith(stored: string) {
  vi.stubGlobal("localStorage", { getItem: () => stored });
  vi.stubGlobal("navigator", { language: "fr-FR" });
  const { language, theme, lastDialect } = await import("../src/settings");
  return [language.value, theme.value, lastDialect.value];
}

test.each([
  ["null", ["fr", undefined, "lab"]],
  ["7", ["fr", undefined, "lab"]],
  ["no JSON", ["fr", undefined, "lab"]],
  ['{"language":"eo","theme":"sepia","dialect":"redis"}', ["fr", undefined, "lab"]],
  ['{"language":"en","theme":"sepia","dialect":"rest"}', ["en", undefined, "rest"]],
  ['{"language":"en","theme":"dark","dialect":"__proto__"}', ["en", "dark", "lab"]],
])("settings that are none of ours are left out: %s", async (stored, settings) => {
  expect(await settingsWith(stored)).toEqual(settings);
});

const progress = (solved: boolean, score: number): Progress => ({
  solved,
  score,
  script: "",
  hints: 0,
  checks: 1,
  at: 1,
});

test.each([
  [progress(true, 60), progress(false, 90), true],
  [progress(false, 90), progress(true, 60), false],
  [progress(true, 90), progress(true, 60), true],
  [progress(false, 50), progress(false, 40), true],
  [progress(true, 60), progress(true, 60), false],
])("a solved lesson is better than one with a higher score", (one, other, is) => {
  expect(isBetter(one, other)).toBe(is);
});

test("a count that is no number becomes 0, and nothing else is taken over", () => {
  const saved = { ...progress(true, 100), checks: null, at: undefined, further: 1 };
  expect(readProgress(saved)).toEqual({ ...progress(true, 100), checks: 0, at: 0 });
});

test.each([
  [null],
  [7],
  [{}],
  [{ ...progress(true, 1), score: Number.NaN }],
  [{ ...progress(true, 1), script: 1 }],
])("what is no progress is left out: %j", (value) => {
  expect(readProgress(value)).toBeUndefined();
});
