import { effect, signal } from "@preact/signals";

const KEY = "cachedojo.settings";
const saved = load();
export const language = signal(saved.language ?? (navigator.language.startsWith("fr") ? "fr" : "en"));
export const theme = signal(saved.theme);
/** The dialect of the own sheet that was open last. */
export const lastDialect = signal(saved.dialect ?? "lab");
/** Keeps the document and the browser's memory in step with the settings. */
export function applySettings() {
  effect(() => {
    document.documentElement.lang = language.value;
    document.documentElement.dataset.theme = theme.value ?? "system";
    const settings = { language: language.value, theme: theme.value, dialect: lastDialect.value };
    try {
      localStorage.setItem(KEY, JSON.stringify(settings));
    } catch {
      // A browser that remembers nothing still shows everything.
    }
  });
}
function load() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}
