/** The page without a network, in another page's frame, and what is carried away from it. */
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { answers, content, open, RING, SEED_ANSWERS, SEED_EXAMPLE, write } from "./helpers";

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
    expect(await answers(page)).toBe(SEED_ANSWERS);
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
  const say = (wish) =>
    page.evaluate((message) => {
      document.querySelector("iframe")?.contentWindow?.postMessage({ cachedojo: 1, ...message }, "*");
    }, wish);
  const last = () => page.evaluate(() => window.heard.at(-1));
  await expect.poll(last).toBeDefined();
  await say({ do: "open", script: "node new 9\nnode get a\nexpect nothing" });
  await expect(frame.locator(".cm-content")).toContainText("expect nothing");
  for (let turn = 0; turn < 2; turn += 1) {
    await say({ do: "run" });
    const end = { cachedojo: 1, event: "moved", position: 3, total: 3, isDone: true, held: 1, broken: 0 };
    await expect.poll(last).toEqual(end);
    await say({ do: "goTo", step: 1 });
    await expect.poll(last).toMatchObject({ position: 1, isDone: false });
  }
  await say({ do: "open", script: 7 });
  await expect.poll(last).toEqual({ cachedojo: 1, event: "refused" });
});
test("events, answers and the ring's picture are saved as files, twice the same", async ({ page }) => {
  await open(page);
  await write(page, RING);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done");
  await page.getByTestId("share").click();
  const saved = async (name) => {
    const waiting = page.waitForEvent("download");
    await page.getByTestId(name).click();
    return readFileSync(await (await waiting).path(), "utf8");
  };
  for (const [name, part] of [
    ["export-json", '"kind":"joined"'],
    ["export-text", "C joined"],
    ["export-ring", "<svg"],
  ]) {
    const first = await saved(name);
    expect(first).toContain(part);
    expect(await saved(name)).toBe(first);
  }
});
