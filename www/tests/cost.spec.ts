/** What a step costs the browser, in counts that no machine changes; `bench.mjs` has the times. */
import { expect, test } from "@playwright/test";
import { open, write } from "./helpers";

const MEMBERS = Array.from({ length: 10 }, (_, i) => `ring add n${i}`).join("\n");
const SCRIPT = `ring new 150\n${MEMBERS}\nnode new 1MiB\nfor 1..200 node set key{} v`;
const FIRST = 60;
const STEPS = 5;

test.use({ contextOptions: { reducedMotion: "no-preference" } });

test("a step beside a ring of 1,500 points draws what it changes, and lays the page out once or twice", async ({
  page,
}) => {
  await page.addInitScript(countNumbers);
  await open(page);
  await write(page, SCRIPT);
  const status = page.getByTestId("status");
  await page.getByTestId("scrubber").fill(String(FIRST));
  await expect(status).toContainText(`After command ${FIRST} of 212.`);
  // What is still loaded changes buttons; and what moved on the way here comes to its end first.
  await page.waitForLoadState("networkidle");
  await expect.poll(() => page.evaluate(() => document.getAnimations().length)).toBe(0);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const layouts = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "LayoutCount")?.value ?? 0;
  };
  const costs = [];
  for (let step = 1; step <= STEPS; step += 1) {
    const before = await layouts();
    const cost = await page.evaluate(stepped, `After command ${FIRST + step} of`);
    costs.push({ ...cost, layouts: (await layouts()) - before });
  }
  for (const { nodes, numbers, animated } of costs) {
    // An answer, an entry and its block; with them a stride of the timeline's rows, once in so many steps.
    expect(nodes).toBeLessThanOrEqual(150);
    // The counters and what stands beside them: not those of the fifty entries that stay, nor those of the ring.
    expect(numbers).toBeLessThanOrEqual(40);
    // For whatever moves the browser makes frames beside those of the step.
    expect(animated).toEqual([]);
  }
  // A frame may fall in between: the least is what the page asks for.
  expect(Math.min(...costs.map(({ layouts }) => layouts))).toBeLessThanOrEqual(2);
});

test("the first screen starts one engine, fetched once, and draws no dialog; what is in them comes after", async ({
  page,
}) => {
  const fetched: string[] = [];
  let workers = 0;
  page.on("request", (request) => fetched.push(request.url()));
  page.on("worker", () => {
    workers += 1;
  });
  await page.addInitScript(countHidden);
  for (const turn of ["first", "after a reload"]) {
    fetched.length = 0;
    workers = 0;
    await (turn === "first" ? page.goto("./") : page.reload());
    await expect(page.getByTestId("status")).toContainText("Ready.");
    expect(fetched.filter((url) => /\/assets\/first_bg-[^/]*\.wasm$/.test(url))).toHaveLength(1);
    expect(workers).toBe(1);
    const hidden = await page.evaluate(
      () => (window as unknown as { hidden: { count: number } }).hidden.count,
    );
    // Their titles and what closes them.
    expect(hidden).toBeLessThanOrEqual(25);
    await expect.poll(() => page.locator("dialog tbody tr").count()).toBeGreaterThan(25);
  }
});

test("of a long table the rows in sight are drawn, and those below once somebody comes near", async ({
  page,
}) => {
  await open(page, "line");
  await write(page, Array.from({ length: 300 }, (_, i) => `PUT k${i} v`).join("\n"));
  const rows = page.getByTestId("nodes").locator("tbody th");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done: 300 commands.");
    if (turn === 0) {
      await expect(rows).toHaveCount(40);
    }
    await page.getByTestId("nodes").locator("tbody").last().scrollIntoViewIfNeeded();
    await page.getByTestId("nodes").locator(".note").last().scrollIntoViewIfNeeded();
    await expect(rows).toHaveCount(200);
    await expect(rows.last()).toHaveText("k278");
  }
});

/** In the page, before its own script: how many elements stand in dialogs when the page first says that it is ready. */
function countHidden(): void {
  const hidden = { count: -1 };
  Object.assign(window, { hidden });
  const observer = new MutationObserver(() => {
    if (document.querySelector("[data-testid=status]")?.textContent.includes("Ready.")) {
      observer.disconnect();
      hidden.count = document.querySelectorAll("dialog *").length;
    }
  });
  observer.observe(document, { subtree: true, childList: true, characterData: true });
}

/** In the page, before its own script: counts the numbers that are written for a person. */
function countNumbers(): void {
  const written = Object.getOwnPropertyDescriptor(Intl.NumberFormat.prototype, "format");
  const counted = { numbers: 0 };
  Object.assign(window, { counted });
  Object.defineProperty(Intl.NumberFormat.prototype, "format", {
    get() {
      counted.numbers += 1;
      return written?.get?.call(this);
    },
  });
}

/** In the page: presses Step, and tells what came of it once the page says so. */
function stepped(text: string): Promise<{ nodes: number; numbers: number; animated: string[] }> {
  const { counted } = window as unknown as { counted: { numbers: number } };
  const before = counted.numbers;
  let nodes = 0;
  return new Promise((resolve) => {
    const observer = new MutationObserver((records) => {
      for (const { addedNodes } of records) {
        for (const node of addedNodes) {
          nodes += 1 + (node instanceof Element ? node.querySelectorAll("*").length : 0);
        }
      }
      if (!document.querySelector("[data-testid=status]")?.textContent.includes(text)) {
        return;
      }
      observer.disconnect();
      requestAnimationFrame(() => {
        const effects = document.getAnimations().map(({ effect }) => effect as KeyframeEffect);
        const animated = effects.flatMap((effect) => {
          const names = effect.getKeyframes().flatMap((frame) => Object.keys(frame));
          return names
            .filter((name) => !["offset", "computedOffset", "easing", "composite"].includes(name))
            .map((name) => `${name} of ${effect.target?.outerHTML.slice(0, 120)}`);
        });
        resolve({ nodes, numbers: counted.numbers - before, animated: [...new Set(animated)] });
      });
    });
    observer.observe(document, { subtree: true, childList: true, characterData: true });
    document.querySelector<HTMLElement>("[data-testid=step]")?.click();
  });
}
