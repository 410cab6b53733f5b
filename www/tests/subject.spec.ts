/** Who obeys is who was chosen, however long its program takes to come: never the reference in its place. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { answers, open, shareLink, write } from "./helpers";

// What the service worker keeps would come in spite of a network that fails.
test.use({ serviceWorkers: "block" });

const SCRIPT = "node new 9\nnode set k v ttl 1s\ntick 1s\nnode get k";
/** What the program with the bug answers to it, and what the reference does. */
const BUGGY = "node ready\nstored\n+1s\nv";
const SOUND = "node ready\nstored\n+1s\nnothing\n~ k expired";

/** Keeps the course's programs from arriving until what this returns is called: with nothing they come, else they fail. */
async function holdPrograms(page: Page): Promise<(failure?: "failed") => void> {
  let end = (_?: "failed") => {};
  const gate = new Promise<"failed" | undefined>((resolve) => {
    end = resolve;
  });
  await page.route("**/course/m/*.wasm", async (route) => {
    const failure = await gate;
    await (failure ? route.abort("failed") : route.continue());
  });
  return end;
}

async function openHunt(page: Page): Promise<Locator> {
  await page.goto("./#lesson/expose-ttl");
  await expect(page.getByTestId("exercise")).toHaveAttribute("data-lesson", "expose-ttl");
  await write(page, SCRIPT);
  return page.getByTestId("subject");
}

const hunted = { label: "The one with the bug" };

test("Run waits for a program that is still loading, pressed twice, and after a reload", async ({ page }) => {
  for (let turn = 0; turn < 2; turn += 1) {
    const letCome = await holdPrograms(page);
    const subject = await openHunt(page);
    await subject.selectOption(hunted);
    await expect(subject).not.toHaveValue("");
    await page.keyboard.press("ControlOrMeta+Enter");
    await page.keyboard.press("ControlOrMeta+Enter");
    await expect(page.getByTestId("status")).toContainText("Waiting for the program");
    expect(await page.getByTestId("output").textContent()).not.toContain("stored");
    letCome();
    await expect(page.getByTestId("status")).toContainText("Done: 4 commands.");
    await expect.poll(() => answers(page)).toBe(BUGGY);
    await page.unroute("**/course/m/*.wasm");
    await page.reload();
  }
});

test("Stop ends the waiting, another subject takes the waiting one's place, and a step waits too", async ({
  page,
}) => {
  const letCome = await holdPrograms(page);
  const subject = await openHunt(page);
  await subject.selectOption(hunted);
  await page.getByTestId("run").click();
  await page.getByTestId("stop").click();
  await expect(page.getByTestId("status")).toContainText("Stopped before the first command was done.");
  await page.getByTestId("run").click();
  await subject.selectOption("");
  await expect(page.getByTestId("status")).not.toContainText("Waiting");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 4 commands.");
  await expect.poll(() => answers(page)).toBe(SOUND);
  await subject.selectOption(hunted);
  await page.getByTestId("step").click();
  await expect(page.getByTestId("status")).toContainText("Waiting for the program");
  letCome();
  await expect(page.getByTestId("status")).toContainText("After command 1 of 4.");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 4 commands.");
  await expect.poll(() => answers(page)).toBe(BUGGY);
});

test("a check waits for its programs, and Stop ends that too", async ({ page }) => {
  const letCome = await holdPrograms(page);
  await openHunt(page);
  const verdict = page.getByTestId("hunt-verdict");
  await page.getByTestId("exercise-check").click();
  await expect(verdict).toHaveAttribute("data-state", "checking");
  await page.getByTestId("stop").click();
  await expect(verdict).toHaveAttribute("data-state", "stopped");
  await page.getByTestId("exercise-check").click();
  letCome();
  await expect(verdict).toHaveAttribute("data-state", "solved");
});

test("a program that cannot be loaded is said to be missing, and nobody obeys in its place", async ({
  page,
}) => {
  const letCome = await holdPrograms(page);
  const subject = await openHunt(page);
  await subject.selectOption(hunted);
  await page.getByTestId("run").click();
  letCome("failed");
  const lacking = page.getByTestId("lacking");
  await expect(lacking).toContainText("could not be loaded");
  await expect(page.getByTestId("status")).toContainText("nothing runs");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(lacking).toContainText("could not be loaded");
    expect(await page.getByTestId("output").textContent()).not.toContain("stored");
  }
  await lacking.getByRole("button", { name: "Let the reference obey" }).click();
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 4 commands.");
  await expect.poll(() => answers(page)).toBe(SOUND);
  await page.unroute("**/course/m/*.wasm");
  await subject.selectOption(hunted);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("output")).toContainText("v");
  await expect.poll(() => answers(page)).toBe(BUGGY);
});

test("a link's program is waited for, and a link to one's own is run by nobody else", async ({ page }) => {
  const subject = await openHunt(page);
  await subject.selectOption(hunted);
  const name = await subject.inputValue();
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 4 commands.");
  const link = await shareLink(page);

  const other = await page.context().newPage();
  const letCome = await holdPrograms(other);
  await other.goto(link);
  await expect(other.getByTestId("status")).toContainText("Waiting for the program");
  await expect(other.getByTestId("subject")).toHaveValue(name);
  letCome();
  await expect(other.getByTestId("status")).toContainText("Done: 4 commands.");
  await expect.poll(() => answers(other)).toBe(BUGGY);

  const own = await (await page.request.get(`course/m/${name}.wasm`)).body();
  await open(other);
  await write(other, SCRIPT);
  const choosing = other.waitForEvent("filechooser");
  await other.getByTestId("subject").selectOption("open");
  await (await choosing).setFiles({ name: "mine.wasm", mimeType: "application/wasm", buffer: own });
  await expect(other.getByTestId("subject")).toHaveValue("dropped");
  await other.getByTestId("run").click();
  await expect(other.getByTestId("status")).toContainText("Done: 4 commands.");
  await expect.poll(() => answers(other)).toBe(BUGGY);
  await other.getByTestId("share").click();
  const saved = other.waitForEvent("download");
  await other.getByTestId("export-text").click();
  const stream = await (await saved).createReadStream();
  expect(Buffer.concat(await stream.toArray()).toString()).toContain("\n+1s\nv\n");
});
