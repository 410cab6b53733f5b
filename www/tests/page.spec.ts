import { expect, type Page, test } from "@playwright/test";

/** Types a script as a person would, in place of what stands there. */
async function write(page: Page, text: string): Promise<void> {
  const content = page.locator("[data-testid=editor] .cm-content");
  await content.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

async function open(page: Page, dialect = "lab"): Promise<void> {
  await page.goto("./");
  await page.getByTestId("dialect").selectOption(dialect);
}

const SEED_EXAMPLE = "PUT user1 Alice\nPUT user2 Bob\nGET user1\nDELETE user2\nGET user2\nEXIT";

test("the line protocol's example gives its six answers and nothing else", async ({ page }) => {
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  await page.getByTestId("run").click();
  const output = page.getByTestId("output");
  await expect(output).toContainText("BYE");
  expect(await output.evaluate((element) => element.textContent)).toBe(
    "STORED\nSTORED\nAlice\nDELETED\nNOT_FOUND\nBYE",
  );
  await expect(page.getByTestId("nodes")).toContainText("user1");
});

test("a ring shows every point of every node", async ({ page }) => {
  await open(page);
  await write(page, "ring new 150\nring add A\nring add B\nring add C\nring where user:42");
  await page.getByTestId("run").click();
  const ring = page.getByTestId("ring");
  await expect(ring.locator(".point")).toHaveCount(450);
  await expect(ring.getByRole("row")).toHaveCount(4);
  await expect(ring).toContainText("user:42 belongs to");
});
