/** The world's side of the page: its pictures can be read, and what is written stays in sight. */
import { expect, type Locator, type Page, test } from "@playwright/test";
import { axeMistakes, content, open, script, write } from "./helpers";

const DELAYED = "cluster nodes=3\ndelay n1->n3 300ms\nwrite k v via=n1\ntick 1s";

/** Stands right after so many commands of a script. */
async function stand(page: Page, text: string, position: number): Promise<void> {
  await write(page, text);
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done:");
  await page.getByTestId("scrubber").fill(`${position}`);
  await expect(page.getByTestId("status")).toContainText(
    new RegExp(`command ${position} of|Done: ${position} `),
  );
}

/** The type that is seen of each text in a picture, in pixels. */
function typeIn(picture: Locator): Promise<number[]> {
  return picture.evaluate((svg: SVGSVGElement) => {
    const scale = svg.getScreenCTM()?.d ?? 0;
    return [...svg.querySelectorAll("text")].map(
      (text) => scale * Number.parseFloat(getComputedStyle(text).fontSize),
    );
  });
}

test("a message under way is an open arrow, counted, and told with its key, value and version", async ({
  page,
}) => {
  await open(page);
  await stand(page, DELAYED, 3);
  const messages = page.getByTestId("messages");
  await expect(messages.locator(".message.under-way")).toHaveCount(2);
  await expect(messages.locator(".message .head")).toHaveCount(6);
  await expect(messages).toContainText("6 messages, 2 still under way");
  await expect(messages.locator(".message-name").filter({ hasText: "store → n3" })).toHaveCount(1);
  await messages.getByText("In words").click();
  const line = messages.getByRole("button", { name: "n1 → n3: store k" });
  await expect(line).toContainText(
    /n1 → n3: store k = v, version \d+@n1, sent at [\d.]+ ms, still under way/,
  );
  await line.click();
  await expect(page.getByTestId("message")).toContainText("store k = v");
  await expect(page.getByTestId("network")).toContainText("n1 → n3 300 ms late");
  // It arrives while time passes, and is no longer under way.
  await page.getByTestId("step").click();
  await expect(messages.locator(".message.under-way")).toHaveCount(0);
  await expect(messages.getByRole("button", { name: "n1 → n3: store k" }).first()).toContainText("later");
  await page.getByTestId("back").click();
  await expect(messages.locator(".message.under-way")).toHaveCount(2);
});

test("messages of other operations are pale, and what waits for a paused node says so", async ({ page }) => {
  await open(page);
  const text = "cluster nodes=3\npause n3\nbegin write k v via=n1\ntick 300ms\nwrite k2 v via=n2";
  await stand(page, text, 5);
  const messages = page.getByTestId("messages");
  await expect(messages.getByRole("heading")).toHaveText("Messages while this command ran");
  await expect(messages).toContainText("of other operations (pale)");
  await expect(messages.locator(".message.foreign")).not.toHaveCount(0);
  await messages.getByText("In words").click();
  const own = messages.getByRole("listitem").filter({ hasText: /(query|store) k2/ });
  await expect(own).not.toHaveCount(0);
  await expect(messages.locator("li.foreign").filter({ hasText: /(query|store) k2/ })).toHaveCount(0);
  await expect(own.filter({ hasText: "waits for n3, which is paused" })).not.toHaveCount(0);
});

test("faults of the network in force stand in the world, and a node that is down keeps its ring epoch", async ({
  page,
}) => {
  await open(page);
  await stand(page, "cluster nodes=3\ndrop 2.5%\nduplicate 10%\nreorder 40ms\nkill n2\nheal", 5);
  const rules = page.getByTestId("network");
  await expect(rules).toContainText("2.5 % of messages lost · 10 % doubled · each up to 40 ms late");
  await expect(page.locator("[data-node=n2]")).toContainText("ring epoch 1");
  await page.getByTestId("step").click();
  await expect(rules).toHaveCount(0);
});

for (const [width, height] of [
  [1280, 800],
  [360, 740],
] as const) {
  test(`at a width of ${width} no text in a picture is below 11 px, and five nodes fit`, async ({ page }) => {
    await page.setViewportSize({ width, height });
    await open(page);
    await stand(page, "cluster nodes=5\nwrite k v via=n1", 2);
    const picture = page.locator("svg.space-time");
    expect(Math.min(...(await typeIn(picture)))).toBeGreaterThanOrEqual(11);
    expect(
      await page.locator(".sideways").evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
    ).toBe(0);
    await stand(page, "ring new 20\nring add A\nring add B\nring add C\nring where user:42", 5);
    const ring = page.locator("svg.ring-picture");
    const sizes = await typeIn(ring);
    expect(sizes.length).toBeGreaterThan(0);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(11);
  });
}

test("no line goes through a message's name", async ({ page }) => {
  await open(page);
  await stand(page, "cluster nodes=5\nwrite k v via=n1\nread k via=n3", 3);
  const order = await page.locator("svg.space-time").evaluate((svg) => {
    const parts = [...svg.querySelectorAll("line, .message-name")];
    const firstName = parts.findIndex((part) => part.matches(".message-name"));
    return {
      names: parts.length - firstName,
      linesAfter: parts.slice(firstName).filter((part) => part.matches("line")).length,
    };
  });
  expect(order.names).toBeGreaterThan(4);
  expect(order.linesAfter).toBe(0);
});

test("the zoom goes to the key that was asked for last, and nodes are in natural order", async ({ page }) => {
  await open(page);
  const text = `ring new 20\nfor 1..11 ring add node{}\nring where apple`;
  await stand(page, text, 13);
  await expect(page.getByTestId("ring").getByRole("rowheader")).toHaveText(
    Array.from({ length: 11 }, (_, i) => `node${i + 1}`),
  );
  for (const key of ["banana", "user:42"]) {
    await page.getByPlaceholder("Where is this key?").fill(key);
    await expect(page.getByTestId("ring")).toContainText(`${key} belongs`);
    const zoom = page.getByTestId("ring-zoom");
    await zoom.click();
    const name = page.locator("svg.ring-picture.near .key").filter({ hasText: key }).locator("text");
    await expect(name).toBeInViewport();
    await zoom.click();
  }
  await page.getByRole("button", { name: "Add node12" }).click();
  await expect(page.getByTestId("ring").getByRole("rowheader").last()).toHaveText("node12");
});

test("a line that is being written is not complained of, and stays in sight with its completions", async ({
  page,
}) => {
  await page.setViewportSize({ width: 1280, height: 560 });
  await open(page);
  await write(page, `${"# a\n".repeat(40)}node new 9\n`);
  await page.keyboard.press("ControlOrMeta+End");
  for (const letters of ["n", "no"]) {
    await page.keyboard.type(letters.at(-1) ?? "");
    await expect.poll(() => script(page)).toContain(`node new 9\n${letters}`);
    await expect(page.getByTestId("status")).toContainText("1 line cannot be read");
    await expect(page.getByTestId("mistakes")).toHaveCount(0);
    await expect(page.locator(".cm-activeLine").first()).toBeInViewport();
    await expect(page.locator(".cm-tooltip-autocomplete")).toBeInViewport();
  }
  await page.keyboard.press("Escape");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("mistakes")).toContainText("is no command");
  // The complaint took room from the editor: the line that one is on can be seen all the same.
  const sight = () =>
    page.locator(".cm-editor").evaluate((editor) => {
      const [box, line] = [editor, editor.querySelector(".cm-activeLine")].map((part) =>
        part?.getBoundingClientRect(),
      );
      return box && line ? box.bottom - line.bottom : Number.NaN;
    });
  await expect.poll(sight).toBeGreaterThanOrEqual(0);
  await content(page).blur();
  await expect(page.getByTestId("mistakes")).toBeVisible();
});

for (const [width, height] of [
  [320, 200],
  [640, 360],
] as const) {
  test(`in a window of ${width} x ${height} the strip leaves the script and the world their room`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height });
    await open(page);
    await page.getByTestId("run").click();
    await expect(page.getByTestId("ring")).toBeVisible();
    const strip = await page.locator(".strip").boundingBox();
    expect((strip?.height ?? height) / height).toBeLessThan(0.26);
    for (const action of ["back", "step", "run"]) {
      await expect(page.getByTestId(action)).toBeInViewport();
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(
      0,
    );
  });
}

for (const [width, height] of [
  [320, 640],
  [390, 844],
] as const) {
  test(`at ${width} x ${height} the line that a message leads to stands above the strip`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height });
    await open(page);
    const lines = Array.from({ length: 40 }, (_, i) => (i % 13 === 12 ? "nod get a" : "node new 9"));
    await write(page, lines.join("\n"));
    const marked = page.getByTestId("mistakes").getByRole("button");
    await expect(marked).toHaveCount(3);
    for (const turn of [0, 2, 1, 2]) {
      await marked.nth(turn).click();
      const hidden = async () => {
        const line = await content(page)
          .locator(".cm-line")
          .nth(13 * turn + 12)
          .boundingBox();
        const strip = await page.locator(".strip").boundingBox();
        return line && strip ? line.y + line.height - strip.y : Number.NaN;
      };
      await expect.poll(hidden).toBeLessThanOrEqual(0);
    }
  });
}

test("a memory's picture is full to the share that is used", async ({ page }) => {
  await open(page);
  const free = () =>
    page.locator(".blocks").evaluate((blocks) => {
      const rest = blocks.querySelector(".free")?.getBoundingClientRect().width ?? 0;
      return rest / blocks.getBoundingClientRect().width;
    });
  for (const [entries, least, most] of [
    ["for 1..150 node set k{} v{}", 0.98, 1],
    ["for 1..40 node set k{} 13000*x", 0.4, 0.55],
  ] as const) {
    await write(page, `node new 1MiB\n${entries}`);
    await page.getByTestId("run").click();
    await expect(page.getByTestId("status")).toContainText("Done");
    await expect.poll(free).toBeGreaterThan(least);
    await expect.poll(free).toBeLessThanOrEqual(most);
  }
});

test("in a low window a broken expectation is said, and a dialog has the most of it", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 180 });
  await open(page);
  await write(page, "node new 9\nnode get a\nexpect b");
  for (let turn = 0; turn < 2; turn += 1) {
    await page.getByTestId("run").click();
    await expect(page.getByText("1 is broken")).toBeInViewport({ ratio: 1 });
    await page.getByRole("button", { name: "Grade" }).click();
    const close = page.getByRole("dialog").getByRole("button", { name: "Close" });
    await expect(close).toBeInViewport({ ratio: 1 });
    const row = await page.getByRole("dialog").locator("form").boundingBox();
    expect(row?.height).toBeLessThan(40);
    await close.click();
    await page.reload();
  }
});

test("what is offered for a first world is in sight", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await open(page);
  for (const language of ["Français", "English"]) {
    await page.getByRole("button", { name: language }).click();
    const offers = page.locator(".bare .offers button");
    await expect(offers).toHaveCount(3);
    for (const offer of await offers.all()) {
      await expect(offer).toBeInViewport({ ratio: 1 });
    }
  }
  // Of five nodes the picture of their messages begins there too, and each node's buttons have their names.
  await stand(page, "cluster nodes=5\nwrite k v\nread k", 2);
  await expect(page.locator("svg.space-time")).toBeInViewport({ ratio: 0.1 });
  await expect(page.getByRole("button", { name: "Kill" })).toHaveCount(5);
  await expect(page.locator(".row[aria-current]")).toBeInViewport({ ratio: 0.9 });
});

test("the world alone fills the window in large type, after a reload too, and back", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await open(page);
  await stand(page, DELAYED, 3);
  const only = page.getByTestId("world-only");
  for (let turn = 0; turn < 2; turn += 1) {
    await only.click();
    await expect(content(page)).toBeHidden();
    await expect(page).toHaveURL(/[?&]world/);
    await expect(page.getByTestId("now")).toHaveText("write k v via=n1 → stored");
    const sizes = await typeIn(page.locator("svg.space-time"));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(16);
    await expect(page.locator("svg.space-time")).toBeInViewport({ ratio: 0.9 });
    await page.getByTestId("step").click();
    await expect(page.getByTestId("now")).toHaveText(/^tick 1s/);
    await page.getByTestId("back").click();
    expect(await axeMistakes(page)).toEqual([]);
    await only.click();
    await expect(content(page)).toBeVisible();
    await expect(page).not.toHaveURL(/world/);
  }
  await only.click();
  await page.reload();
  await expect(content(page)).toBeHidden();
  await page.getByTestId("run").click();
  await expect(page.getByTestId("cluster")).toBeVisible();
});

test("help has headings and a search, and its Close stays in sight", async ({ page }) => {
  await open(page);
  await expect(page.getByTestId("status")).toContainText("Ready.");
  await page.getByTestId("help").click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Close" })).toBeInViewport();
  await expect(dialog.getByRole("rowheader", { name: "A ring of nodes" })).toHaveCount(1);
  await page.getByTestId("help-find").fill("partition");
  await expect(dialog.getByRole("rowheader", { name: /^partition/ })).toBeVisible();
  await expect(dialog.getByRole("rowheader", { name: "A ring of nodes" })).toHaveCount(0);
  await page.getByTestId("help-find").fill("no such thing");
  await expect(dialog).toContainText("No command has this");
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toBeHidden();
});

test("a value of memcached is part of its command, and one that is missing is told", async ({ page }) => {
  await open(page, "memcached");
  await write(page, "set a 0 0 5\nhell\nget a\nset b 0 0 2\nxy\nset c 0 0 2");
  await expect(page.getByTestId("status")).toContainText("2 lines are answered with an error");
  await page.getByTestId("run").click();
  await expect(page.getByTestId("status")).toContainText("Done: 3 commands.");
  await expect(page.locator(".cm-lintRange-error")).toHaveText(["hell", "set c 0 0 2"]);
});

test("while a run plays by itself its button says Pause", async ({ page }) => {
  await open(page);
  await write(page, "node new 9\nfor 1..200 node get a");
  const play = page.getByTestId("play");
  await play.click();
  await expect(play).toHaveText("Pause");
  await play.click();
  await expect(play).toHaveText("Play");
});
