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
    // Anything else that moves has the page painted for each of its frames.
    expect(animated).toEqual([]);
  }
  // A frame may fall in between: the least is what the page asks for.
  expect(Math.min(...costs.map(({ layouts }) => layouts))).toBeLessThanOrEqual(2);
});

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
            .filter((name) => !["offset", "computedOffset", "easing", "composite", "opacity"].includes(name))
            .map((name) => `${name} of ${effect.target?.outerHTML.slice(0, 120)}`);
        });
        resolve({ nodes, numbers: counted.numbers - before, animated: [...new Set(animated)] });
      });
    });
    observer.observe(document, { subtree: true, childList: true, characterData: true });
    document.querySelector<HTMLElement>("[data-testid=step]")?.click();
  });
}
