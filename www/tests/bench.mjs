/**
 * What the page costs, in ten runs: the median, and from the least to the most. `cargo xtask bench page` serves the built page and
 * names its address (PLAYGROUND) and the browser (CHROMIUM). Times are of this machine as busy as it is; nothing is judged here.
 */
import { chromium } from "@playwright/test";

const RUNS = 10;
const STEPS = 20;
const RING = Array.from({ length: 10 }, (_, i) => `ring add n${i}`).join("\n");
const SCRIPTS = {
  ring: `ring new 150\n${RING}\nnode new 1KiB\nfor 1..200 node set key{} v`,
  line: Array.from({ length: 10_000 }, (_, i) => `PUT k${i} v${i}`).join("\n"),
  long: "node new 1MiB\nfor 1..100000 node set key{} 40*x",
  endless: "ring new 10000\nfor 1..20 ring add node{} weight 10\nfor 1..100000 ring add again weight 10",
};

const address = process.env.PLAYGROUND ?? "http://127.0.0.1:8080/";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const rows = new Map();
const note = (row, value) => rows.set(row, [...(rows.get(row) ?? []), value]);

for (let run = 0; run < RUNS; run += 1) {
  const page = await browser.newPage();
  const began = performance.now();
  await page.goto(address);
  await page.locator("[data-testid=status]", { hasText: "Ready." }).waitFor();
  note("until the first script can run, ms", performance.now() - began);

  await write(page, "lab", SCRIPTS.ring);
  await page.getByTestId("scrubber").fill("20");
  await reached(page, "After command 20 of");
  const session = await page.context().newCDPSession(page);
  // The thread's own time: what other programs take of the processor is not the page's.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const busy = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
  };
  const steps = [];
  for (let step = 1; step <= STEPS; step += 1) {
    const before = await busy();
    await timed(page, "step", `After command ${20 + step} of`);
    steps.push((await busy()) - before);
  }
  steps.sort((a, b) => a - b);
  note(
    "main thread's own time, a step beside a ring of 10 x 150, p95, ms",
    steps[Math.ceil(STEPS * 0.95) - 1],
  );

  await write(page, "line", SCRIPTS.line);
  note("10,000 commands of the line protocol, ms", await timed(page, "run", "Done: 10,000 commands."));
  await write(page, "lab", SCRIPTS.long);
  note("100,001 commands, ms", await timed(page, "run", "Done: 100,001 commands."));
  note("back from command 100,001, ms", await timed(page, "back", "After command 100,000 of"));
  await write(page, "lab", SCRIPTS.endless);
  await page.getByTestId("run").click();
  await page.locator("[data-testid=output]:not(:empty)").waitFor();
  note("Stop, ms", await timed(page, "stop", "Stopped after command"));
  await page.close();
}
await browser.close();
for (const [row, values] of rows) {
  values.sort((a, b) => a - b);
  const shown = [values[Math.floor(values.length / 2)], values[0], values.at(-1)].map((value) =>
    value.toFixed(1),
  );
  console.log(`${row.padEnd(66)} ${shown[0].padStart(8)}   ${shown[1]} - ${shown[2]}`);
}

async function write(page, dialect, text) {
  await page.getByTestId("dialect").selectOption(dialect);
  await page.locator("[data-testid=editor] .cm-content").click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

async function reached(page, text) {
  await page.locator("[data-testid=status]", { hasText: text }).waitFor();
}

/** From a click until the page says so, measured inside the page. */
function timed(page, button, text) {
  return page.evaluate(
    ([button, text]) =>
      new Promise((resolve) => {
        const status = document.querySelector("[data-testid=status]");
        const began = performance.now();
        const look = () => {
          if (status.textContent.includes(text)) {
            observer.disconnect();
            // Once it is painted, too.
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
          }
        };
        const observer = new MutationObserver(look);
        observer.observe(status, { subtree: true, childList: true, characterData: true });
        document.querySelector(`[data-testid=${button}]`).click();
        look();
      }),
    [button, text],
  );
}
