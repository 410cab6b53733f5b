/** Programs that `grader build` made: as subjects, beside the reference, and graded in the page. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import type { PublicCourse } from "../src/engine/types";
import { answers, open, script, shareLink, write } from "./helpers";
import { LOOP, moduleOf, TRAP } from "./modules";

/** A program of the course: the sound one, or the one that a lesson is about. */
async function programFile(page: Page, lesson?: string): Promise<Buffer> {
  const course: PublicCourse = await (await page.request.get("course/course.json")).json();
  const name = lesson ? course.lessons.find(({ id }) => id === lesson)?.mutant : course.sound;
  return (await page.request.get(`course/m/${name}.wasm`)).body();
}

async function drop(page: Page, buffer: Buffer, name = "mine.wasm"): Promise<void> {
  await page
    .getByTestId("submission-drop")
    .locator("input")
    .setInputFiles({ name, mimeType: "application/wasm", buffer });
}

test("a program is graded in the page, and a lost check opens on that very program", async ({ page }) => {
  await open(page);
  const bug = await programFile(page, "expose-ttl");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByRole("button", { name: "Grade" }).click();
    await drop(page, bug);
    const report = page.getByTestId("grade-report");
    await expect(page.getByTestId("graded-here")).toContainText("Only your teacher's own grading counts.");
    await expect(report.getByRole("status")).toContainText("points");
    await expect(page.getByTestId("graded")).toContainText("mine.wasm");
    const lost = report
      .getByTestId("grade-check")
      .and(page.locator("[open]"))
      .filter({ has: page.locator("pre") });
    await lost.first().getByRole("button", { name: "See what your program does" }).first().click();
    await expect(page.getByTestId("borrowed")).toContainText("Your program obeys it here.");
    await expect(page.getByTestId("subject")).toHaveValue("dropped");
    // It is run, not only opened.
    await expect(page.getByTestId("status")).toContainText("broken");
    await expect(page.getByTestId("comparison")).toContainText("They part at line");
  }
  // A reload keeps the script, not the program, and nobody obeys in its place unasked.
  await page.reload();
  await page.getByTestId("lacking").getByRole("button", { name: "Let the reference obey" }).click();
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done");
});

test("a program is graded on the exercise that was chosen, or refused in a sentence, twice", async ({
  page,
}) => {
  const exercises = [
    { id: "line-cache", title: "A cache with threads", title_fr: "Un cache avec des threads" },
    { id: "distributed-cache", title: "A distributed cache", title_fr: "Un cache distribué" },
  ];
  await page.route("**/api/v1/exercises", (route) => route.fulfill({ json: { exercises } }));
  await open(page);
  const bug = await programFile(page, "expose-ttl");
  await page.getByRole("button", { name: "Grade" }).click();
  const report = page.getByTestId("grade-report");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("grade-exercise").selectOption("line-cache");
    await drop(page, bug);
    await expect(report.getByRole("status")).toContainText("grades no program on this exercise");
    await expect(page.getByTestId("grade-check")).toHaveCount(0);
  }
  await page.getByTestId("grade-exercise").selectOption("distributed-cache");
  await drop(page, bug);
  await expect(page.getByTestId("graded-here")).toBeVisible();
});

test("what does not run in the page shows its answers, and its script opens in its own language", async ({
  page,
}) => {
  const check = { id: "get", title: "Get", category: "Basic", points: 0, max_points: 4, verdict: "fail" };
  const script = "GET missing\nEXIT";
  // As `grader grade` writes it: the link names the dialect `line`.
  const link = await page.evaluate(async (script) => {
    const json = JSON.stringify({ script, dialect: "line", seed: 0, step: 0 });
    const packed = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
    const base64 = btoa(String.fromCharCode(...bytes));
    return `http://127.0.0.1/#v1.${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
  }, script);
  const said = { expected: "NOT_FOUND", actual: "", message: "Wrote `nothing`.", hint: "", script, fuel: 1 };
  const report = {
    ...{ schema: "cachedojo/report/v1", exercise: "line-cache", verdict: "graded", passed: false, seed: 0 },
    ...{ score: 0, max_score: 4, passing_score: 3, receipt: "", mutants: [], diagnostics: [] },
    grader: { version: "0", backend: "python" },
    submission: { path: "cache.py", sha256: "0".repeat(64) },
    checks: [{ ...check, ...said, transcript: "> GET missing\nERROR", link }],
  };
  const exercises = [{ id: "line-cache", title: "Line", title_fr: "Ligne" }];
  await page.route("**/api/v1/exercises", (route) => route.fulfill({ json: { exercises } }));
  await page.route("**/api/v1/grade?**", (route) => route.fulfill({ json: report }));
  await open(page);
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByRole("button", { name: "Grade" }).click();
    await drop(page, Buffer.from("def f(): pass"), "cache.py");
    const row = page.getByTestId("grade-check");
    await expect(row.getByTestId("transcript")).toHaveText("> GET missing\nERROR");
    await expect(row.getByRole("definition")).toHaveText(["NOT_FOUND"]);
    await expect(row.locator("code").first()).toHaveText("nothing");
    await row.getByRole("button", { name: "See what the reference does" }).click();
    await expect(page.getByTestId("borrowed")).toContainText("The reference obeys it here");
    await expect(page.getByTestId("dialect")).toHaveValue("line");
    await expect(page.getByTestId("status")).not.toContainText("cannot be read");
    await page.getByTestId("run").click();
    await expect(page.getByTestId("output")).toHaveText("NOT_FOUND\nBYE");
    // It is a step of the browser's history, which a reload keeps.
    await page.goBack();
    await expect(page.getByTestId("borrowed")).toHaveCount(0);
    await expect(page.getByTestId("dialect")).toHaveValue("lab");
    await page.goForward();
    await expect(page.getByTestId("borrowed")).toContainText("The reference obeys it here");
    await page.reload();
    await expect(page.getByTestId("borrowed")).toContainText("The reference obeys it here");
    await page.getByTestId("dialect").selectOption("lab");
  }
});

test("a link carries who obeys: a program of the course opens with it, one's own is asked for", async ({
  page,
}) => {
  await page.goto("./#lesson/expose-ttl");
  await expect(page.getByTestId("exercise")).toHaveAttribute("data-lesson", "expose-ttl");
  await write(page, "node new 9\nnode set k v ttl 1s\ntick 1s\nnode get k");
  await page.getByTestId("subject").selectOption({ label: "The one with the bug" });
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("v");
  const link = await shareLink(page);
  const other = await page.context().newPage();
  for (let turn = 0; turn < 2; turn += 1) {
    await other.goto(link);
    await other.reload();
    await expect(other.getByTestId("status")).toContainText("Done: 4 commands.");
    expect(await answers(other)).toBe(await answers(page));
    await expect(other.getByTestId("subject")).not.toHaveValue("");
  }
  await page.keyboard.press("Escape");

  await open(other);
  await other.getByRole("button", { name: "Grade" }).click();
  await drop(other, await programFile(other, "expose-ttl"));
  await expect(other.getByTestId("graded-here")).toBeVisible();
  await other.keyboard.press("Escape");
  await write(other, "node new 9\nnode set k v ttl 1s\ntick 1s\nnode get k");
  await other.getByTestId("subject").selectOption("dropped");
  const own = await shareLink(other);
  for (let turn = 0; turn < 2; turn += 1) {
    await page.goto(own);
    await page.reload();
    await expect(page.getByTestId("lacking")).toContainText("what another program answers");
    await expect(page.getByTestId("subject")).toHaveValue("dropped");
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("nothing runs");
  }
});

test("a sound program gets every public point, and answers as the reference does", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Grade" }).click();
  await drop(page, await programFile(page));
  await expect(page.getByTestId("grade-report").getByRole("status")).toContainText("passed");
  await page.keyboard.press("Escape");
  await write(page, "node new 100\nnode set a 60*x\nnode set b 60*x\nnode get a");
  await page.getByTestId("subject").selectOption("dropped");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("comparison")).toContainText("answers as the reference does");
    await expect.poll(() => answers(page)).toBe("node ready\nstored\nstored\nnothing");
  }
});

test("where a program parts from the reference is shown side by side", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Grade" }).click();
  await drop(page, await programFile(page, "expose-ttl"));
  await expect(page.getByTestId("graded-here")).toBeVisible();
  await page.keyboard.press("Escape");
  await write(page, "node new 100\nnode set k v ttl 1s\ntick 1s\nnode get k\nnode get k");
  await page.getByTestId("subject").selectOption("dropped");
  const comparison = page.getByTestId("comparison");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(comparison).toContainText("They part at line 4");
    await expect(comparison.locator("pre")).toHaveText(["nothing", "v"]);
    await comparison.getByRole("button", { name: "Stand before it" }).click();
    await expect(page.getByTestId("status")).toContainText("After command 3 of 5.");
  }
});

async function openSubject(page: Page, buffer: Buffer): Promise<void> {
  const choosing = page.waitForEvent("filechooser");
  await page.getByTestId("subject").selectOption("open");
  await (await choosing).setFiles({ name: "mine.wasm", mimeType: "application/wasm", buffer });
}

/** Lets so many of the page's seconds pass, again until this is there: they count from when the program was entered. */
async function pass(page: Page, seconds: number, until: Locator): Promise<void> {
  await expect
    .poll(async () => {
      await page.clock.runFor(1000 * seconds);
      return until.count();
    })
    .toBe(1);
}

test("a program that never ends is ended with a sentence, and the page goes on", async ({ page }) => {
  // Time in the page passes as it does, and faster where the test says so.
  await page.clock.install();
  await open(page);
  const text = "node new 100\nnode set k v\nnode get k";
  await write(page, text);
  const alert = page.getByRole("alert");
  for (const endless of [moduleOf({ call: LOOP }), moduleOf({ start: LOOP })]) {
    await openSubject(page, endless);
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Running");
    await pass(page, 10, alert);
    await expect(alert).toContainText("a loop that never ends");
    await expect(page.getByTestId("status")).toContainText("Stopped before the first command was done.");
  }
  await page.getByRole("button", { name: "Grade" }).click();
  await drop(page, moduleOf({ call: LOOP }));
  await pass(page, 30, page.getByTestId("grade-report").getByText("its checks took too long"));
  await page.keyboard.press("Escape");
  await page.getByTestId("subject").selectOption("");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 3 commands.");
  await expect(alert).toHaveCount(0);
  await expect.poll(() => script(page)).toBe(text);
});

test("a program that fails before it is called is told as one that failed, and is no fault of the page", async ({
  page,
}) => {
  await open(page);
  await write(page, "node new 100\nnode get k");
  await openSubject(page, moduleOf({ start: TRAP }));
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("The run ended at command 1.");
    await expect.poll(() => answers(page)).toContain("panicked: unreachable");
  }
  // At the last command too.
  await write(page, "node new 100");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("The run ended at command 1.");
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("what is no program is refused with a sentence, whatever its name", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Grade" }).click();
  const empty = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const foreign = moduleOf({ from: "env" });
  for (const file of [empty, Buffer.concat([empty, Buffer.from("broken")]), foreign, empty]) {
    await drop(page, file, "lib.rs");
    await expect(page.getByTestId("grade-report")).toContainText("no program that grader build made");
  }
});
