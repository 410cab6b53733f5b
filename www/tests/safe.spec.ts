/** Nothing that a person does twice, in another order, in a second tab or without a network loses or hides anything. */
import { expect, type Page, test } from "@playwright/test";
import {
  answers,
  content,
  ENDLESS,
  open,
  SEED_ANSWERS,
  SEED_EXAMPLE,
  script,
  shareLink,
  write,
} from "./helpers";

const BROKEN = "node new 100\nnode get a\nexpect value b";

/** Every event of the run, with its time: what the timeline draws of a short script. */
async function rows(page: Page): Promise<number> {
  return page.getByTestId("timeline").getByRole("button").count();
}

test("Run, pressed again, says the same: the answers, every event and what is broken", async ({ page }) => {
  await open(page);
  await write(page, BROKEN);
  for (let turn = 0; turn < 3; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done: 3 commands.");
    await expect(page.getByTestId("status")).toContainText("1 is broken");
    await expect(page.getByTestId("output")).toContainText("BROKEN");
    await expect.poll(() => rows(page)).toBe(3);
  }
  await page.getByTestId("reset").click();
  await expect(page.getByTestId("output")).toBeEmpty();
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("BROKEN");
  await expect.poll(() => rows(page)).toBe(3);
  await page.reload();
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("BROKEN");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("1 is broken");
  await expect.poll(() => rows(page)).toBe(3);
});

test("a script that equals the one run last is run whole, by whatever way it was opened", async ({
  page,
}) => {
  await open(page, "line");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("BYE");
  const own = await answers(page);
  await page.getByTestId("examples").selectOption("example.starter-line");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("output")).toContainText("BYE");
    await expect.poll(() => answers(page)).toBe(own);
  }
});

test("two links to one script at different steps each show all that happened before", async ({ page }) => {
  await open(page, "line");
  await write(page, SEED_EXAMPLE);
  const links: string[] = [];
  for (const steps of [2, 2]) {
    for (let step = 0; step < steps; step += 1) {
      await page.getByTestId("step").click();
    }
    await expect(page.getByTestId("status")).toContainText(`After command ${(links.length + 1) * 2} of 6.`);
    links.push(await shareLink(page));
    await page.keyboard.press("Escape");
  }
  const expected = SEED_ANSWERS.split("\n");
  for (const at of [0, 1, 0, 1]) {
    await page.goto(links[at] ?? "");
    await expect(page.getByTestId("status")).toContainText(`After command ${2 * (at + 1)} of 6.`);
    await expect.poll(() => answers(page)).toBe(expected.slice(0, 2 * (at + 1)).join("\n"));
  }
});

test("an untouched tab shows what another writes, and its end takes nothing away", async ({
  page,
  context,
}) => {
  await open(page, "line");
  const other = await context.newPage();
  await open(other, "line");
  for (const text of ["PUT a 1", "PUT a 1\nGET a"]) {
    await write(other, text);
    await expect.poll(() => script(page)).toBe(text);
  }
  await other.close();
  await page.close();
  const later = await context.newPage();
  await open(later, "line");
  await expect.poll(() => script(later)).toBe("PUT a 1\nGET a");
});

test("a tab that heard nothing of another's text keeps both", async ({ page, context }) => {
  // As in a browser that had put this tab to sleep.
  await page.addInitScript(() => {
    for (const kind of ["storage", "visibilitychange", "pageshow"]) {
      addEventListener(kind, (event) => event.stopImmediatePropagation(), { capture: true });
    }
  });
  await open(page, "line");
  const other = await context.newPage();
  await open(other, "line");
  for (const turn of ["1", "2"]) {
    await write(other, `PUT theirs ${turn}`);
    await write(page, `PUT mine ${turn}`);
  }
  await other.close();
  await page.close();
  const later = await context.newPage();
  await open(later, "line");
  await expect.poll(() => script(later)).toBe("PUT mine 2");
  await later.getByTestId("kept").getByRole("button", { name: "Show the other" }).click();
  await expect(content(later)).toHaveText("PUT theirs 2");
  await later.reload();
  await expect(content(later)).toHaveText("PUT theirs 2");
  await later.getByTestId("kept").getByRole("button", { name: "Show the other" }).click();
  await expect(content(later)).toHaveText("PUT mine 2");
});

test("a browser that stores nothing keeps the text over a reload, and says what it cannot do", async ({
  page,
}) => {
  await page.addInitScript(() => {
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  page.on("dialog", (dialog) => dialog.accept());
  await open(page, "line");
  for (const text of ["PUT a 1", "PUT a 2"]) {
    await write(page, text);
    await expect(page.getByRole("alert")).toContainText("does not let the page save");
    await page.reload();
    await page.getByTestId("dialect").selectOption("line");
    await expect(content(page)).toHaveText(text);
  }
});

test("the warning that nothing is saved goes once there is room again", async ({ page }) => {
  await open(page, "line");
  await page.evaluate(() => {
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    addEventListener("room", () => {
      Storage.prototype.setItem = setItem;
    });
  });
  await write(page, "PUT a 1");
  await expect(page.getByRole("alert")).toHaveCount(1);
  await page.evaluate(() => dispatchEvent(new Event("room")));
  await write(page, "PUT a 2");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.reload();
  await expect(content(page)).toHaveText("PUT a 2");
});

test("Stop works without a network, and the next script runs", async ({ page, context }) => {
  await open(page);
  await expect(page.locator("html")).toHaveAttribute("data-engine", "kept");
  await write(page, ENDLESS);
  await context.setOffline(true);
  const failed: string[] = [];
  page.on("requestfailed", (request) => failed.push(request.url()));
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("output")).not.toBeEmpty();
    await page.getByTestId("stop").click();
    await expect(page.getByTestId("status")).toContainText("Stopped after command");
  }
  await write(page, BROKEN);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("BROKEN");
  expect(failed.length).toBeLessThanOrEqual(2);
});

test("files are handed in unread, whatever their names and letters", async ({ page }) => {
  const sent: { type: string | undefined; bytes: Buffer | null; name: string | null }[] = [];
  await page.route("**/api/v1/exercises", (route) =>
    route.fulfill({
      json: { exercises: [{ id: "distributed-cache", title: "A cache", title_fr: "Un cache" }] },
    }),
  );
  await page.route("**/api/v1/grade?**", (route) => {
    sent.push({
      type: route.request().headers()["content-type"],
      bytes: route.request().postDataBuffer(),
      name: new URL(route.request().url()).searchParams.get("name"),
    });
    return route.fulfill({ status: 400, json: { error: "heard" } });
  });
  await open(page);
  await page.getByRole("button", { name: "Grade" }).click();
  const input = page.getByTestId("submission-drop").locator("input");
  const latin1 = Buffer.from([0x2f, 0x2f, 0xe9, 0x0a]);
  const packed = Buffer.concat([Buffer.from("in front"), Buffer.from("PK\x03\x04 and more")]);
  for (const name of ["Lib.RS", "cache.ZIP", "Lib.RS"]) {
    const buffer = name === "cache.ZIP" ? packed : latin1;
    const count = sent.length;
    await input.setInputFiles({ name, mimeType: "", buffer });
    await expect.poll(() => sent.length).toBe(count + 1);
    await expect(page.getByTestId("grade-report")).toContainText("heard");
    expect(sent.at(-1)).toEqual({ type: "application/octet-stream", bytes: buffer, name });
  }
  await input.setInputFiles([
    { name: "lib.rs", mimeType: "", buffer: latin1 },
    { name: "old.zip", mimeType: "", buffer: packed },
  ]);
  await expect.poll(() => sent.length).toBe(4);
  const last = sent.at(-1);
  expect(last?.type).toBe("application/zip");
  expect(last?.bytes?.includes(latin1)).toBe(true);
  expect(last?.bytes?.includes(packed)).toBe(true);
  // By itself it would be taken for `src/lib.rs`: its name goes with it, in the query.
  const python = Buffer.from("class Cache: pass");
  await input.setInputFiles({ name: "main.py", mimeType: "", buffer: python });
  await expect.poll(() => sent.length).toBe(5);
  expect(sent.at(-1)).toEqual({ type: "application/octet-stream", bytes: python, name: "main.py" });
});
