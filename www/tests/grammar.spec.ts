/** Colours, help and completion come from the engine's grammar, in every dialect. */
import { expect, test } from "@playwright/test";
import { content, open, script, write } from "./helpers";

const WORDS = {
  lab: ["node set é 40*x ttl 10s # why", "node set", "40*x", "ttl", "10s", "# why"],
  line: ["PUT a b c", "PUT", "b c"],
  memcached: ["set k 0 60 2\nhi", "set", "0", "60", "2", "hi"],
  rest: ['PUT /api/v1/cache/a/b {"value": 1}', "PUT", '{"value": 1}'],
} as const;

for (const [dialect, [text, ...words]] of Object.entries(WORDS)) {
  test(`the words of ${dialect} are coloured as the engine reads them, and explained`, async ({ page }) => {
    await open(page, dialect);
    const coloured = page.locator("[data-testid=editor] [class^=word-]");
    for (let turn = 0; turn < 2; turn += 1) {
      await write(page, text);
      await expect(coloured).toHaveText([...words]);
    }
    await page.reload();
    await page.getByTestId("dialect").selectOption(dialect);
    await expect(coloured).toHaveText([...words]);
    await coloured.first().hover();
    await expect(page.locator(".word-help")).toContainText(words[0]);
    await expect(page.locator(".word-help p")).not.toBeEmpty();
  });
}

test("a command is completed in each dialect", async ({ page }) => {
  for (const [dialect, typed, completed] of [
    ["lab", "node ge", "node get"],
    ["line", "DEL", "DELETE"],
    ["memcached", "tou", "touch"],
  ] as const) {
    await open(page, dialect);
    for (let turn = 0; turn < 2; turn += 1) {
      await write(page, "");
      await content(page).click();
      await page.keyboard.type(typed);
      await expect(page.locator(".cm-tooltip-autocomplete [aria-selected]")).toContainText(completed);
      await page.locator(".cm-tooltip-autocomplete [aria-selected]").click();
      await expect.poll(() => script(page)).toContain(completed);
    }
  }
});

test("a script that was pasted into another dialect is recognised, and opens there", async ({ page }) => {
  await open(page, "line");
  await write(page, "PUT own 1");
  const pasted = "# a node\nnode new 100\nnode set a 1\nnode get a";
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("dialect").selectOption("line");
    await write(page, pasted);
    await expect(page.getByTestId("meant")).toContainText("Lab");
    await page.getByTestId("meant").getByRole("button").click();
    await expect(page.getByTestId("dialect")).toHaveValue("lab");
    await expect(page.getByTestId("meant")).toHaveCount(0);
    await expect.poll(() => script(page)).toBe(pasted);
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done: 3 commands.");
  }
  await page.getByTestId("dialect").selectOption("line");
  await write(page, "PUT a 1\nGETT a\nGET a\nEXIT");
  await expect(page.getByTestId("status")).toContainText("1 line is answered with an error");
  await expect(page.getByTestId("meant")).toHaveCount(0);
});
