/**
 * A person's first steps through the page in Firefox, for `cargo xtask firefox`, which serves the built page and names its address
 * (PLAYGROUND), the browser (FIREFOX) and its driver (GECKODRIVER). Playwright drives no Firefox but its own, so this speaks the W3C
 * WebDriver protocol by itself: https://www.w3.org/TR/webdriver2/
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { deflateRawSync } from "node:zlib";

/** How long until what never comes is given up: a busy machine may be ten times slower than a calm one. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 50;

// Firefox's own remarks on stderr are no concern of this test.
const driver = spawn(process.env.GECKODRIVER ?? "geckodriver", ["--port", "0"], {
  stdio: ["ignore", "pipe", "ignore"],
});
const port = await new Promise((found, lost) => {
  driver.once("error", lost);
  driver.once("exit", (code) =>
    lost(new Error(`geckodriver ended with ${code}: start it by hand to see why`)),
  );
  createInterface({ input: driver.stdout }).on("line", (line) => {
    const named = /Listening on 127\.0\.0\.1:(\d+)/.exec(line);
    if (named) found(named[1]);
  });
});

async function ask(method, path, body) {
  const headers = { "content-type": "application/json" };
  const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const { value } = await (await fetch(`http://127.0.0.1:${port}${path}`, sent)).json();
  if (value?.error) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

const firefox = { binary: process.env.FIREFOX ?? "firefox-esr", args: ["-headless"] };
const capabilities = { alwaysMatch: { "moz:firefoxOptions": firefox } };
const { sessionId } = await ask("POST", "/session", { capabilities });
const session = `/session/${sessionId}`;
const post = (path, body) => ask("POST", session + path, body);
const run = (script, ...args) => post("/execute/sync", { script, args });

const text = (id) => run(`return document.querySelector("[data-testid=${id}]")?.textContent ?? ""`);
const press = (id) => run(`document.querySelector("[data-testid=${id}]").click()`);

/** Waits until a part of the page says something; `what` is for the message. */
async function says(id, wanted) {
  const end = performance.now() + PATIENCE_MS;
  let last = "";
  while (performance.now() < end) {
    last = await text(id);
    if (last.includes(wanted)) return;
    await new Promise((next) => setTimeout(next, PAUSE_MS));
  }
  assert.fail(`${id} never said "${wanted}"; at last it says "${last.slice(0, 300)}"`);
}

const address = process.env.PLAYGROUND ?? "http://127.0.0.1:8080/";
/** The page at a link, in a new document: the same address with another fragment would not load again. */
async function open(link) {
  await post("/url", { url: "about:blank" });
  await post("/url", { url: address + link });
}
function linkTo(script, dialect) {
  const said = JSON.stringify({ script, dialect, seed: 0, step: 0 });
  return `#v1.${deflateRawSync(said).toString("base64url")}`;
}

const CASES = [
  {
    title: "the line protocol",
    dialect: "line",
    script: "PUT user1 Alice\nPUT user2 Bob\nGET user1\nDELETE user2\nGET user2\nEXIT",
    answers: "STORED\nSTORED\nAlice\nDELETED\nNOT_FOUND\nBYE",
    commands: 6,
  },
  {
    title: "a cluster that loses its leader",
    dialect: "lab",
    script: "cluster nodes=3 rf=3\nwrite k v\nkill n2\nread k\nexpect v",
    answers: "~ n2 leads term 1\ncluster ready\nstored\nn2 killed\nv\nok: v",
    commands: 5,
  },
];

try {
  for (const { title, dialect, script, answers, commands } of CASES) {
    await open(linkTo(script, dialect));
    for (const turn of ["first", "second", "after a reload"]) {
      if (turn === "after a reload") await post("/refresh", {});
      await says("run", "Run");
      await press("run");
      await says("status", `Done: ${commands} commands.`);
      assert.equal(await text("output"), answers, `${title}, ${turn}`);
      await press("back");
      await says("status", `After command ${commands - 1} of ${commands}`);
      await press("step");
      await says("status", `Done: ${commands} commands.`);
    }
    console.log(`${title}: twice and after a reload, as natively`);
  }
} finally {
  await ask("DELETE", session).catch(() => {});
  driver.kill();
}
