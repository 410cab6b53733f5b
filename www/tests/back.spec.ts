/** The browser's ways back and forth: what is opened on the page is a step of its history. */
import { expect, type Page, test } from "@playwright/test";
import { open, script, shareLink, write } from "./helpers";

const EXAMPLE = "Who leaves when the cache is full?";
const OTHER = "The line protocol, by the book";

/** Where the steps of the history lead: which way, and what the script begins with there. */
async function walk(page: Page, ways: readonly (readonly ["back" | "forth", string])[]): Promise<void> {
  for (const [way, text] of ways) {
    await (way === "back" ? page.goBack() : page.goForward());
    await expect.poll(() => script(page)).toContain(text);
  }
}

test("an example is a step of the history: back, forth, twice, and after a reload", async ({ page }) => {
  await open(page);
  await write(page, "node new 111");
  const examples = page.getByTestId("examples");
  await examples.selectOption({ label: EXAMPLE });
  await expect.poll(() => script(page)).toContain("lru");
  await write(page, "node new 222");
  await examples.selectOption({ label: OTHER });
  await expect.poll(() => script(page)).toContain("PUT");
  for (let turn = 0; turn < 2; turn += 1) {
    await walk(page, [
      ["back", "node new 222"],
      ["back", "node new 111"],
      ["forth", "node new 222"],
      ["back", "node new 111"],
      ["forth", "node new 222"],
      ["forth", "PUT"],
    ]);
    await expect(page.getByTestId("dialect")).toHaveValue("line");
    await page.reload();
    await expect.poll(() => script(page)).toContain("PUT");
    await expect(page.getByTestId("borrowed")).toContainText(OTHER);
  }
  await walk(page, [["back", "node new 222"]]);
  await page.reload();
  await expect.poll(() => script(page)).toBe("node new 222");
  await expect(page.getByTestId("borrowed")).toContainText(EXAMPLE);
  // Chosen once more, an example that is open is no step.
  await examples.selectOption({ label: EXAMPLE });
  await walk(page, [["back", "node new 111"]]);
  await expect(page.getByTestId("borrowed")).toHaveCount(0);
});

test("a link, an example and one's own scripts follow each other in the history", async ({ page }) => {
  await open(page, "line");
  await write(page, "PUT mine 1");
  const link = await shareLink(page);
  await page.keyboard.press("Escape");
  await write(page, "PUT mine 2");
  await page.goto(link);
  await expect.poll(() => script(page)).toBe("PUT mine 1");
  await write(page, "PUT theirs 3");
  await page.getByTestId("examples").selectOption({ label: EXAMPLE });
  await expect.poll(() => script(page)).toContain("lru");
  await page.getByRole("button", { name: "Back to my script" }).click();
  await expect.poll(() => script(page)).toContain("A cache of 100 bytes");
  for (let turn = 0; turn < 2; turn += 1) {
    await walk(page, [
      ["back", "lru"],
      ["back", "PUT theirs 3"],
      ["back", "PUT mine 2"],
      ["forth", "PUT theirs 3"],
      ["forth", "lru"],
    ]);
    await page.reload();
    await expect.poll(() => script(page)).toContain("lru");
    await walk(page, [["forth", "A cache of 100 bytes"]]);
  }
});

test("a fork is a step too, and a reload keeps it", async ({ page }) => {
  await open(page);
  await write(page, "node new 100\nnode set a 1\nnode get a");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done:");
  await page.getByTestId("back").click();
  await page.getByTestId("fork").click();
  await expect(page.getByTestId("borrowed")).toContainText("A fork");
  await expect.poll(() => script(page)).not.toContain("node get a");
  await page.reload();
  await expect(page.getByTestId("borrowed")).toContainText("A fork");
  await walk(page, [["back", "node get a"]]);
  await expect(page.getByTestId("borrowed")).toHaveCount(0);
  await page.goForward();
  await expect(page.getByTestId("borrowed")).toContainText("A fork");
});
