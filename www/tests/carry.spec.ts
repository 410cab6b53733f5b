/** The page without a network, in another page's frame, and what is carried away from it. */
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import {
  answers,
  content,
  ENDLESS,
  open,
  RING,
  SEED_ANSWERS,
  SEED_EXAMPLE,
  shareLink,
  write,
} from "./helpers";

test("after one visit the page opens and runs without a network, again and again", async ({
  page,
  context,
}) => {
  await open(page, "line");
  await expect(page.locator("html")).toHaveAttribute("data-offline", "ready");
  await write(page, SEED_EXAMPLE);
  await context.setOffline(true);
  for (let turn = 0; turn < 2; turn += 1) {
    await page.reload();
    await expect(content(page)).toContainText("PUT user1 Alice");
    await page.getByTestId("run").click();
    await expect(page.getByTestId("output")).toContainText("BYE");
    await expect.poll(() => answers(page)).toBe(SEED_ANSWERS);
  }
  // The lessons too, and the programs that they hunt.
  await page.goto("./#lesson/expose-ttl");
  await expect(page.getByTestId("exercise")).toHaveAttribute("data-lesson", "expose-ttl");
  await write(page, "node new 9\nnode set k v ttl 1s\ntick 1s\nnode get k");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("exercise-check").click();
    await expect(page.getByTestId("hunt-verdict")).toHaveAttribute("data-state", "solved");
  }
});

test("a frame is steered from outside, and says where it stands", async ({ page, baseURL }) => {
  await page.goto("./");
  await page.setContent(`<iframe src="${baseURL}?embed" width="900" height="600" title="A cache"></iframe>
    <script>window.heard = []; addEventListener("message", ({ data }) => heard.push(data));</script>`);
  const frame = page.frameLocator("iframe");
  await expect(frame.getByTestId("editor")).toBeVisible();
  await expect(frame.getByTestId("share")).toHaveCount(0);
  const say = (wish: object) =>
    page.evaluate((message) => {
      document.querySelector("iframe")?.contentWindow?.postMessage({ cachedojo: 1, ...message }, "*");
    }, wish);
  const last = () => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard.at(-1));
  await expect.poll(last).toBeDefined();
  await say({ do: "open", script: "node new 9\nnode get a\nexpect nothing" });
  await expect(frame.locator(".cm-content")).toContainText("expect nothing");
  for (let turn = 0; turn < 2; turn += 1) {
    await say({ do: "run" });
    const end = {
      cachedojo: 1,
      event: "moved",
      position: 3,
      total: 3,
      isDone: true,
      mistakes: 0,
      held: 1,
      broken: 0,
    };
    await expect.poll(last).toEqual(end);
    await say({ do: "goTo", step: 1 });
    await expect.poll(last).toMatchObject({ position: 1, isDone: false });
  }
  await say({ do: "open", script: 7 });
  await expect.poll(last).toEqual({ cachedojo: 1, event: "refused", do: "open", why: "script" });
  await say({ do: "goTo", step: -1 });
  await expect.poll(last).toMatchObject({ event: "refused", do: "goTo", why: "step" });
  await say({ do: "sing" });
  await expect.poll(last).toMatchObject({ event: "refused", do: "sing", why: "unknown" });
  // A script tells how long it is and what cannot be read before it runs.
  await say({ do: "open", script: "nodd\nnode new 9\nnod get a" });
  await expect.poll(last).toMatchObject({ event: "moved", position: 0, total: 1, mistakes: 2 });
  await say({ do: "open", script: "nodd\nnod get a" });
  await expect.poll(last).toMatchObject({ event: "moved", total: 0, mistakes: 2 });
});

test("what a frame is told while a run goes on is done in order, and Stop drops what waits", async ({
  page,
  baseURL,
}) => {
  await page.goto("./");
  await page.setContent(`<iframe src="${baseURL}?embed" width="900" height="600" title="A cache"></iframe>
    <script>window.heard = []; addEventListener("message", ({ data }) => heard.push(data));</script>`);
  await expect(page.frameLocator("iframe").getByTestId("editor")).toBeVisible();
  const say = (wishes: object[]) =>
    page.evaluate((all) => {
      for (const wish of all) {
        document.querySelector("iframe")?.contentWindow?.postMessage({ cachedojo: 1, ...wish }, "*");
      }
    }, wishes);
  const heard = () => page.evaluate(() => (window as unknown as { heard: Record<string, unknown>[] }).heard);
  const last = async () => (await heard()).at(-1);
  const places = async () =>
    (await heard()).filter(({ event }) => event === "moved").map(({ position }) => position);
  await expect.poll(last).toBeDefined();
  const script = "node new 9\nfor 1..3 node set k{} v\nnode get k1";
  await say([{ do: "open", script }, { do: "run" }, { do: "back" }, { do: "back" }, { do: "goTo", step: 1 }]);
  await expect.poll(places).toEqual(expect.arrayContaining([5, 4, 3, 1]));
  expect((await places()).slice(-4)).toEqual([5, 4, 3, 1]);
  await say([
    { do: "open", script: ENDLESS },
    { do: "run" },
    { do: "step" },
    { do: "open", script },
    { do: "stop" },
  ]);
  await expect
    .poll(async () => (await heard()).filter(({ event }) => event === "refused"))
    .toMatchObject([
      { do: "step", why: "stopped" },
      { do: "open", why: "stopped" },
    ]);
});

for (const [width, height] of [
  [1264, 520],
  [700, 520],
] as const) {
  test(`in a frame of ${width} x ${height} script and world are seen together`, async ({ page, baseURL }) => {
    await page.setViewportSize({ width: 1400, height: 900 });
    await open(page);
    await write(page, "ring new 20\nring add A\nring add B\nring where user:42");
    await page.getByTestId("run").click();
    const link = await shareLink(page);
    await page.setContent(
      `<iframe src="${baseURL}?embed${new URL(link).hash}" width="${width}" height="${height}" title="A cache"></iframe>`,
    );
    const frame = page.frameLocator("iframe");
    await expect(frame.getByTestId("status")).toContainText("Done: 4 commands.");
    await expect(frame.getByTestId("borrowed")).toHaveCount(0);
    for (const part of [frame.locator(".cm-content"), frame.getByTestId("ring"), frame.getByTestId("run")]) {
      await expect(part).toBeInViewport();
    }
    const isScrolled = frame
      .locator("html")
      .evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight);
    expect(await isScrolled).toBe(0);
    // What a link's own text was can be had again though no banner offers it.
    await frame.locator(".cm-content").click();
    await page.keyboard.insertText("# mine");
    await frame.getByRole("button", { name: "Show the original" }).click();
    await expect(frame.locator(".cm-content")).not.toContainText("mine");
  });
}

for (const [width, height] of [
  [390, 520],
  [800, 520],
  [1264, 520],
] as const) {
  test(`a lesson in a frame of ${width} x ${height} has room for its script`, async ({ page, baseURL }) => {
    await page.setViewportSize({ width: 1400, height: 900 });
    await page.setContent(
      `<iframe src="${baseURL}?embed#lesson/first-words" width="${width}" height="${height}" title="A cache"></iframe>`,
    );
    const frame = page.frameLocator("iframe");
    for (const turn of ["once", "after a reload"]) {
      const editor = frame.locator(".cm-editor");
      // Until the lesson's script is open another one's editor stands there.
      await expect(frame.getByTestId("exercise")).toBeVisible();
      await expect(editor).not.toContainText("A cache of 100 bytes");
      await expect.poll(async () => (await editor.boundingBox())?.height ?? 0, turn).toBeGreaterThan(100);
      await editor.scrollIntoViewIfNeeded();
      await editor.click();
      await expect(frame.locator(".cm-content")).toBeFocused();
      const reloaded = page.waitForEvent("framenavigated");
      await frame.locator("html").evaluate(() => location.reload());
      await reloaded;
    }
  });
}

test("events, answers and the ring's picture are saved as files, twice the same", async ({ page }) => {
  await open(page);
  await write(page, RING);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done");
  await page.getByTestId("share").click();
  const saved = async (name: string) => {
    const waiting = page.waitForEvent("download");
    await page.getByTestId(name).click();
    return readFileSync(await (await waiting).path(), "utf8");
  };
  for (const [name, part] of [
    ["export-json", '{"schema":"cachedojo/run/v1","dialect":"lab","seed":0,"diagnostics":[],"events":[{'],
    ["export-json", '"kind":"joined"'],
    ["export-handout", "> ring add C\n  C joined\n"],
    ["export-text", "C joined"],
    ["export-ring", "<svg"],
  ] as const) {
    const first = await saved(name);
    expect(first).toContain(part);
    await expect.poll(() => saved(name)).toBe(first);
  }
});
