import { expect, test } from "vitest";
import { en } from "../src/words/en";
import { fr } from "../src/words/fr";
import { whole } from "../src/words/whole";

type Said = (...args: unknown[]) => string;

/** Every text that says a count, with what it is called. */
function counts(part: object, path = ""): [string, Said][] {
  return Object.entries(part).flatMap(([name, value]): [string, Said][] => {
    const here = `${path}${name}`;
    if (typeof value === "function") {
      return [[here, value as Said]];
    }
    return typeof value === "object" && value !== null ? counts(value, `${here}.`) : [];
  });
}

/** What is said with this count wherever it takes something. */
const said = (text: Said, count: number | string) =>
  text(...Array.from({ length: text.length }, () => count));

test.each([
  [en, 1],
  [en, "1"],
  [fr, 1],
  [fr, "1"],
])("one of a thing is no plural, in any text", (language, count) => {
  // Words that end in s though they are no plural.
  const plural = new RegExp(
    `\\b${count} (?!is\\b|belongs\\b|ms\\b|les\\b|dans\\b|plus\\b)[\\p{L}]+s\\b`,
    "u",
  );
  const wrong = counts(language).flatMap(([name, text]) => {
    const words = said(text, count);
    return plural.test(words) ? [`${name}: ${words}`] : [];
  });
  expect(wrong).toEqual([]);
});

test("several of a thing are a plural", () => {
  expect(en.status.done("2")).toBe("Done: 2 commands.");
  expect(fr.status.done("2")).toBe("Terminé\u00a0: 2 commandes.");
  expect(en.status.running("1", "2")).toBe("Running: 1 of 2 commands.");
});

test("a title that ends in a mark of its own is quoted", () => {
  expect(en.banner.example("Who leaves?")).toBe("The example “Who leaves?”. Your own work is untouched.");
  expect(fr.banner.example("Qui part\u00a0?")).toBe(
    "L'exemple «\u00a0Qui part\u00a0?\u00a0». Votre propre travail est intact.",
  );
});

test("no mark of French begins a line, and no script is changed for that", () => {
  const french = whole(fr);
  const alone = counts(french).flatMap(([name, text]) =>
    / [:;?!»%]|« /.test(said(text, 2)) ? [`${name}: ${said(text, 2)}`] : [],
  );
  expect(alone).toEqual([]);
  expect(french.guide.first("Premiers mots")).toBe("Commencer par la leçon 1\u00a0: Premiers mots");
  expect(french.starters).toEqual(fr.starters);
});
