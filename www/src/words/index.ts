import { computed } from "@preact/signals";
import { language } from "../settings";
import { en, type Words } from "./en";
import { fr } from "./fr";
import { whole } from "./whole";

export type { Words };

const french = whole(fr);

/** Every text of the page, in the chosen language. */
export const words = computed<Words>(() => (language.value === "fr" ? french : en));

const numbers = computed(() => new Intl.NumberFormat(language.value));

/** A number as the chosen language writes it. */
export function formatNumber(number: number): string {
  return numbers.value.format(number);
}

/** Milliseconds as a person says them: the two largest units. */
export function formatTime(ms: number): string {
  if (ms < 1000) {
    return `${formatNumber(ms)} ms`;
  }
  const units = [
    [Math.floor(ms / 86_400_000), "d"],
    [Math.floor(ms / 3_600_000) % 24, "h"],
    [Math.floor(ms / 60_000) % 60, "m"],
    [(ms % 60_000) / 1000, "s"],
  ] as const;
  const first = units.findIndex(([count]) => count >= 1);
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${formatNumber(count)} ${unit}`)
    .join(" ");
}

/** How far a clock is ahead, or behind. */
export function formatShift(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${formatTime(Math.abs(ms))}`;
}
