import { effect, signal } from "@preact/signals";
import type { Dialect, Language } from "./engine/worker";

export type Theme = "light" | "dark";

/** What a person chose, remembered in this browser. */
interface Settings {
  language: Language;
  /** Nothing follows the system. */
  theme?: Theme;
  dialect: Dialect;
}

const KEY = "cachedojo.settings";
const LANGUAGES = ["en", "fr"] as const satisfies readonly Language[];
const THEMES = ["light", "dark"] as const satisfies readonly Theme[];
const DIALECTS = ["line", "memcached", "rest", "lab"] as const satisfies readonly Dialect[];
const saved = load();

export const language = signal<Language>(
  saved.language ?? (navigator.language.startsWith("fr") ? "fr" : "en"),
);
export const theme = signal<Theme | undefined>(saved.theme);
/** The dialect of the own sheet that was open last. */
export const lastDialect = signal<Dialect>(saved.dialect ?? "lab");

/** Keeps the document and the browser's memory in step with the settings. */
export function applySettings(): void {
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

/** What this browser remembers. Another version of the page, or anybody, may have written it: what is none of ours is left out. */
function load(): Partial<Settings> {
  try {
    return checked(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return {};
  }
}

export function checked(found: unknown): Partial<Settings> {
  const { language, theme, dialect } = (found ?? {}) as Record<string, unknown>;
  return {
    ...(isOneOf(LANGUAGES, language) && { language }),
    ...(isOneOf(THEMES, theme) && { theme }),
    ...(isOneOf(DIALECTS, dialect) && { dialect }),
  };
}

function isOneOf<T>(all: readonly T[], value: unknown): value is T {
  return (all as readonly unknown[]).includes(value);
}
