import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import {
  answers,
  axeMistakes,
  content,
  ENDLESS,
  holdEngine,
  open,
  RING,
  SEED_ANSWERS,
  SEED_EXAMPLE,
  script,
  shareLink,
  write,
} from "./helpers";

test("the line protocol's example gives its six answers and nothing else", async ({ page }) => {
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("BYE");
  await expect.poll(() => answers(page)).toBe(SEED_ANSWERS);
  await expect(page.getByTestId("nodes")).toContainText("user1");
});

test("a ring shows every point of every node, and says the same in a table", async ({ page }) => {
  await open(page);
  await write(page, RING);
  const ring = page.getByTestId("ring");
  const points = () =>
    ring
      .locator(".points")
      .evaluateAll((paths) =>
        paths.reduce((sum, path) => sum + (path.getAttribute("d")?.split("M").length ?? 1) - 1, 0),
      );
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done: 5 commands.");
    await expect.poll(() => points()).toBe(450);
    await expect(ring.getByRole("row")).toHaveCount(4);
    await expect(ring).toContainText("user:42 belongs to");
    await page.getByPlaceholder("Where is this key?").fill("user:43");
    await expect(ring).toContainText("user:43 belongs to");
    // From near by, and the whole again: by a click on the picture, and by the button.
    const picture = ring.locator(".ring-picture");
    const whole = await picture.getAttribute("viewBox");
    await picture.click();
    await expect(picture).not.toHaveAttribute("viewBox", whole ?? "");
    await ring.getByTestId("ring-zoom").click();
    await expect(picture).toHaveAttribute("viewBox", whole ?? "");
    await ring.getByTestId("ring-zoom").click();
    const top = await picture.getAttribute("viewBox");
    await ring.getByRole("button", { name: "On, clockwise" }).click();
    await expect(picture).not.toHaveAttribute("viewBox", top ?? "");
    await ring.getByRole("button", { name: "Back, against the clock" }).click();
    await expect(picture).toHaveAttribute("viewBox", top ?? "");
    await picture.click();
    await expect(picture).toHaveAttribute("viewBox", whole ?? "");
    await page.reload();
  }
});

test("a cache shows who leaves next and how long entries have to live", async ({ page }) => {
  await open(page);
  await page.getByTestId("run").click();
  const rows = page.getByTestId("nodes").locator("tbody tr");
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText("key1");
  await expect(rows.first()).toContainText("leaves next");
  await expect(rows.last()).toContainText("4 s");
  await expect(page.getByTestId("stats")).toContainText("66.7 %");
  await expect(page.getByTestId("status")).toContainText("1 expectation held");
});

test("a mistake is underlined where it stands, after letters of every width too", async ({ page }) => {
  await open(page);
  await write(page, 'node new 100\nnode set k "é 🦀" tll 5s\nnode gte k');
  const marks = page.locator("[data-testid=editor] .cm-lintRange-error");
  await expect(marks).toHaveText(["tll 5s", "node gte"]);
  await expect(page.getByTestId("status")).toContainText("2 lines cannot be read");
  await marks.last().hover();
  await expect(page.locator(".cm-tooltip-lint")).toHaveText("node gte is no command; did you mean node get?");
  await page.getByRole("button", { name: "Line 3" }).click();
  await page.keyboard.insertText("stats # ");
  await expect(marks).toHaveText(["tll 5s"]);
});

test("a line that a protocol answers with an error says why", async ({ page }) => {
  await open(page, "line");
  await write(page, "PUT a 1\nGET é\nEXIT\nGET a\n\nblah");
  await expect(page.locator(".cm-lintRange-error")).toHaveText("é");
  await expect(page.getByRole("listitem").filter({ hasText: "letters A-Z" })).toBeVisible();
  await expect(page.getByTestId("status")).toContainText("1 line is answered with an error");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toHaveText("STORED\nERROR\nBYE");
  // What follows the end of the session is not run, and not counted.
  await expect(page.getByTestId("status")).toContainText("Done: 3 commands.");
});

for (const [dialect, text, before, marked, says] of [
  [
    "rest",
    'PATCH /api/v1/cache/n/k\nPUT /api/v1/cache/n/k {"value":\nGET /api/v1/cache/n/k',
    "2 lines are answered with an error",
    ["PATCH", '{"value":'],
    "This path does not take that method",
  ],
  [
    "rest",
    'PUT /api/v1/namespaces/n {"eviction_policy": "NONE", "max_size_bytes": 3}\nPUT /api/v1/cache/n/k {"value": 12345}',
    "",
    ['PUT /api/v1/cache/n/k {"value": 12345}'],
    "Cache storage full",
  ],
  ["memcached", "set a 0 0 3\nabc\nincr a 1", "", ["incr a 1"], "CLIENT_ERROR cannot increment"],
  ["lab", "mc set a 0 0 3\nmc abc\nmc incr a 1", "", ["mc incr a 1"], "CLIENT_ERROR cannot increment"],
  ["lab", "write k v", "", ["write k v"], "there is no simulated cluster yet: make one with cluster nodes=3"],
  [
    "lab",
    "http PATCH /api/v1/cache/n/k\nmc foo\nline get a\nmc quit\nmc get a",
    "3 lines are answered with an error",
    ["PATCH", "foo", "get"],
    "This path does not take that method",
  ],
] as const) {
  test(`what ${dialect} answers with an error is marked with the reason: ${says}`, async ({ page }) => {
    await open(page, dialect);
    await write(page, text);
    const marks = page.locator(".cm-lintRange-error");
    const status = page.getByTestId("status");
    await expect(status).toContainText(before || "Ready.");
    for (let turn = 0; turn < 2; turn += 1) {
      await page.getByTestId("run").click();
      await expect(marks).toHaveText([...marked]);
      await expect(page.getByTestId("mistakes")).toContainText(says);
      await expect(status).toContainText(before || "1 line is answered with an error");
    }
    // What is not answered any more is not marked any more.
    await page.getByTestId("reset").click();
    await expect(marks).toHaveCount(before ? marked.length : 0);
  });
}

test("a line is marked as soon as it is answered with an error, whatever is wrong further down", async ({
  page,
}) => {
  await open(page, "memcached");
  await write(page, "set a 0 0 3\nabc\nincr a 1\nget a\nfoo");
  const marks = page.locator(".cm-lintRange-error");
  await expect(marks).toHaveText(["foo"]);
  for (const marked of [["foo"], ["incr a 1", "foo"], ["incr a 1", "foo"], ["incr a 1", "foo"]]) {
    await page.getByTestId("step").click();
    await expect(marks).toHaveText(marked);
  }
  // A value that is not as long as announced is told once, at the value, though the command is answered with an error.
  await write(page, "set a 0 0 3\nabcd\nget a");
  await page.getByTestId("step").click();
  await expect(page.getByTestId("output")).toContainText("CLIENT_ERROR");
  await expect(marks).toHaveText(["abcd"]);
});

test("a sentence about several lines is said once, and so is what follows the end of a session", async ({
  page,
}) => {
  await open(page, "line");
  await write(page, "PUT\nPUT\nPUT a 1\nEXIT\nGET a\n\nblah");
  const mistakes = page.getByTestId("mistakes").getByRole("listitem");
  for (const [language, ...sentences] of [
    [
      "English",
      /^Lines 1\s*2\s*The key is missing/,
      /^Lines 5\s*7\s*This is not run: the session ends at line 4\./,
    ],
    ["Français", /^Lignes 1\s*2\s*Il manque la clé/, /^Lignes 5\s*7\s*Ceci n'est pas exécuté\s: .*ligne 4\./],
  ] as const) {
    await page.getByRole("button", { name: language }).click();
    await expect(mistakes).toHaveText(sentences);
  }
  await expect(page.locator(".cm-lintRange-warning")).toHaveText(["GET a", "blah"]);
  await expect(page.getByTestId("status")).toContainText("2 lignes à relire");
  await mistakes.last().getByRole("button", { name: "Ligne 7" }).click();
  await expect(page.locator(".cm-activeLine")).toHaveText("blah");
});

test("what is wrong is told before what is doubtful, each in its colour, from above to below", async ({
  page,
}) => {
  await open(page);
  await write(page, "line EXIT\nline GET a\nmc set a 0 0 3\nmc abc\nmc incr a 1\nblah\nhttp DELET /health");
  await page.getByTestId("run").click();
  const mistakes = page.getByTestId("mistakes").getByRole("listitem");
  await expect(mistakes).toHaveText([
    /^Line 5\s*This was answered with an error: CLIENT_ERROR cannot increment/,
    /^Line 6\s*blah is no command/,
    /^Line 7\s*This path does not take that method: write GET\./,
  ]);
  await write(page, "line EXIT\nline GET a\nblah");
  await expect(mistakes).toHaveText([
    /^Line 3/,
    /^Line 2\s*This is not run: the session ends at line 1\. Move/,
  ]);
  const colour = (at: number) =>
    mistakes
      .nth(at)
      .getByRole("button")
      .evaluate((button) => getComputedStyle(button).color);
  await expect.poll(async () => (await colour(0)) === (await colour(1))).toBe(false);
  await page.getByRole("button", { name: "Français" }).click();
  await expect(mistakes.last()).toContainText("la session se termine à la ligne 1");
});

test("stop ends a runaway script, and the page runs the next one", async ({ page }) => {
  await open(page);
  await write(page, ENDLESS);
  await page.getByTestId("run").click();
  // The timeline shows the latest events only: which ones, when this looks, is the machine's business.
  await expect(page.getByTestId("output")).not.toBeEmpty();
  await page.getByTestId("stop").click();
  await expect(page.getByTestId("status")).toContainText("Stopped after command");
  await expect.poll(() => script(page)).toBe(ENDLESS);

  await write(page, RING);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 5 commands.");
});

test("stop takes effect while a single command is under way", async ({ page }) => {
  await open(page);
  await write(
    page,
    `ring new 10000\nfor 1..60 ring add node{} weight 5\nfor 1..100000 ring spread key{} 100000`,
  );
  await page.getByTestId("run").click();
  await expect(page.getByTestId("stop")).toBeEnabled();
  await page.getByTestId("stop").click();
  await expect(page.getByTestId("run")).toBeEnabled();
  await write(page, "node new 100");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toHaveText("node ready");
});

test("a run is gone through step by step, back again, and to any event", async ({ page }) => {
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  const output = page.getByTestId("output");
  await page.getByTestId("step").click();
  await expect(output).toHaveText("STORED");
  await page.getByTestId("step").click();
  await page.getByTestId("step").click();
  await expect(output).toContainText("Alice");
  await expect(page.locator(".cm-standing")).toHaveText("GET user1");
  await page.getByTestId("back").click();
  await expect(output).not.toContainText("Alice");
  await expect(page.getByTestId("timeline")).toContainText("Alice");
  await page.getByTestId("run").click();
  await expect(output).toContainText("BYE");
  await page.getByTestId("timeline").getByRole("button", { name: "DELETE user2" }).click();
  await expect(page.getByTestId("status")).toContainText("After command 4 of 6.");
  await expect.poll(() => answers(page)).toBe("STORED\nSTORED\nAlice\nDELETED");
  await page.getByTestId("reset").click();
  await expect(output).toBeEmpty();
  await expect.poll(() => script(page)).toBe(SEED_EXAMPLE);
});

test("a hundred thousand commands run through, and the page shows what fits", async ({ page }) => {
  await open(page);
  await write(page, "node new 1MiB\nfor 1..100000 node set key{} 40*x");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 100,001 commands.", { timeout: 100_000 });
  await expect(page.getByText("The last 20,000 of")).toBeVisible();
  expect(await page.getByTestId("timeline").getByRole("listitem").count()).toBeLessThan(100);
});

test("ten thousand lines are typed at once, run, and each is answered", async ({ page }) => {
  await open(page, "line");
  await content(page).fill(Array.from({ length: 10_000 }, (_, i) => `PUT k${i} v${i}`).join("\n"));
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 10,000 commands.");
  await expect.poll(() => answers(page)).toBe(Array.from({ length: 10_000 }, () => "STORED").join("\n"));
});

test("lines that a tool inserts take the place of what it selected in the same moment", async ({ page }) => {
  await open(page, "line");
  await content(page).evaluate((element) => {
    element.focus();
    getSelection()?.selectAllChildren(element);
    const insertion = { inputType: "insertText", data: "PUT a 1\nGET a", bubbles: true, cancelable: true };
    element.dispatchEvent(new InputEvent("beforeinput", insertion));
  });
  await expect.poll(() => script(page)).toBe("PUT a 1\nGET a");
});

test("a link carries the script, its seed and the place, and opens to the same", async ({
  page,
  context,
  browserName,
}) => {
  test.skip(browserName !== "chromium", "the clipboard's permission is Chromium's");
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  await page.getByTestId("seed").fill("18446744073709551615");
  for (let i = 0; i < 3; i += 1) {
    await page.getByTestId("step").click();
  }
  await expect(page.getByTestId("output")).toContainText("Alice");
  await page.getByTestId("share").click();
  await expect(page.getByText("The link is copied.")).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain("#v1.");

  const other = await context.newPage();
  await other.goto(link);
  await expect(other.getByTestId("output")).toContainText("Alice");
  await expect.poll(() => answers(other)).toBe("STORED\nSTORED\nAlice");
  await expect.poll(() => script(other)).toBe(SEED_EXAMPLE);
  await expect(other.getByTestId("dialect")).toHaveValue("line");
  await expect(other.getByTestId("seed")).toHaveValue("18446744073709551615");
});

test("a link never overwrites saved work, and its own edits are kept apart", async ({ page }) => {
  await open(page, "line");
  await write(page, "PUT mine 1");
  const link = await shareLink(page);
  await page.keyboard.press("Escape");
  await write(page, "PUT mine 2");

  await page.goto(link);
  await expect(content(page)).toHaveText("PUT mine 1");
  await expect(page.getByText("Your own work is untouched.")).toBeVisible();
  await write(page, "PUT theirs 3");
  await page.reload();
  await expect(content(page)).toHaveText("PUT theirs 3");
  await page.getByRole("button", { name: "Back to my script" }).click();
  await expect(content(page)).toHaveText("PUT mine 2");
  await page.reload();
  await expect(content(page)).toHaveText("PUT mine 2");
});

test("a link of another version says so", async ({ page }) => {
  await page.goto("./#v9.AAAA");
  await expect(page.getByRole("alert")).toContainText("version v9");
  await page.goto("./#v1.AAAA");
  await expect(page.getByRole("alert")).toContainText("damaged");
});

test("an example opens beside one's own work", async ({ page }) => {
  await open(page);
  await write(page, "stats");
  await page.getByTestId("examples").selectOption({ label: "The line protocol, by the book" });
  await expect(page.getByTestId("dialect")).toHaveValue("line");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("BYE");
  await page.getByTestId("dialect").selectOption("lab");
  await expect(content(page)).toHaveText("stats");
});

test("everything can be done from the keyboard", async ({ page }) => {
  await open(page, "line");
  await content(page).focus();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(SEED_EXAMPLE);
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(page.getByTestId("output")).toContainText("BYE");
  await page.keyboard.press("F9");
  await expect(page.getByTestId("status")).toContainText("After command 5 of 6.");
  await page.keyboard.press("F10");
  await expect(page.getByTestId("status")).toContainText("Done: 6 commands.");
  // Out of the editor by Tab alone, through what stands after it, to the strip.
  const strip = ["back", "play", "step", "run"];
  await expect
    .poll(async () => {
      await page.keyboard.press("Tab");
      return page.evaluate(() => document.activeElement?.getAttribute("data-testid"));
    })
    .toBe("reset");
  for (const button of strip) {
    await page.keyboard.press("Tab");
    await expect(page.getByTestId(button)).toBeFocused();
  }
  await page.locator("[data-testid=timeline] [aria-current]").focus();
  await page.keyboard.press("ArrowUp");
  await expect(page.getByTestId("status")).toContainText("After command 5 of 6.");
});

test("Run, pressed before the engine has come, waits for it", async ({ page }) => {
  const letCome = await holdEngine(page, (route) => route.continue());
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(page.getByTestId("status")).toContainText("loading");
  letCome();
  await expect(page.getByTestId("output")).toContainText("BYE");
});

test("a run that is stopped before anything came of it says so, and the next one runs", async ({ page }) => {
  const letCome = await holdEngine(page, (route) => route.continue());
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await page.getByTestId("stop").click();
    await expect(page.getByTestId("stop")).toHaveAttribute("aria-disabled", "true");
  }
  letCome();
  await expect(page.getByTestId("status")).toContainText("Stopped before the first command was done.");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("BYE");
  await expect.poll(() => answers(page)).toBe(SEED_ANSWERS);
});

test("steps that are asked for faster than they are shown are all gone", async ({ page }) => {
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  const status = page.getByTestId("status");
  for (let turn = 0; turn < 2; turn += 1) {
    // Of one moment: nothing of them can have been shown in between.
    await page.getByTestId("step").evaluate((button: HTMLElement) => {
      for (let count = 0; count < 4; count += 1) {
        button.click();
      }
    });
    await expect(status).toContainText("After command 4 of 6.");
    await page.getByTestId("back").evaluate((button: HTMLElement) => {
      for (let count = 0; count < 3; count += 1) {
        button.click();
      }
    });
    await expect(status).toContainText("After command 1 of 6.");
    await expect.poll(() => answers(page)).toBe("STORED");
    await page.getByTestId("reset").click();
    await expect(page.getByTestId("output")).toBeEmpty();
  }
});

test("an engine that does not come is said, and nothing waits for it", async ({ page }) => {
  const letCome = await holdEngine(page, (route) => route.abort());
  await open(page, "line");
  await page.getByTestId("run").click();
  letCome();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByTestId("stop")).toHaveAttribute("aria-disabled", "true");
});

test("the page speaks French, and remembers it", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Français" }).click();
  await expect(page.locator("html")).toHaveAttribute("lang", "fr");
  await expect(page.getByTestId("run")).toHaveText("Lancer");
  await write(page, "node gte k");
  await expect(page.getByRole("listitem").filter({ hasText: "n'est pas une commande" })).toBeVisible();
  await page.reload();
  await expect(page.getByTestId("run")).toHaveText("Lancer");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on any view in ${colorScheme} colours`, async ({ page }) => {
    await page.emulateMedia({ colorScheme });
    await open(page);
    expect(await axeMistakes(page)).toEqual([]);
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done");
    expect(await axeMistakes(page)).toEqual([]);
    await write(page, "nodd");
    await expect(page.locator(".cm-lintRange-error")).toBeVisible();
    expect(await axeMistakes(page)).toEqual([]);
    for (const name of ["Share", "Grade", "All commands and keys"]) {
      await page.getByRole("button", { name, exact: true }).click();
      await expect(page.getByRole("dialog")).toBeVisible();
      expect(await axeMistakes(page)).toEqual([]);
      await page.keyboard.press("Escape");
    }
    await write(page, "cluster nodes=3\nwrite k v via=n1\npartition n1 | n2 n3\nwrite k w via=n2\nexpect x");
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done");
    expect(await axeMistakes(page)).toEqual([]);
    await write(page, "node new 100\nnode set a 1\nring new 150\nring add A\nring add B");
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done");
    await page.getByTestId("race").click();
    await expect(page.getByTestId("policy-race").getByRole("table")).toBeVisible();
    expect(await axeMistakes(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByTestId("lessons").click();
    await page.getByTestId("exercises").locator("li").getByRole("button").nth(4).click();
    await expect(page.getByTestId("exercise")).toBeVisible();
    expect(await axeMistakes(page)).toEqual([]);
    await page.getByTestId("world-only").click();
    await expect(page.getByTestId("editor")).toBeHidden();
    expect(await axeMistakes(page)).toEqual([]);
    await page.goto("./?embed");
    await expect(page.getByTestId("status")).toContainText("Ready.");
    expect(await axeMistakes(page)).toEqual([]);
  });
}

test("a telephone's width needs no sideways scrolling", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await open(page);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done");
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  expect(scroll).toBe(client);
});

test("a page without its engine says so, and keeps the script", async ({ page }) => {
  await page.route("**/*.wasm", (route) => route.abort());
  await page.goto("./");
  await expect(page.getByRole("alert")).toContainText("The engine could not be loaded.");
  await write(page, "stats");
  await page.reload();
  await expect(content(page)).toHaveText("stats");
});

test("an engine that traps is replaced, and the script is kept", async ({ page }) => {
  // A trap cannot be had from a script, or it would be mended: the first worker fails when it is told to go.
  await page.addInitScript(() => {
    let isFirst = true;
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (this: Worker, message: { kind: string }) {
      if (isFirst && message.kind === "go") {
        isFirst = false;
        this.dispatchEvent(new ErrorEvent("error", { message: "unreachable" }));
      } else {
        postMessage.call(this, message);
      }
    };
  });
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  await page.getByTestId("run").click();
  await expect(page.getByRole("alert")).toContainText("started afresh");
  await expect.poll(() => script(page)).toBe(SEED_EXAMPLE);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("BYE");
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a page without a grader says how to get one", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "Grade" }).click();
  await expect(page.getByRole("dialog")).toContainText("grader serve");
  expect(await axeMistakes(page)).toEqual([]);
});

test("a submission is handed in, and every lost point is explained and can be tried", async ({ page }) => {
  const report = readFileSync(
    new URL("../../grader/tests/reports/golden/graded.json", import.meta.url),
    "utf8",
  ).replaceAll("node 20\\nset a v1\\nget a", "node new 20\\nnode get a");
  const sent: unknown[] = [];
  await page.route("**/api/v1/exercises", (route) =>
    route.fulfill({
      json: { exercises: [{ id: "distributed-cache", title: "A cache", title_fr: "Un cache" }] },
    }),
  );
  await page.route("**/api/v1/grade?**", (route) => {
    sent.push([new URL(route.request().url()).search, route.request().postData()]);
    return route.fulfill({ contentType: "application/json", body: report });
  });
  const why = "a submission that starts threads does not run in the page";
  await page.route("**/api/v1/build?**", (route) => {
    sent.push([new URL(route.request().url()).search, route.request().postData()]);
    return route.fulfill({ status: 422, json: { error: why } });
  });
  await open(page);
  await page.getByRole("button", { name: "Grade" }).click();
  const files = page.getByTestId("submission-drop").locator("input");
  await files.setInputFiles({ name: "cache.rs", mimeType: "text/plain", buffer: Buffer.from("fn é() {}") });
  await expect(page.getByTestId("grade-report")).toContainText(
    "14 / 100 points: not passed yet, which takes 70.",
  );
  expect(sent).toEqual([
    ["?exercise=distributed-cache&lang=en&name=cache.rs&seed=0&format=json", "fn é() {}"],
  ]);
  const { checks, mutants } = JSON.parse(report);
  await expect(page.getByTestId("grade-check")).toHaveCount(checks.length);
  const likeness = mutants.filter((mutant: { behaves_like: boolean }) => mutant.behaves_like);
  await expect(page.getByTestId("mutants").getByRole("listitem")).toHaveCount(likeness.length);
  expect(await axeMistakes(page)).toEqual([]);
  const row = page.getByTestId("grade-check").filter({ hasText: "LRU eviction" });
  await expect(row).toContainText("A get counts as a use.");
  await row.getByRole("button", { name: "See what your program does" }).first().click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(content(page)).toContainText("expect nothing");
  // What was sent is sent again, and where it cannot run here nobody obeys in its place.
  const lacking = page.getByTestId("lacking");
  await expect(lacking).toContainText(why);
  expect(sent.slice(1)).toEqual([["?exercise=distributed-cache&lang=en&name=cache.rs", "fn é() {}"]]);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("nothing runs");
  await expect(page.getByTestId("output")).not.toContainText("node ready");
  await lacking.getByRole("button", { name: "Let the reference obey" }).click();
  await expect(page.getByTestId("borrowed")).toContainText(
    "The reference obeys it here, not your submission. Your submission answered",
  );
  for (let twice = 0; twice < 2; twice += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done");
    await expect(page.getByTestId("status")).toContainText("the reference holds");
    await expect(page.getByTestId("status").locator(".tone-good")).toHaveCount(0);
  }
});

test("every command is explained, in the language of the page", async ({ page }) => {
  await open(page);
  await page.getByRole("button", { name: "All commands" }).click();
  await expect(page.getByRole("row").filter({ hasText: "node touch <key> <duration>" })).toContainText(
    "Give a key a new time to live.",
  );
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Français" }).click();
  await page.getByTestId("help").click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("Ctrl+Entrée")).toBeVisible();
  await expect(dialog.getByText("Échap, Tab")).toBeVisible();
  await expect(dialog.getByRole("row").filter({ hasText: "node touch" })).toContainText("durée de vie");
});

test("the text is there before the engine is", async ({ page }) => {
  await page.route("**/*.wasm", () => {});
  await page.goto("./");
  await expect(content(page)).toContainText("node new 100");
  await expect(page.getByTestId("status")).toContainText("The engine is loading.");
});
