import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { colours, commands, diagnose, example, initSync, runWhole, Session } from "../src/wasm/cachedojo.js";
import * as cluster from "../src/wasm/cluster.js";
import * as first from "../src/wasm/first.js";

const ROOT = new URL("../../tests/", import.meta.url);
const bytesOf = (name: string) => readFileSync(new URL(`../src/wasm/${name}_bg.wasm`, import.meta.url));
initSync({ module: bytesOf("cachedojo") });
cluster.initSync({ module: bytesOf("cluster") });
first.initSync({ module: bytesOf("first") });

const traces = readFileSync(new URL("scenarios.sha256", ROOT), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => line.split("  "));

/** The bytes of a run's events, which are the last thing in its report. */
function eventsIn(json: string): string {
  const [, events = ""] = json.split(/"events":(.*)}\n$/s);
  return events;
}

test.each(traces)("the module that is shipped gives %s for %s, as a native run does", (digest, name) => {
  const file = readFileSync(new URL(`scenarios/${name}`, ROOT), "utf8");
  const { script, dialect, seed } = example(file, "en");
  const run = (format: string) => runWhole(script, dialect, BigInt(seed), undefined, format);
  expect(
    createHash("sha256")
      .update(eventsIn(run("json")))
      .digest("hex"),
  ).toBe(digest);
  const [, output] = file.split("\n----\n");
  // A native run of the lab prints first which lines it does not understand; here `diagnose` tells them.
  const { diagnostics } = dialect === "lab" ? diagnose(script, dialect, "en") : { diagnostics: [] };
  const mistakes = diagnostics.map(
    ({ from, message }) => `line ${script.slice(0, from).split("\n").length}: ${message}\n`,
  );
  expect(mistakes.join("") + run("text").replaceAll("\r", "")).toBe(output);
});

/** The larger module that a scenario takes, by the words in it. */
function needed(script: string, dialect: string): "cluster" | "whole" | undefined {
  const ofLab = (commands: string) => dialect === "lab" && new RegExp(`^(${commands})`, "m").test(script);
  if (
    dialect === "memcached" ||
    dialect === "rest" ||
    ofLab("for \\S+ (mc|http) |mc |http |parse |serialize ")
  ) {
    return "whole";
  }
  return ofLab("cluster nodes=|write |read ") ? "cluster" : undefined;
}

const SMALLER = { first, cluster };

test.each(traces.flatMap(([, name]) => (["first", "cluster"] as const).map((size) => ({ size, name }))))(
  "the module `$size` tells the same of $name as the whole one, or leaves it to a larger one",
  ({ size, name }) => {
    const engine = SMALLER[size];
    const file = readFileSync(new URL(`scenarios/${name}`, ROOT), "utf8");
    const { script, dialect, seed } = engine.example(file, "en");
    const session = new engine.Session(script, dialect, BigInt(seed));
    const larger = needed(script, dialect);
    const lacks = larger === size ? undefined : larger;
    expect(session.lacks).toBe(lacks);
    expect(engine.diagnose(script, dialect, "en").lacks).toBe(lacks);
    if (lacks) {
      return;
    }
    // What the whole one gives is compared with a native run above.
    const whole = new Session(script, dialect, BigInt(seed));
    expect(whole.lacks).toBeUndefined();
    expect(session.step(session.total, "fr")).toBe(whole.step(whole.total, "fr"));
    expect(session.view([])).toEqual(whole.view([]));
    expect(engine.diagnose(script, dialect, "fr")).toEqual(diagnose(script, dialect, "fr"));
    expect(engine.colours(script, dialect)).toEqual(colours(script, dialect));
  },
);

test("a session's steps tell what a whole run tells", () => {
  const script = "node new 100\nfor 1..50 node set key{} 40*x\ntick 5s\nnode get key50\n";
  const session = new Session(script, "lab", 7n);
  const told = [];
  while (!session.isDone) {
    told.push(...JSON.parse(session.step(7, "en")));
  }
  expect(session.position).toBe(53);
  expect(told.map(({ text: _, source: __, ...event }) => event)).toEqual(
    JSON.parse(eventsIn(runWhole(script, "lab", 7n, undefined, "json"))),
  );
});

test("skipping leads to the same world as stepping", () => {
  const script =
    "ring new 150\nring add A\nring add B\nwhere key1\nnode new 1KiB\nnode set k v ttl 9s\ntick 4s\n";
  const [stepped, skipped] = [new Session(script, "lab", 0n), new Session(script, "lab", 0n)];
  stepped.step(7, "en");
  skipped.skip(7);
  expect(skipped.view(["x"])).toEqual(stepped.view(["x"]));
});

test("going back leads to the same world as never having gone further", () => {
  const script =
    "node new 4KiB\nring new 50\nring add A\nring add B\nwhere key1\nfor 1..40000 node set k{} v";
  const [far, near] = [new Session(script, "lab", 0n), new Session(script, "lab", 0n)];
  far.skip(40_005);
  near.skip(20_000);
  expect(far.rewind(20_000)).toBe(true);
  expect(far.position).toBeGreaterThan(15_000);
  expect(far.position).toBeLessThanOrEqual(20_000);
  far.skip(20_000 - far.position);
  expect(far.view([])).toEqual({ ...near.view([]), ring: { ...near.view([]).ring, keys: [] } });
  expect(far.step(1, "en")).toBe(near.step(1, "en"));
  expect(far.rewind(0)).toBe(false);
});

test("events are told in French beside their own text", () => {
  const session = new Session("node new 9\nnode get k\nline GET k", "lab", 0n);
  const told = JSON.parse(session.step(9, "fr"));
  expect(told.map(({ text, told }: { text: string; told?: string }) => [text, told])).toEqual([
    ["node ready", "nœud prêt"],
    ["nothing", "rien"],
    ["NOT_FOUND", undefined],
  ]);
});

test("the words of a script are placed in UTF-16 units and name their help", () => {
  const text = "# é🦀\nnode get k";
  const [from, to, kind, help] = colours(text, "lab").subarray(4);
  expect([text.slice(from, to), kind]).toEqual(["node get", 1]);
  expect(commands("lab", "en")[(help ?? 0) - 1]?.name).toBe("node get");
});

test("a ring's shares are exact: they come to the whole circle, and the dead have none", () => {
  const session = new Session("ring new 150\nring add A\nring add B dead\nring add C weight 2\n", "lab", 0n);
  session.step(10, "en");
  const { ring } = session.view([]);
  const shares = ring?.members.map(({ sharePpm }) => sharePpm) ?? [];
  expect(shares[1]).toBe(0);
  expect(shares.reduce((sum, share) => sum + share)).toBeGreaterThanOrEqual(1_000_000 - shares.length);
  expect(ring?.members.map(({ points }) => points)).toEqual([150, 150, 300]);
  expect(ring?.heirs.includes(1)).toBe(false);
});

test("mistakes are placed in UTF-16 units", () => {
  const text = "# é🦀\nnodd";
  const { diagnostics, commands } = diagnose(text, "lab", "fr");
  expect(commands).toBe(0);
  expect(diagnostics.map(({ from, to }) => text.slice(from, to))).toEqual(["nodd"]);
  expect(diagnostics[0]?.message).toContain("n'est pas une commande");
});

test("a marked line says whether it is not read, refused, doubtful or to be filled in", () => {
  const sorts = (text: string, dialect: string) =>
    diagnose(text, dialect, "en").diagnostics.map(({ sort }) => sort);
  expect(sorts("nodd", "lab")).toEqual(["mistake"]);
  expect(sorts("cluster nodes=3 rf=5", "lab")).toEqual(["doubt"]);
  expect(sorts("expect bytes = ?", "lab")).toEqual(["blank"]);
  expect(sorts("PUTT a b", "line")).toEqual(["refused"]);
});

test("every command is explained in both languages", () => {
  const [en, fr] = [commands("lab", "en"), commands("lab", "fr")];
  expect(en.length).toBeGreaterThan(30);
  expect(fr.map(({ usage }) => usage)).toEqual(en.map(({ usage }) => usage));
  expect(en.every(({ help }, i) => help !== "" && help !== fr[i]?.help)).toBe(true);
});

test("an unknown dialect is refused with a remedy", () => {
  expect(() => new Session("", "klingon", 0n)).toThrow("choose line, memcached, rest or lab");
});
