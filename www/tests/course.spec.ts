/** Lessons and progress: what a check shows, what a file of progress brings back. Uses the page's own course. */
import { type Browser, expect, type Page, test } from "@playwright/test";
import { content, open, script, write } from "./helpers";

/** The answers to lesson 1; the course does not carry them. */
const SOLUTION = `node new 100
node set city Paris
node set city Lyon
node get city
expect Lyon
node get country
expect nothing
node delete city
expect deleted
node delete city
expect not found`;

async function openLesson(page: Page, id: string): Promise<void> {
  await page.goto(`./#lesson/${id}`);
  await expect(page.getByTestId("exercise")).toHaveAttribute("data-lesson", id);
}

async function solve(page: Page): Promise<void> {
  await openLesson(page, "first-words");
  await write(page, SOLUTION);
  await page.getByTestId("exercise-check").click();
  await expect(page.getByTestId("hunt-verdict")).toHaveAttribute("data-state", "solved");
}

test("a check shows the run that it judged, and no broken one of before", async ({ page }) => {
  const [status, output] = [page.getByTestId("status"), page.getByTestId("output")];
  await openLesson(page, "first-words");
  for (let turn = 0; turn < 2; turn += 1) {
    await write(page, SOLUTION.replaceAll(/expect .*/g, "expect wrong"));
    await page.getByTestId("run").click();
    await expect(output).toContainText("BROKEN");
    await solve(page);
    await expect(status).toContainText("Done:");
    await expect(status).not.toContainText("broken");
    await expect(output).toContainText("node ready");
    await expect(output).not.toContainText("BROKEN");
    await page.reload();
    // Nobody need press Run.
    await page.getByTestId("exercise-check").click();
    await expect(output).toContainText("node ready");
  }
});

test("a check leaves the place in the run where the learner stands", async ({ page }) => {
  await openLesson(page, "first-words");
  const status = page.getByTestId("status");
  await expect(status).toContainText("Ready.");
  await page.getByTestId("step").click();
  await expect(status).toContainText("After command 1 of");
  await page.getByTestId("exercise-check").click();
  await expect(page.getByTestId("hunt-verdict")).toHaveAttribute("data-state", "failed");
  await expect(status).toContainText("After command 1 of");
});

test("what a lesson's programs do not take is told with what they take", async ({ page }) => {
  await openLesson(page, "expose-lru");
  await write(page, "node new 4 lru\nnode set a 1\nnode order");
  await page.getByTestId("exercise-check").click();
  const verdict = page.getByTestId("hunt-verdict");
  await expect(verdict).toContainText("only the reference knows node order.");
  await expect(verdict).toContainText("node get");
  await expect(verdict).not.toContainText("not implemented");
});

/** A page of somebody who was never here. */
async function elsewhere(browser: Browser, page: Page): Promise<Page> {
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(new URL("./", page.url()).href);
  return other;
}

test("an export carries the scripts, an import brings them back and says so", async ({ page, browser }) => {
  await solve(page);
  await page.getByTestId("lessons").click();
  const waiting = page.waitForEvent("download");
  await page.getByTestId("progress-export").click();
  const path = await (await waiting).path();
  const other = await elsewhere(browser, page);
  await openLesson(other, "first-words");
  await other.getByTestId("lessons").click();
  const said = other.getByTestId("progress-imported");
  const file = other.getByTestId("progress").locator("input[type=file]");
  await file.setInputFiles(path);
  await expect(said).toHaveText("Brought in: progress in 1 lesson, 1 script.");
  await expect(other.getByTestId("progress")).toHaveAttribute("data-solved", "1");
  // It is on the open sheet, and there after a reload.
  await expect.poll(() => script(other)).toBe(SOLUTION);
  await file.setInputFiles(path);
  await expect(said).toHaveText("Nothing new: all of it is here already.");
  await file.setInputFiles({ name: "x.json", mimeType: "", buffer: Buffer.from("{}") });
  await expect(said).toHaveText("This is no file of progress: choose one that this page exported.");
  await other.reload();
  await expect.poll(() => script(other)).toBe(SOLUTION);
  await other.context().close();
  // What was written here stays; the better one stands beside it.
  const third = await elsewhere(browser, page);
  await openLesson(third, "first-words");
  await write(third, "node new 7");
  await third.getByTestId("lessons").click();
  await third.getByTestId("progress").locator("input[type=file]").setInputFiles(path);
  await expect(third.getByTestId("progress-imported")).toContainText("1 script.");
  await third.getByTestId("exercises").locator("[data-lesson=first-words]").click();
  await expect.poll(() => script(third)).toBe("node new 7");
  await third.getByTestId("kept").getByRole("button").first().click();
  await expect.poll(() => script(third)).toBe(SOLUTION);
  await third.context().close();
});

test("who skips to the script writes into it", async ({ page }) => {
  await open(page);
  await expect(page.getByTestId("status")).toContainText("Ready.");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Skip to the script" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(content(page)).toBeFocused();
  await page.keyboard.type("?");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(content(page)).toContainText("?");
});

test("the choices above the script stand at its left, a label apart from its choice", async ({ page }) => {
  const left = async (testId: string) => (await page.getByTestId(testId).boundingBox())?.x ?? 0;
  await open(page, "memcached");
  const edge = (await page.locator("#script").boundingBox())?.x ?? 0;
  expect((await left("dialect")) - edge).toBeLessThan(40);
  await openLesson(page, "expose-ttl");
  const label = page.getByText("Who obeys", { exact: true });
  const box = await label.boundingBox();
  expect((await left("subject")) - ((box?.x ?? 0) + (box?.width ?? 0))).toBeGreaterThanOrEqual(4);
});
