/** The time machine: back from far, to a line, a fork from any step; and what is said, in the reader's language. */
import { expect, type Page, test } from "@playwright/test";
import { answers, content, open, SEED_ANSWERS, SEED_EXAMPLE, script, write } from "./helpers";

const MANY = "node new 1MiB\nfor 1..30000 node set key{} 40*x\nnode get key30000";

test("a long run goes back to any command and on again, and the end is shown", async ({ page }) => {
  await open(page);
  await write(page, MANY);
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done: 30,002 commands.");
    await expect(page.getByText(/^The last 20,000 of [\d,]+ lines\.$/)).toBeVisible();
    const output = page.getByTestId("output");
    await expect(output).toBeVisible();
    expect(await output.evaluate((box) => box.scrollTop + box.clientHeight >= box.scrollHeight - 2)).toBe(
      true,
    );
    expect((await answers(page))?.endsWith(`\n40*x`)).toBe(true);
    await page.getByTestId("back").click();
    await expect(page.getByTestId("status")).toContainText("After command 30,001 of 30,002.");
    await page.getByTestId("scrubber").fill("15001");
    await expect(page.getByTestId("status")).toContainText("After command 15,001 of 30,002.");
    await expect(page.getByTestId("stats")).toContainText("15,000");
  }
});

test("a run goes to the line of the cursor, by the button and by the key, forward and back", async ({
  page,
}) => {
  await open(page);
  await write(page, "node new 100\nnode set a 1\n\nfor 1..3 node get a\nnode get b\nnode get c");
  const status = page.getByTestId("status");
  await content(page).getByText("for 1..3").click();
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("to-line").click();
    await expect(status).toContainText("After command 5 of 7.");
  }
  await content(page).getByText("node get b").click();
  await page.keyboard.press("Control+F10");
  await expect(status).toContainText("After command 6 of 7.");
  await content(page).getByText("node set a").click();
  await page.keyboard.press("Control+F10");
  await expect(status).toContainText("After command 2 of 7.");
  await expect.poll(() => answers(page)).toBe("node ready\nstored");
  await page.reload();
  await content(page).getByText("node get b").click();
  await page.getByTestId("to-line").click();
  await expect(status).toContainText("After command 6 of 7.");
});

test("a run is forked where it stands, goes on otherwise, and the other script stays", async ({ page }) => {
  await open(page);
  const text = "node new 100\nfor 1..5 node set key{} 1\nnode get key5";
  await write(page, text);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 7 commands.");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("scrubber").fill("3");
    await expect(page.getByTestId("status")).toContainText("After command 3 of");
    await page.getByTestId("fork").click();
    await expect(page.getByTestId("borrowed")).toContainText("up to command 3");
    await expect(page.getByTestId("status")).toContainText("Done: 3 commands.");
    expect((await script(page)).trimEnd()).toBe("node new 100\nfor 1..2 node set key{} 1");
    await page.getByRole("button", { name: "Back to my script" }).click();
    await expect.poll(() => script(page)).toBe(text);
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done: 7 commands.");
  }
  await page.getByTestId("scrubber").fill("3");
  await expect(page.getByTestId("status")).toContainText("After command 3 of 7.");
  await page.getByTestId("fork").click();
  // What is typed before it is open would go into the other script.
  await expect(page.getByTestId("status")).toContainText("Done: 3 commands.");
  await content(page).click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.insertText("node get key1");
  await expect.poll(() => script(page)).toContain("node get key1");
  await page.reload();
  await expect.poll(() => script(page)).toContain("node get key1");
  await page.getByRole("button", { name: "Back to my script" }).click();
  await expect.poll(() => script(page)).toBe(text);
});

test("a fork of a fork leads back to the first fork, and each is found again after a reload", async ({
  page,
}) => {
  await open(page);
  await write(page, "node new 100\nfor 1..5 node set key{} 1\nnode get key5");
  const [status, borrowed] = [page.getByTestId("status"), page.getByTestId("borrowed")];
  const forkAt = async (position: number) => {
    await page.getByTestId("run").click();
    await expect(status).toContainText("Done:");
    await page.getByTestId("scrubber").fill(`${position}`);
    await expect(status).toContainText(`After command ${position} of`);
    await page.getByTestId("fork").click();
    await expect(borrowed).toContainText(`up to command ${position}`);
    await expect(status).toContainText("Done:");
  };
  const add = async (line: string) => {
    await content(page).click();
    await page.keyboard.press("ControlOrMeta+End");
    await page.keyboard.insertText(line);
    await expect.poll(() => script(page)).toContain(line);
  };
  await forkAt(6);
  await add("node set FIRST 1");
  await forkAt(3);
  await add("node set SECOND 1");
  const back = page.getByRole("button", { name: "Back to where it was forked" });
  for (let turn = 0; turn < 2; turn += 1) {
    await back.click();
    await expect.poll(() => script(page)).toContain("node set FIRST 1");
    // It was forked from one's own script, to which one way leads.
    await expect(back).toHaveCount(0);
    await page.getByTestId("examples").selectOption({ index: await lastOption(page, "Fork at 3") });
    await expect.poll(() => script(page)).toContain("node set SECOND 1");
    await expect(page.getByTestId("examples")).toHaveAttribute("title", "A fork after command 3");
    await page.reload();
    await expect.poll(() => script(page)).toContain("node set SECOND 1");
    await page.getByRole("button", { name: "Back to my script" }).click();
    await expect.poll(() => script(page)).toContain("node get key5");
    await page.getByTestId("examples").selectOption({ index: await lastOption(page, "Fork at 3") });
    await expect.poll(() => script(page)).toContain("node set SECOND 1");
  }
  await page.getByRole("button", { name: "Back to my script" }).click();
  await expect.poll(() => script(page)).toContain("node get key5");
});

test("each fork from one place is its own, and one that nobody has written on outlives a reload", async ({
  page,
}) => {
  await open(page);
  await write(page, "node new 100\nnode set a 1\nnode get a");
  await page.getByTestId("run").click();
  const status = page.getByTestId("status");
  const fork = async () => {
    await expect(status).toContainText("Done:");
    await page.getByTestId("scrubber").fill("2");
    await expect(status).toContainText("After command 2 of");
    await page.getByTestId("fork").click();
    await expect.poll(() => script(page)).not.toContain("node get a");
  };
  const forks = page.getByTestId("examples").locator("option", { hasText: "Fork at 2" });
  await fork();
  await content(page).click();
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.insertText("\nnode get FIRST");
  await expect.poll(() => script(page)).toContain("FIRST");
  await page.getByRole("button", { name: "Back to my script" }).click();
  await expect.poll(() => script(page)).toContain("node get a");
  await page.getByTestId("run").click();
  await fork();
  expect(await script(page)).not.toContain("FIRST");
  await expect(forks).toHaveCount(2);
  await page.reload();
  await expect(forks).toHaveCount(2);
});

/** The place of the option that says so, among all examples. */
async function lastOption(page: Page, text: string): Promise<number> {
  const options = page.getByTestId("examples").locator("option");
  await expect(options.filter({ hasText: text })).toHaveCount(1);
  return options.evaluateAll(
    (all, part) => all.findIndex((option) => option.textContent?.includes(part)),
    text,
  );
}

test("what happens and what goes wrong is told in French, and in English again", async ({ page }) => {
  await open(page);
  await write(
    page,
    "node new 100\nnode set a 60*x\nnode set b 60*x\nring where k\nexpect nothing\ncluster nodes=3",
  );
  await page.getByTestId("run").click();
  const timeline = page.getByTestId("timeline");
  await expect(timeline).toContainText("lru evicted a to make room for b");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByRole("button", { name: "Français" }).click();
    await expect(timeline).toContainText("lru évince a pour faire place à b");
    await expect(timeline).toContainText("il n'y a pas encore d'anneau : créez-en un avec `ring new`");
    await expect(timeline).toContainText("mène le mandat 1");
    await expect(timeline).not.toContainText("leads term");
    await expect(page.locator("[data-answer*='enregistré']").first()).toBeVisible();
    const output = page.getByTestId("output");
    // What a script expects is in the script's own words.
    await expect(output).toContainText("stored (enregistré)");
    await expect(output).toContainText("lru évince a pour faire place à b");
    await expect(output).toContainText("il n'y a pas encore d'anneau");
    await expect(output).toContainText("mène le mandat 1");
    await page.getByRole("button", { name: "English" }).click();
    await expect(timeline).toContainText("leads term 1");
    await expect(output).toContainText("lru evicted a to make room for b");
    await expect(output).not.toContainText("(enregistré)");
  }
  await page.getByRole("button", { name: "Français" }).click();
  await page.reload();
  await page.getByTestId("run").click();
  await expect(timeline).toContainText("lru évince a pour faire place à b");
});

test("a protocol answers in French as it does in English", async ({ page }) => {
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  for (const language of ["English", "Français"]) {
    await page.getByRole("button", { name: language }).click();
    await page.getByTestId("run").click();
    await expect.poll(() => answers(page)).toBe(SEED_ANSWERS);
  }
});

test("the timeline is gone through with every key that lists know", async ({ page }) => {
  await open(page, "line");
  await write(page, Array.from({ length: 400 }, (_, i) => `PUT k${i} v`).join("\n"));
  await page.getByTestId("run").click();
  const status = page.getByTestId("status");
  await expect(status).toContainText("Done: 400 commands.");
  await page.locator("[data-testid=timeline] [aria-current]").focus();
  const current = page.locator("[data-testid=timeline] [aria-current]");
  for (const [key, place] of [
    ["Home", "After command 1 of 400."],
    ["End", "Done: 400 commands."],
    ["Home", "After command 1 of 400."],
    ["ArrowDown", "After command 2 of 400."],
  ] as const) {
    await page.keyboard.press(key);
    await expect(status).toContainText(place);
    await expect(current).toBeFocused();
  }
  await page.keyboard.press("PageDown");
  await expect(status).not.toContainText("After command 2 of 400.");
  await expect(current).toBeFocused();
  await page.keyboard.press("PageUp");
  await expect(status).toContainText("After command 2 of 400.");
  await expect(current).toBeFocused();
});

test("keys act on the page, not behind a dialog", async ({ page }) => {
  await open(page, "line");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("help").click();
    await expect(page.getByRole("dialog")).toBeVisible();
    for (const key of ["F10", "Control+F10", "Control+Enter"]) {
      await page.keyboard.press(key);
    }
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page.getByTestId("status")).not.toContainText("After command");
    await expect(page.getByTestId("output")).toBeEmpty();
  }
  await page.keyboard.press("F10");
  await expect(page.getByTestId("status")).toContainText("After command 1 of");
});

test("forced colours keep the row and the line where the run stands apart from the others", async ({
  page,
}) => {
  await page.emulateMedia({ forcedColors: "active" });
  await open(page, "line");
  await write(page, "PUT a 1\nGET a\nEXIT");
  const outlineOf = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => {
        const { outlineStyle, borderLeftStyle, backgroundColor, borderLeftWidth } = getComputedStyle(element);
        return `${outlineStyle} ${borderLeftStyle} ${borderLeftWidth} ${backgroundColor}`;
      });
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done: 3 commands.");
    const [current, other] = [".row[aria-current]", ".row:not([aria-current])"];
    expect(await outlineOf(current)).not.toBe(await outlineOf(other));
    expect(await outlineOf(".cm-standing")).not.toBe(await outlineOf(".cm-line:not(.cm-standing)"));
  }
});

for (const width of [320, 1080, 1100, 1160, 1280]) {
  test(`at a width of ${width} nothing is wider than the window, in French either`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await open(page);
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done");
    const cut = () =>
      page.evaluate(() => {
        const over = [...document.querySelectorAll("button, select, h1, h2, h3, label, .status span")].filter(
          (element) => {
            const { left, right, width } = element.getBoundingClientRect();
            return (
              width > 0 &&
              (right > innerWidth + 1 || left < -1) &&
              !element.closest(".hidden, .skip, .scroll")
            );
          },
        );
        return [document.documentElement.scrollWidth > innerWidth, over.map(({ outerHTML }) => outerHTML)];
      });
    await expect.poll(() => cut()).toEqual([false, []]);
    await page.getByRole("button", { name: "Français" }).click();
    await expect(page.getByTestId("run")).toHaveText("Lancer");
    await expect.poll(() => cut()).toEqual([false, []]);
  });
}
