import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page, Route } from "@playwright/test";

export const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const SEED_EXAMPLE = "PUT user1 Alice\nPUT user2 Bob\nGET user1\nDELETE user2\nGET user2\nEXIT";
export const SEED_ANSWERS = "STORED\nSTORED\nAlice\nDELETED\nNOT_FOUND\nBYE";
export const RING = "ring new 150\nring add A\nring add B\nring add C\nring where user:42";
/** A node of 100,000 points joins a ring of two million, again and again: as much work as a run is allowed, a quarter of a minute or more. */
export const ENDLESS =
  "ring new 10000\nfor 1..20 ring add node{} weight 10\nfor 1..100000 ring add again weight 10";

export async function open(page: Page, dialect = "lab"): Promise<void> {
  await page.goto("./");
  await page.getByTestId("dialect").selectOption(dialect);
}

/** Writes a script as a person would, in place of what stands there. */
export async function write(page: Page, text: string): Promise<void> {
  await content(page).click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

/** Opens the dialog of links, and reads the one to this script. */
export async function shareLink(page: Page): Promise<string> {
  await page.getByTestId("share").click();
  return page.getByRole("dialog").getByRole("textbox").inputValue();
}

/** Keeps the engine's module from arriving until what this returns is called. */
export async function holdEngine(page: Page, end: (route: Route) => Promise<void>): Promise<() => void> {
  let letCome = () => {};
  const gate = new Promise<void>((resolve) => {
    letCome = resolve;
  });
  await page.route("**/*.wasm", async (route) => {
    await gate;
    await end(route);
  });
  return letCome;
}

export function content(page: Page) {
  return page.locator("[data-testid=editor] .cm-content");
}

/** The editor's text; an empty line has none of its own. */
export function script(page: Page): Promise<string> {
  return page
    .locator("[data-testid=editor] .cm-line")
    .evaluateAll((lines) => lines.map((line) => line.textContent).join("\n"));
}

export function answers(page: Page): Promise<string | null> {
  return page.getByTestId("output").evaluate((element) => element.textContent);
}

/** What axe finds, its best practice included. */
export async function axeMistakes(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}
