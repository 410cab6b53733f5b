/** The dialog to hand in: what is asked, what is refused and why, and what a report tells. The server's answers are written here. */
import { expect, type Page, type Route, test } from "@playwright/test";
import { axeMistakes, open, script } from "./helpers";

const both = (text: string) => ({ en: text, fr: `${text} (fr)` });
const EXERCISES = [
  { id: "cache-service", title: "A cache service", title_fr: "Un service de cache", is_graded: false },
  { id: "distributed-cache", title: "A distributed cache", title_fr: "Un cache distribué", is_graded: true },
  {
    ...{ id: "line-cache", title: "A cache with threads", title_fr: "Un cache avec des threads" },
    ...{ is_graded: true, roots: ["src/lib.rs", "main.py"], is_folder: false },
  },
  {
    ...{ id: "five-bugs", title: "Five bugs", title_fr: "Cinq bogues" },
    ...{ is_graded: true, roots: ["src/lib.rs"], is_folder: true },
  },
];
const SAID = { expected: "", actual: "", message: "", hint: "", script: "", transcript: "", fuel: 0 };
const REPORT = {
  ...{ schema: "cachedojo/report/v1", exercise: "line-cache", verdict: "graded", passed: false, seed: 0 },
  ...{ score: 0, max_score: 12, passing_score: 8, receipt: "", mutants: [], diagnostics: [] },
  grader: { version: "0", backend: "threads" },
  submission: { path: "racy.rs", sha256: "0".repeat(64) },
};
const RACE = {
  id: "race",
  title: "No race",
  category: "Threads",
  points: 0,
  max_points: 12,
  verdict: "race",
};

/** A report of these checks, wherever one is asked for. */
async function reporting(page: Page, checks: object[], more: object = {}): Promise<void> {
  await page.route("**/api/v1/grade?**", (route) => route.fulfill({ json: { ...REPORT, checks, ...more } }));
}

async function openGrade(page: Page): Promise<void> {
  await page.route("**/api/v1/exercises", (route) => route.fulfill({ json: { exercises: EXERCISES } }));
  await open(page);
  await page.getByRole("button", { name: "Grade" }).click();
}

async function hand(page: Page, name = "racy.rs", text = "fn f() {}"): Promise<void> {
  const input = page.getByTestId("submission-drop").locator("input");
  await input.setInputFiles({ name, mimeType: "", buffer: Buffer.from(text) });
}

async function choose(page: Page, exercise: string): Promise<void> {
  await page.getByTestId("grade-exercise").selectOption(exercise);
}

test("the order of threads that breaks a submission is told turn by turn, of further cases too", async ({
  page,
}) => {
  const schedule =
    "1. thread 1: racy.rs:9 — is held up before racy.rs:11 `let v = get();`\n2. thread 2: racy.rs:11 — ends\nFound by walk:07. The same seed gives it again.";
  const also = {
    ...SAID,
    message: "Under load too",
    schedule: "1. thread 3: racy.rs:1 — ends\nFound by calm.",
  };
  await reporting(page, [{ ...RACE, ...SAID, message: "Lost", schedule, also_fails: [also] }]);
  await openGrade(page);
  for (const [language, title] of [
    ["English", "The order of threads that shows it:"],
    ["Français", "L'ordre des threads qui le montre\u00a0:"],
  ] as const) {
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: language }).click();
    await page.getByTestId("go-grade").click();
    await choose(page, "line-cache");
    await hand(page);
    const stories = page.getByTestId("schedule");
    await expect(stories).toHaveCount(2);
    await expect(stories.first()).toContainText(title);
    await expect(stories.first().getByRole("listitem")).toHaveText([
      "thread 1: racy.rs:9 — is held up before racy.rs:11 let v = get();",
      "thread 2: racy.rs:11 — ends",
    ]);
    await expect(stories.first()).toContainText("Found by walk:07. The same seed gives it again.");
    await expect(page.getByTestId("also-fails").getByTestId("schedule")).toContainText("thread 3: racy.rs:1");
  }
  expect(await axeMistakes(page)).toEqual([]);
});

test("lost points of a program that does not run in the page open on the reference, of further cases too", async ({
  page,
}) => {
  const link = (text: string) => linkOf(page, text);
  const [one, two] = ["cluster nodes=1\nwrite a 1\nexpect stored", "cluster nodes=1\nread b\nexpect nothing"];
  await openGrade(page);
  const also = [
    {
      ...SAID,
      message: "Another",
      script: two,
      transcript: "0.000 s  one node starts",
      link: await link(two),
    },
    { ...SAID, message: "Told only", transcript: "0.000 s  a clock jumps" },
  ];
  const check = { ...RACE, verdict: "fail", ...SAID, script: one, link: await link(one), also_fails: also };
  await reporting(page, [check], { exercise: "five-bugs" });
  const exercises = [{ id: "five-bugs", title: "Five bugs", title_fr: "Cinq bogues" }];
  await page.route("**/api/v1/exercises", (route) => route.fulfill({ json: { exercises } }));
  const rows: [RegExp, string, string][] = [
    [/No race/, one, "No race"],
    [/Another/, two, "No race (2)"],
  ];
  for (const [, text, title] of rows) {
    await page.reload();
    await page.getByRole("button", { name: "Grade" }).click();
    await hand(page);
    await expect(page.getByTestId("also-fails").last()).toContainText("0.000 s a clock jumps");
    await expect(page.getByTestId("also-fails").last().getByRole("button")).toHaveCount(0);
    const openers = page.getByRole("button", { name: "See what the reference does" });
    await expect(openers).toHaveCount(2);
    await openers.nth(text === one ? 0 : 1).click();
    await expect(page.getByTestId("borrowed")).toContainText(
      `The check “${title}”. The reference obeys it here`,
    );
    await expect.poll(() => script(page)).toBe(text);
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("the reference holds 1 expectation");
  }
});

/** A link as the grader makes them. */
function linkOf(page: Page, text: string): Promise<string> {
  return page.evaluate(async (script) => {
    const json = JSON.stringify({ script, dialect: "lab", seed: 0, step: 0 });
    const packed = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
    const base64 = btoa(String.fromCharCode(...bytes));
    return `http://127.0.0.1/#v1.${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
  }, text);
}

test("what was not graded is said not to have been, under its own name, and where it belongs", async ({
  page,
}) => {
  const message = (text: string, line = 0) => ({
    file: line ? "racy.rs" : "",
    line,
    column: line,
    message: text,
  });
  const unseen = { verdict: "build_failed", submission: { path: "main.py", sha256: "" } };
  await openGrade(page);
  await choose(page, "distributed-cache");
  const report = page.getByTestId("grade-report");
  const elsewhere = message("other exercises take Python (`main.py`): `line-cache`");
  await reporting(page, [], {
    ...unseen,
    exercise: "distributed-cache",
    diagnostics: [message("`main.py` is no Rust source"), elsewhere],
  });
  await hand(page, "main.py");
  await expect(report.getByRole("status")).toHaveText(/^Nothing to grade:/);
  await expect(report).toContainText("Handed in: main.py");
  await expect(report).toContainText("other exercises take Python (main.py): “A cache with threads”");
  await expect(report).not.toContainText("SHA-256");
  await reporting(page, [], {
    verdict: "build_failed",
    exercise: "distributed-cache",
    diagnostics: [message("expected `;`", 3)],
  });
  await hand(page);
  await expect(report.getByRole("status")).toHaveText("The submission did not compile.");
  await expect(report).toContainText("racy.rs:3:3");
  let status = 400;
  await page.route("**/api/v1/grade?**", (route) =>
    route.fulfill({ status, json: { error: "the archive cannot be read" } }),
  );
  await hand(page, "junk.zip");
  await expect(report.getByRole("status")).toHaveText(
    "Nothing to grade: junk.zip: the archive cannot be read",
  );
  // What the server says of itself is not about the file.
  status = 503;
  await hand(page, "sound.zip");
  await expect(report.getByRole("status")).toHaveText("the archive cannot be read");
});

test("a file goes to the grader under its own name, several in folders under their folder's alone", async ({
  page,
}) => {
  const asked: (string | null)[] = [];
  await page.route("**/api/v1/grade?**", (route) => {
    asked.push(new URL(route.request().url()).searchParams.get("name"));
    return route.fulfill({ json: { ...REPORT, checks: [] } });
  });
  await openGrade(page);
  await choose(page, "line-cache");
  const input = page.getByTestId("submission-drop").locator("input");
  const file = (name: string) => ({ name, mimeType: "", buffer: Buffer.from("x") });
  for (const names of [["notes.txt"], ["a.rs", "b.rs"]]) {
    await input.setInputFiles(names.map(file));
    await expect.poll(() => asked.at(-1)).toBe(names.join(", "));
  }
  await expect(page.getByTestId("graded")).toContainText("Exercise: A cache with threads.");
});

test("a report names its exercise, and gives way where another is chosen", async ({ page }) => {
  await reporting(page, [{ ...RACE, ...SAID }]);
  await openGrade(page);
  await choose(page, "line-cache");
  await hand(page);
  const [report, elsewhere] = [page.getByTestId("grade-report"), page.getByTestId("grade-elsewhere")];
  for (let turn = 0; turn < 2; turn += 1) {
    await expect(report).toContainText("Exercise: A cache with threads.");
    await choose(page, "distributed-cache");
    await expect(report).toHaveCount(0);
    await expect(elsewhere).toContainText("on another exercise: A cache with threads.");
    await elsewhere.getByRole("button", { name: "Show it" }).click();
    await expect(page.getByTestId("grade-exercise")).toHaveValue("line-cache");
    await expect(page.getByTestId("grade-check")).toHaveCount(1);
  }
});

test("a reload keeps the report and what was handed in, until something else is handed in", async ({
  page,
}) => {
  const script = "node new 100\nnode get k\nexpect v";
  const failing = { ...SAID, message: "Lost", expected: "v", actual: "nothing", script };
  const asked: string[] = [];
  await page.route("**/api/v1/build?**", (route) => {
    asked.push(route.request().postData() ?? "");
    return route.fulfill({ status: 422, json: { error: "lib.rs:1: not today" } });
  });
  await reporting(page, [{ ...RACE, ...failing, verdict: "fail" }], {
    exercise: "distributed-cache",
    grader: { version: "0", backend: "wasm" },
  });
  await openGrade(page);
  await hand(page, "lib.rs", "fn mine() {}");
  const report = page.getByTestId("grade-report");
  const again = async () => {
    await page.reload();
    await page.getByRole("button", { name: "Grade" }).click();
  };
  for (let turn = 1; turn < 3; turn += 1) {
    await expect(report).toContainText("Lost");
    await again();
    await expect(report).toContainText("Lost");
    await page.getByTestId("grade-check").getByRole("button").first().click();
    await expect(page.getByTestId("lacking")).toContainText("lib.rs:1: not today");
    expect(asked).toEqual(Array(turn).fill("fn mine() {}"));
    await again();
  }
  await page.route("**/api/v1/grade?**", (route) =>
    route.fulfill({ status: 400, json: { error: "holds nothing" } }),
  );
  await hand(page, "notes.txt", "");
  await expect(report).toContainText("Nothing to grade: notes.txt: holds nothing");
  await again();
  await expect(report).toHaveCount(1);
  await expect(report).toHaveText("");
});

test("a report is in the language in which it was graded, and in the other once it is graded again", async ({
  page,
}) => {
  const asked: (string | null)[] = [];
  await page.route("**/api/v1/grade?**", (route) => {
    asked.push(`${new URL(route.request().url()).searchParams.get("lang")} ${route.request().postData()}`);
    return route.fulfill({ json: { ...REPORT, checks: [{ ...RACE, ...SAID }] } });
  });
  await openGrade(page);
  await choose(page, "line-cache");
  await hand(page, "racy.rs", "fn mine() {}");
  await expect(page.getByTestId("grade-check")).toHaveCount(1);
  const note = page.getByTestId("grade-language");
  await expect(note).toHaveCount(0);
  for (const [language, says, again] of [
    ["Français", "Ce rapport est dans la langue", "Noter à nouveau, en français"],
    ["English", "This report is in the language", "Grade again in English"],
  ] as const) {
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: language }).click();
    // A reload keeps what was handed in, too.
    await page.reload();
    await page.getByTestId("go-grade").click();
    await expect(note).toContainText(says);
    await note.getByRole("button", { name: again }).click();
    await expect(note).toHaveCount(0);
    await expect(page.getByTestId("grade-check")).toHaveCount(1);
  }
  expect(asked).toEqual(["en fn mine() {}", "fr fn mine() {}", "en fn mine() {}"]);
});

test("a report stays until grading it again has brought another", async ({ page }) => {
  await reporting(page, [{ ...RACE, ...SAID }]);
  await openGrade(page);
  await choose(page, "line-cache");
  await hand(page);
  await expect(page.getByTestId("grade-check")).toHaveCount(1);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Français" }).click();
  await page.getByTestId("go-grade").click();
  const anew = page.getByRole("button", { name: "Noter à nouveau, en français" });
  const isThere = async (why: string) => {
    await expect(page.getByTestId("grade-not-again")).toContainText(why);
    await expect(page.getByTestId("grade-check")).toHaveCount(1);
  };
  await page.route("**/api/v1/grade?**", () => undefined);
  for (let turn = 0; turn < 2; turn += 1) {
    await anew.click();
    await page.getByTestId("grade-stop").click();
    await isThere("La notation a été arrêtée.");
  }
  // A reload in the midst of it brings the old one back too.
  await anew.click();
  await expect(page.getByTestId("grade-stop")).toHaveCount(1);
  await page.reload();
  await page.getByTestId("go-grade").click();
  await expect(page.getByTestId("grade-check")).toHaveCount(1);
  await page.route("**/api/v1/grade?**", (route) => route.abort());
  await anew.click();
  await isThere("Le correcteur ne répond pas");
});

test("without a network the last report is there, and the reason why nothing is graded", async ({ page }) => {
  await reporting(page, [{ ...RACE, ...SAID }]);
  await openGrade(page);
  await choose(page, "line-cache");
  await hand(page);
  await expect(page.getByTestId("grade-check")).toHaveCount(1);
  await page.route("**/api/v1/exercises", (route) => route.abort());
  for (let turn = 0; turn < 2; turn += 1) {
    await page.reload();
    await page.getByRole("button", { name: "Grade" }).click();
    await expect(page.getByRole("dialog")).toContainText(
      "Nothing answers at this address: check the connection.",
    );
    await expect(page.getByTestId("grade-check")).toHaveCount(1);
  }
});

test("what is asked for is what the exercise takes", async ({ page }) => {
  await openGrade(page);
  const legend = page.getByTestId("submission-drop").locator("legend");
  for (const [exercise, says] of [
    ["line-cache", "Drop a folder, a .zip or a file (src/lib.rs or main.py) here, or choose files:"],
    ["distributed-cache", "Drop a folder, a .zip or a file (src/lib.rs) here, or choose files:"],
    [
      "five-bugs",
      "Drop the whole folder or a .zip of it here (src/lib.rs alone is not enough), or choose all its files:",
    ],
  ] as const) {
    await choose(page, exercise);
    await expect(legend).toHaveText(says);
  }
});

test("a reason is said once, and what was expected is never without what came", async ({ page }) => {
  const panic = "panicked: not yet implemented (at src/lib.rs:1:1)";
  const told = "Expected `a` after `GET k`, got b. The rule: No loss.";
  const one = { ...RACE, ...SAID, verdict: "fail", expected: "`a`", actual: "b" };
  await reporting(page, [
    { ...one, id: "a", message: `No race: not implemented yet; it ${panic}.`, expected: "", actual: panic },
    { ...one, id: "b", message: told },
    { ...one, id: "c", message: "Line 1 of k1 is about b.", expected: "v", actual: "1" },
    // A value is shown as it is.
    { ...one, id: "d", message: "Lost" },
  ]);
  await openGrade(page);
  await choose(page, "line-cache");
  await hand(page);
  const rows = page.getByTestId("grade-check");
  await expect(rows).toHaveCount(4);
  for (const [row, said] of [[], [], ["v", "1"], ["`a`", "b"]].entries()) {
    await expect(rows.nth(row).getByRole("definition")).toHaveText(said);
  }
});

test("of a service sentences are told, with code in them set as code", async ({ page }) => {
  const expected = "status 200, the header `X-Cache-Hit: true`";
  await reporting(page, [{ ...RACE, ...SAID, verdict: "fail", expected, actual: "status 404" }], {
    exercise: "cache-service",
    grader: { version: "0", backend: "http" },
  });
  await openGrade(page);
  await choose(page, "line-cache");
  await hand(page);
  const row = page.getByTestId("grade-check");
  await expect(row.getByRole("definition")).toHaveText([
    "status 200, the header X-Cache-Hit: true",
    "status 404",
  ]);
  await expect(row.locator("dd code")).toHaveText(["X-Cache-Hit: true"]);
});

test("a reload during a grading says so, and keeps the exercise", async ({ page }) => {
  const held: Route[] = [];
  await page.route("**/api/v1/grade?**", (route) => {
    held.push(route);
  });
  await openGrade(page);
  for (let turn = 1; turn < 3; turn += 1) {
    await choose(page, "line-cache");
    await hand(page, "slow.py");
    const report = page.getByTestId("grade-report");
    await expect.poll(() => held.length).toBe(turn);
    await page.reload();
    await page.getByRole("button", { name: "Grade" }).click();
    await expect(report.getByRole("status")).toHaveText(
      "The page was loaded anew while it graded: hand in again.",
    );
    await expect(page.getByTestId("grade-exercise")).toHaveValue("line-cache");
  }
});

test("a grading under way is cancelled, and the next one is told", async ({ page }) => {
  const held: Route[] = [];
  await page.route("**/api/v1/grade?**", (route) => {
    held.push(route);
  });
  await openGrade(page);
  await choose(page, "line-cache");
  const report = page.getByTestId("grade-report");
  for (let turn = 1; turn < 3; turn += 1) {
    const ended = page.waitForEvent("requestfailed", (request) => request.url().includes("api/v1/grade"));
    await hand(page, "slow.py");
    await expect(report.getByRole("status")).toContainText("Building and checking slow.py.");
    await expect.poll(() => held.length).toBe(turn);
    await page.getByTestId("grade-stop").click();
    await expect(report.getByRole("status")).toHaveText("Grading was stopped.");
    // The server hears of it too.
    await ended;
  }
  await reporting(page, [{ ...RACE, ...SAID }]);
  await hand(page);
  await expect(page.getByTestId("grade-check")).toHaveCount(1);
});

test("what a page cannot grade is said as soon as it is chosen", async ({ page }) => {
  await openGrade(page);
  for (let turn = 0; turn < 2; turn += 1) {
    await choose(page, "cache-service");
    await expect(page.getByTestId("grade-not-here")).toContainText(
      "grader grade --exercise cache-service --url http://127.0.0.1:PORT",
    );
    await expect(page.getByTestId("submission-drop")).toHaveCount(0);
    await choose(page, "line-cache");
    await expect(page.getByTestId("grade-not-here")).toHaveCount(0);
    await expect(page.getByTestId("submission-drop")).toHaveCount(1);
  }
});

test("the statement, the rows and the starter of the chosen exercise are there, in both languages", async ({
  page,
}) => {
  const files = { "src/lib.rs": "pub fn f() {}", "statement.en.md": "# é" };
  const brief = {
    ...{ id: "line-cache", title: both("Line"), statement: both("# To do\n\n1. *Obey `GET`*"), starters: [] },
    ...{ rows: [{ id: "one", title: both("One"), category: both("Basic"), points: 12 }] },
    ...{ max_score: 12, passing_score: 8, starters: [{ language: "rust", files }] },
  };
  let status = 500;
  await page.route("**/api/v1/exercises/line-cache", (route) => route.fulfill({ status, json: brief }));
  await openGrade(page);
  await choose(page, "line-cache");
  const task = page.getByTestId("grade-task");
  await task.locator("summary").click();
  await expect(task.getByRole("status")).toContainText("The grader does not tell it");
  // It is asked again.
  status = 200;
  await task.locator("summary").click();
  await task.locator("summary").click();
  await expect(task.getByRole("heading", { name: "To do" })).toBeVisible();
  await expect(task.locator("em code")).toHaveText("GET");
  await expect(page.getByTestId("grade-rows").getByRole("row")).toHaveText(["OneBasic12"]);
  await expect(page.getByTestId("grade-rows")).toContainText("Points: 12; passed from 8");
  await expect(task).toContainText("grader init line-cache DIR");
  expect(await axeMistakes(page)).toEqual([]);
  const waiting = page.waitForEvent("download");
  await page.getByTestId("starter-rust").click();
  const download = await waiting;
  expect(download.suggestedFilename()).toBe("line-cache.zip");
  await choose(page, "distributed-cache");
  await expect(page.getByTestId("grade-rows")).toHaveCount(0);
  await choose(page, "line-cache");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Français" }).click();
  await page.getByTestId("go-grade").click();
  await task.locator("summary").click();
  await expect(page.getByTestId("grade-rows")).toContainText("One (fr)");
});

for (const width of [320, 400, 560, 700]) {
  test(`at ${width} pixels the choice of the exercise can be read, and nothing is cut off`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: 740 });
    const mutants = [
      { id: "removal_goes_by_the_beginning_of_a_name", behaves_like: true, message: "It does." },
    ];
    const long = `Wrote \`PUT key1 ${"x".repeat(300)}\`.`;
    await reporting(page, [{ ...RACE, ...SAID, message: long }], { mutants });
    await page.route("**/api/v1/exercises", (route) => route.fulfill({ json: { exercises: EXERCISES } }));
    await page.goto("./");
    await page.getByTestId("go-grade").click();
    await choose(page, "line-cache");
    await hand(page);
    await expect(page.getByTestId("mutants")).toBeVisible();
    const dialog = page.getByRole("dialog");
    const [select, box] = await Promise.all([
      page.getByTestId("grade-exercise").boundingBox(),
      dialog.boundingBox(),
    ]);
    expect(select?.width ?? 0).toBeGreaterThan((box?.width ?? 0) - 60);
    expect(await dialog.evaluate((element) => element.scrollWidth - element.clientWidth)).toBeLessThanOrEqual(
      0,
    );
  });
}
