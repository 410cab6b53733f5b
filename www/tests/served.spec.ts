/** The page as `grader serve` (and so `cargo xtask play`) serves it: under its content security policy, with a grader behind it. */
import { expect, test } from "@playwright/test";
import { answers, open, write } from "./helpers";

/** A node that forgets everything, as somebody may hand it in. */
const FORGETFUL = `
use std::time::{Duration, Instant};
pub struct CacheEntry { pub value: Vec<u8>, pub expires_at: Option<Instant> }
pub enum EvictionPolicy { LRU, LFU, FIFO, TTL }
pub struct CacheNode { size: usize }
impl CacheNode {
    pub fn new(size: usize, _: EvictionPolicy) -> Self { Self { size } }
    pub fn get(&mut self, _: &str) -> Option<&CacheEntry> { None }
    pub fn set(&mut self, _: String, value: Vec<u8>, _: Option<Duration>) -> bool { value.len() <= self.size }
}
`;

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
    await expect(report).toContainText("lib.rs:1");
    await page.keyboard.press("Escape");
  }
  expect(refused).toEqual([]);
});

test("a lost check opens on the very submission that lost it, twice; what does not build is said to", async ({
  page,
}) => {
  const script = "node new 100\nnode set k v\nnode get k\nexpect v";
  const check = { id: "get", title: "Get", category: "Core", points: 0, max_points: 5, verdict: "fail" };
  const said = { expected: "v", actual: "nothing", message: "", hint: "", script, fuel: 1 };
  const report = {
    ...{
      schema: "cachedojo/report/v1",
      exercise: "distributed-cache",
      verdict: "graded",
      passed: false,
      seed: 0,
    },
    ...{ score: 0, max_score: 5, passing_score: 3, receipt: "", mutants: [], diagnostics: [] },
    grader: { version: "0", backend: "wasm" },
    submission: { path: "lib.rs", sha256: "0".repeat(64) },
    checks: [
      { ...check, ...said, also_fails: [{ ...said, message: "An empty key too", script: "node get k2" }] },
    ],
  };
  // Grading takes long and is tried elsewhere; what is built is built by the server.
  await page.route("**/api/v1/grade?**", (route) => route.fulfill({ json: report }));
  await page.goto("./");
  for (const [source, isSound] of [
    [FORGETFUL, true],
    ["pub fn broken( {", false],
    [FORGETFUL, true],
  ] as const) {
    await page.getByRole("button", { name: "Grade" }).click();
    const input = page.getByTestId("submission-drop").locator("input");
    await expect(input).toBeEnabled();
    await input.setInputFiles({ name: "lib.rs", mimeType: "", buffer: Buffer.from(source) });
    const others = page.getByTestId("grade-check").getByRole("listitem");
    await expect(others).toHaveText(/^An empty key toonode get k2/);
    await page.getByTestId("grade-check").getByRole("button").first().click();
    await page.getByTestId("run").click();
    if (isSound) {
      await expect(page.getByTestId("status")).toContainText("Done: 4 commands.");
      await expect
        .poll(() => answers(page))
        .toBe("node ready\nstored\nnothing\nBROKEN: expected v, got nothing");
      await expect(page.getByTestId("borrowed")).toContainText("Your program obeys it here.");
    } else {
      await expect(page.getByTestId("lacking")).toContainText("lib.rs:1:");
      await expect(page.getByTestId("output")).not.toContainText("stored");
    }
  }
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
    await expect.poll(() => answers(page)).toBe("STORED\n1\nBYE");
    await page.reload();
    await expect(page.getByTestId("status")).toContainText("Ready.");
  }
  expect(refused).toEqual([]);
});
