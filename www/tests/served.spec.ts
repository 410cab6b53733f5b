/** The page as `grader serve` (and so `cargo xtask play`) serves it: under its content security policy, with a grader behind it. */
import { expect, test } from "@playwright/test";
import { answers, open, write } from "./helpers";

const served = process.env.GRADED ?? "";

test.use({ baseURL: served });
test.skip(served === "", "GRADED names the address of `grader serve`");

test("a submission is graded by the server behind the page, twice and after a reload", async ({ page }) => {
  const refused: string[] = [];
  page.on(
    "console",
    (message) => message.text().includes("Content Security Policy") && refused.push(message.text()),
  );
  await page.goto("./");
  for (let turn = 0; turn < 3; turn += 1) {
    if (turn === 2) {
      await page.reload();
    }
    await page.getByRole("button", { name: "Grade" }).click();
    const input = page.getByTestId("submission-drop").locator("input");
    await expect(input).toBeEnabled();
    // It does not compile: that is told from every part of the way, and costs no grading of known bugs.
    await input.setInputFiles({ name: "lib.rs", mimeType: "", buffer: Buffer.from("pub fn broken( {") });
    const report = page.getByTestId("grade-report");
    await expect(report).toContainText("did not compile");
    await expect(report).toContainText("src/lib.rs:1");
    await page.keyboard.press("Escape");
  }
  expect(refused).toEqual([]);
});

test("under the server's policy scripts run, Stop works without a network, and a reload too", async ({
  page,
  context,
}) => {
  const refused: string[] = [];
  page.on(
    "console",
    (message) => message.text().includes("Content Security Policy") && refused.push(message.text()),
  );
  await open(page, "line");
  await expect(page.locator("html")).toHaveAttribute("data-offline", "ready");
  await expect(page.locator("html")).toHaveAttribute("data-engine", "kept");
  await context.setOffline(true);
  for (let turn = 0; turn < 2; turn += 1) {
    await write(page, "PUT a 1\nGET a\nEXIT");
    await page.getByTestId("run").click();
    await expect(page.getByTestId("output")).toContainText("BYE");
    expect(await answers(page)).toBe("STORED\n1\nBYE");
    await page.reload();
    await expect(page.getByTestId("status")).toContainText("Ready.");
  }
  expect(refused).toEqual([]);
});
